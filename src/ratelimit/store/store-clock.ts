// The time that counters are counted by: microseconds that pass evenly, at an offset to our monotonic clock that somebody else keeps right.

export interface ClockSources {
  /** Milliseconds since the epoch; may jump. */
  readonly wallMs: () => number;
  /** Milliseconds of a clock that never goes back, with fractions. */
  readonly monotonicMs: () => number;
}

/** A jump that is taken at once and told; less is believed as it is measured. */
const JUMP_US = 1_000_000;

export class StoreClock {
  readonly #sources: ClockSources;
  /** Epoch time minus monotonic time, in microseconds. */
  #offsetUs: number;

  constructor(sources: ClockSources) {
    this.#sources = sources;
    this.#offsetUs = Math.round((sources.wallMs() - sources.monotonicMs()) * 1000);
  }

  /** Whole microseconds since the epoch. */
  nowUs(): number {
    return Math.floor(this.#sources.monotonicMs() * 1000) + this.#offsetUs;
  }

  monotonicMs(): number {
    return this.#sources.monotonicMs();
  }

  /** Seconds that this clock is ahead of the machine's. */
  aheadSeconds(): number {
    return this.nowUs() / 1e6 - this.#sources.wallMs() / 1000;
  }

  /** Sets it to a time that was right at a moment of the monotonic clock. True for a jump of more than a second (R404). */
  set(epochUs: number, monotonicMs: number): boolean {
    const offsetUs = Math.round(epochUs - monotonicMs * 1000);
    const isJump = Math.abs(offsetUs - this.#offsetUs) > JUMP_US;
    this.#offsetUs = offsetUs;
    return isJump;
  }

  /** Memory's way: follows the machine's clock where that jumped by more than a second, and else its own even pace. True if it did. */
  followWall(): boolean {
    const ahead = this.aheadSeconds();
    if (Math.abs(ahead) * 1e6 <= JUMP_US) return false;
    this.#offsetUs -= Math.round(ahead * 1e6);
    return true;
  }
}
