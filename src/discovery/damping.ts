// Holds an endpoint that comes and goes too often at its last state for a while (D21). Pure: the time is an argument.
import type { EndpointSet } from './endpoint-set.ts';
import { NO_ENDPOINTS } from './endpoint-set.ts';

/** More changes than this within the window are too many. */
export const CHANGES_ALLOWED = 5;
export const WINDOW_MS = 60_000;
export const HOLD_MS = 30_000;

export interface DampingState {
  /** What was found last, held or not. */
  readonly found: EndpointSet;
  /** What was given last. */
  readonly given: EndpointSet;
  /** When each endpoint came or went, oldest first, within the window. */
  readonly changes: ReadonlyMap<string, readonly number[]>;
  /** Held endpoints, and until when. */
  readonly held: ReadonlyMap<string, number>;
}

/** The first found endpoints come to nobody's surprise: they do not count as changes. */
export function startDamping(found: EndpointSet): DampingState {
  return { found, given: found, changes: new Map(), held: new Map() };
}

export const NOTHING_DAMPED: DampingState = startDamping(NO_ENDPOINTS);

/** `given` is what may be used now. Call it again with the same `found` when `nextHoldEnd` has passed. */
export function dampen(state: DampingState, found: EndpointSet, atMs: number): DampingState {
  const changes = recentChanges(state, found, atMs);
  const held = new Map([...state.held].filter(([, untilMs]) => untilMs > atMs));
  for (const [key, times] of changes) {
    if (times.length <= CHANGES_ALLOWED) continue;
    changes.delete(key);
    // A held endpoint that flaps on is held on, from now.
    held.set(key, atMs + HOLD_MS);
  }
  return { found, given: held.size === 0 ? found : withHeld(found, state.given, held), changes, held };
}

/** When the next hold ends; undefined: nothing is held. */
export function nextHoldEnd({ held }: DampingState): number | undefined {
  return held.size === 0 ? undefined : Math.min(...held.values());
}

function recentChanges(state: DampingState, found: EndpointSet, atMs: number): Map<string, readonly number[]> {
  const changes = new Map<string, readonly number[]>();
  for (const [key, times] of state.changes) {
    const recent = times.filter((time) => time > atMs - WINDOW_MS);
    if (recent.length > 0) changes.set(key, recent);
  }
  if (found === state.found) return changes;
  for (const key of new Set([...found.keys(), ...state.found.keys()])) {
    if (found.has(key) !== state.found.has(key)) changes.set(key, [...(changes.get(key) ?? []), atMs]);
  }
  return changes;
}

function withHeld(found: EndpointSet, given: EndpointSet, held: ReadonlyMap<string, number>): EndpointSet {
  const result = new Map(found);
  for (const key of held.keys()) {
    const last = given.get(key);
    if (last === undefined) result.delete(key);
    else result.set(key, found.get(key) ?? last);
  }
  return result;
}
