// An endpoint that is removed is told DRAINING for a while before it goes (D12). Pure: the time is an argument.
import type { Endpoint } from '../model/types.ts';
import { type EndpointSet, NO_ENDPOINTS } from './endpoint-set.ts';

export interface DrainState {
  readonly active: EndpointSet;
  /** Endpoints on their way out, and when they go. */
  readonly draining: ReadonlyMap<string, { readonly endpoint: Endpoint; readonly untilMs: number }>;
}

export const NOTHING_DRAINS: DrainState = { active: NO_ENDPOINTS, draining: new Map() };

/** Call it again with the same `active` when `nextGone` has passed. An endpoint that comes back while it drains is active at once. */
export function drain(state: DrainState, active: EndpointSet, { drainForMs, atMs }: DrainTime): DrainState {
  const draining = new Map([...state.draining].filter(([key, { untilMs }]) => untilMs > atMs && !active.has(key)));
  for (const [key, endpoint] of state.active) {
    if (!active.has(key) && drainForMs > 0) draining.set(key, { endpoint, untilMs: atMs + drainForMs });
  }
  return { active, draining };
}

export interface DrainTime {
  readonly drainForMs: number;
  readonly atMs: number;
}

/** When the next draining endpoint goes; undefined: none drains. */
export function nextGone({ draining }: DrainState): number | undefined {
  return draining.size === 0 ? undefined : Math.min(...[...draining.values()].map(({ untilMs }) => untilMs));
}
