// A map of at most so many entries: the one that was set the longest ago leaves first (P27). Counts how often it helped.

export class BoundedMap<K, V> {
  readonly #entries = new Map<K, V>();
  readonly #capacity: number;
  /** Goes on where the last eviction was: an iterator made anew each time would walk over the holes of all that left before. */
  #oldest: Iterator<K> = this.#entries.keys();
  #hits = 0;
  #misses = 0;
  #evictions = 0;

  /** `capacity` is at least 1. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Look-ups that found something and those that did not, and entries that left for others; since it was made. */
  get counts(): { readonly hits: number; readonly misses: number; readonly evictions: number } {
    return { hits: this.#hits, misses: this.#misses, evictions: this.#evictions };
  }

  get(key: K): V | undefined {
    const value = this.#entries.get(key);
    if (value === undefined) this.#misses += 1;
    else this.#hits += 1;
    return value;
  }

  /** Becomes the newest entry, also where the key was there. */
  set(key: K, value: V): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size > this.#capacity) this.#evict();
  }

  delete(key: K): void {
    this.#entries.delete(key);
  }

  clear(): void {
    this.#entries.clear();
    this.#oldest = this.#entries.keys();
  }

  /** There is an entry. The iterator never passes one that stays, so the next key is the oldest. */
  #evict(): void {
    const { value, done } = this.#oldest.next();
    if (done === true) return;
    this.#entries.delete(value);
    this.#evictions += 1;
  }
}
