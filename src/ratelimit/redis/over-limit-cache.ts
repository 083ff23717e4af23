// R505: which counters are over, and until when nothing can have changed that, so that a flood costs no command. Bounded (P27).
import { BoundedMap } from '../../lib/bounded-map.ts';
import type { CacheCounts } from '../cache-counts.ts';
import type { CounterKey } from '../store/counter-key.ts';
import type { CounterUse } from '../store.ts';
import { mapCounts } from './map-counts.ts';

const CAPACITY = 100_000;
/** While nobody tells us of resets. */
const UNHEARD_MS = 1_000;

interface Over {
  readonly untilMs: number;
  readonly sinceMs: number;
  /** So many did not fit, of so large a limit. */
  readonly hits: number;
  readonly limit: number;
}

export class OverLimitCache {
  readonly #over = new BoundedMap<string, Over>(CAPACITY);
  readonly #counts = mapCounts('ratelimit_over_limit', this.#over);
  #generation = 0;
  #isHearing = false;

  get counts(): CacheCounts {
    return this.#counts;
  }

  /** Changes with everything that may let hits pass again: a denial decided before is not to be remembered after. */
  get generation(): number {
    return this.#generation;
  }

  /** Whether invalidations reach us. What may have been missed is forgotten. */
  hears(isHearing: boolean): void {
    this.#isHearing = isHearing;
    if (isHearing) this.clear();
  }

  /** Milliseconds of the monotonic clock until which this use cannot pass; undefined where it is not known to be over. */
  overUntilMs(use: CounterUse, nowMs: number): number | undefined {
    const over = this.#over.get(use.key.text);
    if (over === undefined) return undefined;
    const untilMs = this.#isHearing ? over.untilMs : Math.min(over.untilMs, over.sinceMs + UNHEARD_MS);
    if (nowMs >= untilMs) {
      this.#over.delete(use.key.text);
      return undefined;
    }
    return Math.max(1, use.hits) >= over.hits && use.limit.limit <= over.limit ? over.untilMs : undefined;
  }

  remember({ key, hits, limit }: CounterUse, { nowMs, untilMs }: { readonly nowMs: number; readonly untilMs: number }): void {
    this.#over.set(key.text, { untilMs, sinceMs: nowMs, hits: Math.max(1, hits), limit: limit.limit });
  }

  /** Hits were given back or forgotten, here or elsewhere. */
  forget(key: CounterKey['text']): void {
    this.#generation += 1;
    this.#over.delete(key);
  }

  clear(): void {
    this.#generation += 1;
    this.#over.clear();
  }
}
