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

  /** Look-ups since it was made that found something. */
  get hits(): number {
    return this.#hits;
  }

  get misses(): number {
    return this.#misses;
  }

  /** Entries that left for others. */
  get evictions(): number {
    return this.#evictions;
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
