// The names of counters in Redis (R405), and how a script is told what a counter is (R407). Pure.
import { rateOf } from '../algorithms/counter.ts';
import type { Window } from '../algorithms/fixed-window.ts';
import type { CounterTarget } from '../store.ts';

/** How long a fixed window's counter outlives it, besides a random part, so that clocks that differ find it still. */
const GRACE_MS = 5_000;
const LONGEST_SPREAD_MS = 60_000;

/** `prefix:kind:{slot}rest[:window]`: counters with one slot share a node of a Cluster. */
export function counterName(prefix: string, { limit, key, slot }: CounterTarget, window: Window | undefined): string {
  const hash = slot === undefined ? `{${key.text}}` : `{${slot.text}}${key.text}`;
  switch (limit.algorithm) {
    case 'fixed':
      return `${prefix}:f:${hash}:${(window?.startUs ?? 0) / 1e6}`;
    case 'sliding':
      return `${prefix}:s:${hash}`;
    case 'slidingExact':
      return `${prefix}:x:${hash}`;
    case 'bucket':
      return `${prefix}:t:${hash}`;
  }
}

/** Milliseconds that a fixed window's counter is to live; spread, so that they do not all go at once. `random`: 0 to below 1. */
export function fixedTtlMs(window: Window, nowUs: number, random: number): number {
  const spreadMs = Math.min(LONGEST_SPREAD_MS, (window.endUs - window.startUs) / 10_000);
  return Math.ceil((window.endUs - nowUs) / 1000 + GRACE_MS + random * spreadMs);
}

/** What scripts/counters.lua reads of a counter. N is at least 1. */
export function counterArguments({ limit }: CounterTarget, ttlMs: number): readonly (string | number)[] {
  switch (limit.algorithm) {
    case 'fixed':
      return ['f', limit.limit, ttlMs];
    case 'sliding':
      return ['s', limit.limit, limit.periodUs];
    case 'slidingExact':
      return ['x', limit.limit, limit.periodUs];
    case 'bucket': {
      const { n, p, q, r, burst, tau } = rateOf(limit);
      return ['t', n, p, q, r, burst, tau.whole, tau.part];
    }
  }
}
