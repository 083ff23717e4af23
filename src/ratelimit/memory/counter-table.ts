// Counters by key in typed arrays: at most so many, about 60 bytes each, 150 for sliding windows (R601). It keeps and finds; what the numbers mean
// is the algorithms' knowledge, which to give up is the store's.
import type { CounterState } from '../algorithms/counter.ts';
import type { CounterKey } from '../store/counter-key.ts';
import { KeyIndex } from './key-index.ts';
import type { LimitRegistry } from './limit-registry.ts';
import { SubWindowPool } from './sub-window-pool.ts';
import { TimeWheel } from './time-wheel.ts';

/** One turn of the wheel's smallest hand. */
const TICK_US = 1_000_000;

const tickOf = (us: number): number => Math.ceil(us / TICK_US);

export class CounterTable {
  readonly capacity: number;
  readonly #limits: LimitRegistry;
  readonly #index: KeyIndex;
  readonly #wheel: TimeWheel;
  readonly #limitOf: Uint32Array;
  /** Used, sub-window, whole part of a bucket; of a free entry the next free one. */
  readonly #x: Float64Array;
  /** End of the window, place in the pool, N-ths of a bucket. */
  readonly #y: Float64Array;
  readonly #pool = new SubWindowPool();
  readonly #logs = new Map<number, readonly number[]>();
  #logged = 0;
  #free = -1;
  #made = 0;
  #count = 0;

  constructor(capacity: number, limits: LimitRegistry, nowUs: number) {
    this.capacity = capacity;
    this.#limits = limits;
    this.#index = new KeyIndex(capacity);
    this.#wheel = new TimeWheel(capacity, tickOf(nowUs));
    this.#limitOf = new Uint32Array(capacity);
    this.#x = new Float64Array(capacity);
    this.#y = new Float64Array(capacity);
  }

  get count(): number {
    return this.#count;
  }

  /** Entries that were ever used: those from 0 to below this number may be held. */
  get made(): number {
    return this.#made;
  }

  get isFull(): boolean {
    return this.#count === this.capacity;
  }

  /** Times that exact sliding windows hold, in all. */
  get logged(): number {
    return this.#logged;
  }

  /** -1 where there is none. */
  find(key: CounterKey): number {
    return this.#index.find(key);
  }

  /** The registered number of the limit of an entry that is held. */
  limitNumberOf(entry: number): number {
    return this.#limitOf[entry] ?? 0;
  }

  keyWordsOf(entry: number): Uint32Array {
    return this.#index.wordsOf(entry);
  }

  /** A new entry; there must be room. `endUs`: when it may be forgotten. */
  add(key: CounterKey, parts: { readonly limit: number; readonly state: CounterState; readonly endUs: number }): void {
    const entry = this.#free >= 0 ? this.#free : this.#made;
    if (this.#free >= 0) this.#free = this.#x[entry] ?? -1;
    else this.#made += 1;
    this.#count += 1;
    this.#limitOf[entry] = parts.limit;
    if (parts.state.algorithm === 'sliding') this.#y[entry] = this.#pool.take();
    this.#index.add(key, entry);
    this.#wheel.add(entry, tickOf(parts.endUs));
    this.write(entry, parts.state);
  }

  read(entry: number): CounterState {
    const x = this.#x[entry] ?? 0;
    const y = this.#y[entry] ?? 0;
    switch (this.#algorithmOf(entry)) {
      case 'sliding':
        return { algorithm: 'sliding', hits: { index: x, counts: this.#pool.read(y) } };
      case 'slidingExact':
        return { algorithm: 'slidingExact', times: this.#logs.get(entry) ?? [] };
      case 'bucket':
        return { algorithm: 'bucket', full: { whole: x, part: y } };
      case 'fixed':
      case undefined:
        return { algorithm: 'fixed', used: x, endUs: y };
    }
  }

  /** The state is of the entry's algorithm. */
  write(entry: number, state: CounterState): void {
    switch (state.algorithm) {
      case 'fixed':
        this.#x[entry] = state.used;
        this.#y[entry] = state.endUs;
        break;
      case 'sliding':
        this.#x[entry] = state.hits.index;
        this.#pool.write(this.#y[entry] ?? 0, state.hits.counts);
        break;
      case 'slidingExact':
        this.#logged += state.times.length - (this.#logs.get(entry)?.length ?? 0);
        this.#logs.set(entry, state.times);
        break;
      case 'bucket':
        this.#x[entry] = state.full.whole;
        this.#y[entry] = state.full.part;
        break;
    }
  }

  /** Forgets an entry that is held. */
  remove(entry: number): void {
    this.#wheel.remove(entry);
    this.#release(entry);
  }

  /** Looks at entries whose end has come, at most so many: `stillUs` tells when an entry may really go. True when none is left to look at. */
  expire(nowUs: number, atMost: number, stillUs: (entry: number) => number): boolean {
    this.#wheel.advance(Math.floor(nowUs / TICK_US));
    for (let looked = 0; looked < atMost; looked += 1) {
      const entry = this.#wheel.takeDue();
      if (entry < 0) return true;
      const endUs = stillUs(entry);
      if (endUs > nowUs) this.#wheel.add(entry, tickOf(endUs));
      else this.#release(entry);
    }
    return false;
  }

  /** Whether this entry is held, of those below `made`. */
  isHeld(entry: number): boolean {
    return this.#index.holds(entry);
  }

  #release(entry: number): void {
    const algorithm = this.#algorithmOf(entry);
    if (algorithm === 'sliding') this.#pool.giveBack(this.#y[entry] ?? 0);
    if (algorithm === 'slidingExact') {
      this.#logged -= this.#logs.get(entry)?.length ?? 0;
      this.#logs.delete(entry);
    }
    this.#index.remove(entry);
    this.#x[entry] = this.#free;
    this.#free = entry;
    this.#count -= 1;
  }

  #algorithmOf(entry: number): CounterState['algorithm'] | undefined {
    return this.#limits.at(this.limitNumberOf(entry))?.algorithm;
  }
}
