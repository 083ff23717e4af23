// How it is told that a change has reached the nodes. Decides nothing: the rollouts do.
import type { NodeStatus } from '../xds/status.ts';

export interface Live {
  readonly gateway: string;
  readonly durationMs: number;
  /** How many nodes run it; at least 1. */
  readonly nodes: number;
}

/** Accepted everything that is on offer for it, of every type that it asked for. */
export function isSynced({ streams }: NodeStatus): boolean {
  const states = streams.flatMap(({ types }) => Object.values(types).map(({ state }) => state));
  return states.length > 0 && states.every((state) => state === 'SYNCED');
}
