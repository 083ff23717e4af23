// Which counters are asked most (R811): the space-saving sketch, which needs a fixed number of places and never misses a counter with more
// than its share of one place. Holds hashes only.
import type { CounterKey } from './store/counter-key.ts';

/** Twice what is listed, so that the list itself is nearly exact. */
const DEFAULT_PLACES = 256;

export interface HotKey {
  /** `CounterKey.text`. */
  readonly hash: string;
  readonly hits: number;
  /** `hits` is too high by at most this. */
  readonly error: number;
}

interface Place {
  readonly key: CounterKey;
  hits: number;
  readonly error: number;
}

/** Of one limit, since it was made or last halved. */
export class HotKeys {
  readonly #capacity: number;
  readonly #places = new Map<string, Place>();
  /** Those that had the fewest hits when last looked: hits only grow, so one of them that has no more yet is still the least. */
  #fewest: Place[] = [];
  #fewestHits = 0;

  constructor(capacity = DEFAULT_PLACES) {
    this.#capacity = capacity;
  }

  add(key: CounterKey, hits: number): void {
    const place = this.#places.get(key.text);
    if (place !== undefined) {
      place.hits += hits;
      return;
    }
    const least = this.#places.size < this.#capacity ? undefined : this.#least();
    if (least !== undefined) this.#places.delete(least.key.text);
    const error = least?.hits ?? 0;
    this.#places.set(key.text, { key, hits: error + hits, error });
  }

  /** The most asked first; equal ones in the order of their hashes. */
  top(count: number): readonly HotKey[] {
    const all = [...this.#places.values()].map(({ key, hits, error }) => ({ hash: key.text, hits, error }));
    return all.sort((left, right) => right.hits - left.hits || (left.hash < right.hash ? -1 : 1)).slice(0, count);
  }

  /** Lets the past count half, so that the list is of now; called at even times. */
  decay(): void {
    this.#fewest = [];
    for (const [hash, { key, hits, error }] of this.#places) {
      if (hits < 2) this.#places.delete(hash);
      else this.#places.set(hash, { key, hits: Math.floor(hits / 2), error: Math.floor(error / 2) });
    }
  }

  /** Not by a look at each place for each new key: most of them have the same few hits. */
  #least(): Place | undefined {
    for (let place = this.#fewest.pop(); place !== undefined; place = this.#fewest.pop()) if (place.hits === this.#fewestHits) return place;
    this.#fewestHits = Number.POSITIVE_INFINITY;
    for (const { hits } of this.#places.values()) this.#fewestHits = Math.min(this.#fewestHits, hits);
    this.#fewest = [...this.#places.values()].filter(({ hits }) => hits === this.#fewestHits);
    return this.#fewest.pop();
  }
}
