// Watches how accepted changes reach the nodes: from publishing until every connected node of the gateway has accepted all of it.
import type { NodeStatus } from './xds/status.ts';

export interface Convergence {
  /** A snapshot of the gateway was published; an earlier one that is not live yet is forgotten: only the newest matters. */
  published(gateway: string, atMs: number): void;
  /** Something was accepted or refused, or a node came or went: looks anew, a moment later, at most once for many calls. */
  changed(): void;
}

export interface ConvergenceOptions {
  readonly nodes: () => readonly NodeStatus[];
  readonly nowMs: () => number;
  /** Runs a task soon, after what runs now; many changes come together. */
  readonly soon: (task: () => void) => void;
  readonly onLive: (live: Live) => void;
}

export interface Live {
  readonly gateway: string;
  readonly durationMs: number;
  /** How many nodes run it; at least 1. */
  readonly nodes: number;
}

export function createConvergence({ nodes, nowMs, soon, onLive }: ConvergenceOptions): Convergence {
  const pending = new Map<string, number>();
  let isDue = false;
  const look = (): void => {
    isDue = false;
    if (pending.size === 0) return;
    const all = nodes();
    for (const [gateway, publishedAtMs] of pending) {
      const own = all.filter(({ cluster }) => cluster === gateway);
      if (own.length === 0 || !own.every(isSynced)) continue;
      pending.delete(gateway);
      onLive({ gateway, durationMs: nowMs() - publishedAtMs, nodes: own.length });
    }
  };
  const changed = (): void => {
    if (isDue || pending.size === 0) return;
    isDue = true;
    soon(look);
  };
  return {
    published: (gateway, atMs) => {
      pending.set(gateway, atMs);
      changed();
    },
    changed,
  };
}

/** Accepted everything that is on offer for it, of every type that it asked for. */
export function isSynced({ streams }: NodeStatus): boolean {
  const states = streams.flatMap(({ types }) => Object.values(types).map(({ state }) => state));
  return states.length > 0 && states.every((state) => state === 'SYNCED');
}
