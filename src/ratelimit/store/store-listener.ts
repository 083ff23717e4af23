// What a store tells of itself, for metrics and logs. A type only; calls are made on the hot path and must be cheap.

export interface StoreListener {
  /** One batch left, with so many requests in so many commands (R501). */
  batch(requests: number, commands: number): void;
  /** A batch waited so many milliseconds for its answer; one that was given up, until then. */
  batchEnded(ms: number): void;
  /** An answer came from the over-limit cache (R505). */
  overLimitHit(): void;
  /** Why Redis refused a command: `MOVED`, `READONLY`, `LOADING`, `OOM`, `NOAUTH`, `timeout`, `link` … (R408). */
  redisError(kind: string): void;
  /** The breaker opened or closed (R804): once per change. */
  breaker(isOpen: boolean): void;
  /** Seconds that the store's clock is ahead of ours (R404), and whether it jumped. */
  clockOffset(seconds: number, isJump: boolean): void;
  /** A counter was gone that should have been there (R504): evicted or flushed. */
  counterLost(): void;
  /** Hits given back after a denial over several slots (R406). */
  gaveBack(hits: number): void;
  /** Hits that were spent locally while the store was away were added (R805). */
  reconciled(hits: number): void;
  /** Redis may evict counters, which admits again (R409): its `maxmemory-policy`, or undefined where that is `noeviction` or not told. */
  evictionPolicy(policy: string | undefined): void;
  /** Another one, or this one, let hits pass again in the counter of this hash: it was reset, or hits were given back (R505). */
  changed(hash: string): void;
  /** Memory: how many counters are held, and that one was given up or an overflow counter used (R602). */
  keys(count: number): void;
  evicted(): void;
  overflowed(): void;
}

/** Hears nothing. */
export const SILENT_LISTENER: StoreListener = {
  batch: () => undefined,
  batchEnded: () => undefined,
  overLimitHit: () => undefined,
  redisError: () => undefined,
  breaker: () => undefined,
  clockOffset: () => undefined,
  counterLost: () => undefined,
  gaveBack: () => undefined,
  reconciled: () => undefined,
  evictionPolicy: () => undefined,
  changed: () => undefined,
  keys: () => undefined,
  evicted: () => undefined,
  overflowed: () => undefined,
};
