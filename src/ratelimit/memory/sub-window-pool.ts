// Where the eleven counts of sliding counters are kept: chunks of doubles that are made as they are needed and used again (R601: under 200 bytes a key).
import { SUB_WINDOWS } from '../algorithms/sliding.ts';

const COUNTS = SUB_WINDOWS + 1;
const CHUNK = 4_096;

export class SubWindowPool {
  readonly #chunks: Float64Array[] = [];
  readonly #free: number[] = [];
  #made = 0;

  /** A place for eleven counts, whose content is not defined. */
  take(): number {
    const free = this.#free.pop();
    if (free !== undefined) return free;
    if (this.#made === this.#chunks.length * CHUNK) this.#chunks.push(new Float64Array(CHUNK * COUNTS));
    this.#made += 1;
    return this.#made - 1;
  }

  giveBack(place: number): void {
    this.#free.push(place);
  }

  read(place: number): number[] {
    const start = (place % CHUNK) * COUNTS;
    return Array.from(this.#chunkOf(place).subarray(start, start + COUNTS));
  }

  write(place: number, counts: readonly number[]): void {
    this.#chunkOf(place).set(counts, (place % CHUNK) * COUNTS);
  }

  #chunkOf(place: number): Float64Array {
    return this.#chunks[Math.floor(place / CHUNK)] ?? new Float64Array(0);
  }
}
