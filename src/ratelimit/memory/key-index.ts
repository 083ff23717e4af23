// Finds the entry of a 128-bit key: open addressing over typed arrays, no object per key. The keys are hashes already, so a slot is their low bits.
import type { CounterKey } from '../store/counter-key.ts';

/** Entries are numbers from 0 to below the capacity; who puts a key in chooses its entry. */
export class KeyIndex {
  /** Four words an entry. */
  readonly #words: Uint32Array;
  /** Entry plus one, 0 for none; at most half full. */
  readonly #slots: Uint32Array;
  readonly #mask: number;

  constructor(capacity: number) {
    let size = 16;
    while (size < capacity * 2) size *= 2;
    this.#slots = new Uint32Array(size);
    this.#mask = size - 1;
    this.#words = new Uint32Array(capacity * 4);
  }

  /** -1 where the key is not known. */
  find({ a, b, c, d }: CounterKey): number {
    for (let slot = a & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const entry = (this.#slots[slot] ?? 0) - 1;
      if (entry < 0) return -1;
      const at = entry * 4;
      if (this.#words[at] === a && this.#words[at + 1] === b && this.#words[at + 2] === c && this.#words[at + 3] === d) return entry;
    }
  }

  /** The key is not known yet, and the entry is free. */
  add({ a, b, c, d }: CounterKey, entry: number): void {
    this.#words.set([a, b, c, d], entry * 4);
    let slot = a & this.#mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & this.#mask;
    this.#slots[slot] = entry + 1;
  }

  /** Later keys of the same run move up, so that no mark of a removed one slows the search down for ever. */
  remove(entry: number): void {
    let hole = this.#home(entry);
    while (this.#slots[hole] !== entry + 1) hole = (hole + 1) & this.#mask;
    for (let slot = (hole + 1) & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const other = (this.#slots[slot] ?? 0) - 1;
      if (other < 0) break;
      const isBetween = ((slot - this.#home(other)) & this.#mask) < ((slot - hole) & this.#mask);
      if (isBetween) continue;
      this.#slots[hole] = other + 1;
      hole = slot;
    }
    this.#slots[hole] = 0;
  }

  /** Whether an entry has a key. */
  holds(entry: number): boolean {
    for (let slot = this.#home(entry); ; slot = (slot + 1) & this.#mask) {
      const found = this.#slots[slot] ?? 0;
      if (found === 0) return false;
      if (found === entry + 1) return true;
    }
  }

  /** The four words of an entry's key. */
  wordsOf(entry: number): Uint32Array {
    return this.#words.subarray(entry * 4, entry * 4 + 4);
  }

  #home(entry: number): number {
    return (this.#words[entry * 4] ?? 0) & this.#mask;
  }
}
