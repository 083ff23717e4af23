// What a bounded cache tells of itself (P27). A type only.

export interface CacheListener {
  /** After each change: how much is kept. `bytes` is 0 where only entries are bounded. */
  holds(entries: number, bytes: number): void;
  /** What was asked for was there. */
  hit(): void;
  /** It was not, and was made. */
  missed(): void;
  /** Entries were given up to stay within the bound. */
  evicted(entries: number): void;
}
