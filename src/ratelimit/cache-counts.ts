// What a bounded cache tells of itself (P27). A type only.

/** The same object as long as there is the cache. The counters begin with it and never go back. */
export interface CacheCounts {
  /** Value of the label: `ratelimit_plans`. */
  readonly cache: string;
  readonly entries: number;
  /** Of what differs in size; 0 where only entries are bounded. */
  readonly bytes: number;
  readonly hits: number;
  readonly misses: number;
  /** Entries that were given up to stay within the bound. */
  readonly evictions: number;
}
