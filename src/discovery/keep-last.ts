// Keeps the last endpoints of a service when discovery finds none, for a while (D18). Pure: the time is an argument.
import { type EndpointSet, NO_ENDPOINTS } from './endpoint-set.ts';

export interface KeepState {
  /** What may be used now. */
  readonly given: EndpointSet;
  /** Since when `given` is kept although nothing is found; undefined: it is what was found. */
  readonly keptSinceMs?: number;
}

export const NOTHING_KEPT: KeepState = { given: NO_ENDPOINTS };

export interface Found {
  readonly endpoints: EndpointSet;
  /** Nothing was found because somebody said so, not because something may be broken. */
  readonly isMeant: boolean;
}

/** Call it again with the same `found` when `keptSinceMs + keepForMs` has passed. */
export function keepLast(state: KeepState, { endpoints, isMeant }: Found, { keepForMs, atMs }: KeepTime): KeepState {
  if (endpoints.size > 0 || isMeant || state.given.size === 0) return { given: endpoints };
  const keptSinceMs = state.keptSinceMs ?? atMs;
  return atMs - keptSinceMs < keepForMs ? { given: state.given, keptSinceMs } : { given: NO_ENDPOINTS };
}

export interface KeepTime {
  readonly keepForMs: number;
  readonly atMs: number;
}
