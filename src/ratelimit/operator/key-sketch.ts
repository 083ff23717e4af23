// How many different counters something happened to (R811): exact for a few, then a HyperLogLog of two kilobytes, so that a flood of keys needs no
// memory. Sketches of several workers add up rightly: a counter that two of them saw is one. Holds hashes only.
import type { CounterKey } from '../store/counter-key.ts';

/** So many are known one by one. */
const EXACT = 64;
const INDEX_BITS = 11;
const REGISTERS = 2 ** INDEX_BITS;
/** Bias of the harmonic mean at this many registers. */
const ALPHA = 0.7213 / (1 + 1.079 / REGISTERS);

/** Plain data that crosses processes: two words of each counter's hash, or the registers in base64. */
export type SentSketch =
  | { readonly kind: 'exact'; readonly words: readonly (readonly [number, number])[] }
  | { readonly kind: 'registers'; readonly bytes: string };

export interface KeyCount {
  readonly count: number;
  /** Else within 5 % in 19 of 20 cases. */
  readonly isExact: boolean;
}

type Words = Pick<CounterKey, 'a' | 'b'>;

export class KeySketch {
  /** By one number of 53 bits, which two of 64 counters share once in 10^12 times. */
  #known: Map<number, Words> | undefined = new Map();
  #registers: Uint8Array | undefined;

  /** The sketch of all workers. */
  static sum(sketches: readonly SentSketch[]): KeySketch {
    const sum = new KeySketch();
    for (const sketch of sketches) {
      if (sketch.kind === 'exact') for (const [a, b] of sketch.words) sum.add({ a, b });
      else sum.#join(Buffer.from(sketch.bytes, 'base64'));
    }
    return sum;
  }

  add(key: Words): void {
    if (this.#known === undefined) {
      this.#raise(key);
      return;
    }
    this.#known.set(key.a * 2 ** 21 + (key.b >>> 11), { a: key.a, b: key.b });
    if (this.#known.size > EXACT) this.#estimate();
  }

  get size(): KeyCount {
    if (this.#known !== undefined) return { count: this.#known.size, isExact: true };
    const registers = this.#registers ?? new Uint8Array(REGISTERS);
    let sum = 0;
    let untouched = 0;
    for (const rank of registers) {
      sum += 2 ** -rank;
      if (rank === 0) untouched += 1;
    }
    const estimate = (ALPHA * REGISTERS ** 2) / sum;
    // While registers are untouched, their number says more.
    const isSmall = estimate <= 2.5 * REGISTERS && untouched > 0;
    return { count: Math.round(isSmall ? REGISTERS * Math.log(REGISTERS / untouched) : estimate), isExact: false };
  }

  sent(): SentSketch {
    if (this.#known !== undefined) return { kind: 'exact', words: [...this.#known.values()].map(({ a, b }) => [a, b] as const) };
    return { kind: 'registers', bytes: Buffer.from(this.#registers ?? []).toString('base64') };
  }

  /** From here on nobody is known by name. */
  #estimate(): void {
    const known = this.#known ?? new Map<number, Words>();
    this.#known = undefined;
    for (const words of known.values()) this.#raise(words);
  }

  /** The first word chooses the register, the second says how rare the counter is. */
  #raise({ a, b }: Words): void {
    this.#registers ??= new Uint8Array(REGISTERS);
    const place = a >>> (32 - INDEX_BITS);
    const rank = Math.clz32(b) + 1;
    if (rank > (this.#registers[place] ?? 0)) this.#registers[place] = rank;
  }

  #join(bytes: Uint8Array): void {
    this.#estimate();
    const registers = (this.#registers ??= new Uint8Array(REGISTERS));
    for (const [place, rank] of bytes.subarray(0, REGISTERS).entries()) if (rank > (registers[place] ?? 0)) registers[place] = rank;
  }
}
