// How fast one client may ask: beyond the rate its stream is not read for a while, and nothing is dropped (X98). Pure but for its count.

export interface RequestRateOptions {
  /** Default 1,000. */
  readonly perSecond?: number;
  /** Requests that may come at once after a rest. Default 10,000: an Envoy may ask for each of its endpoints by itself. */
  readonly burst?: number;
}

const DEFAULT_PER_SECOND = 1_000;
const DEFAULT_BURST = 10_000;

export class RequestRate {
  readonly #perMs: number;
  readonly #burst: number;
  #left: number;
  #atMs = 0;

  constructor(options: RequestRateOptions = {}) {
    this.#perMs = (options.perSecond ?? DEFAULT_PER_SECOND) / 1_000;
    this.#burst = options.burst ?? DEFAULT_BURST;
    this.#left = this.#burst;
  }

  /** Counts one request and gives the milliseconds to wait before the next is read; 0 for none. */
  count(nowMs: number): number {
    // A clock that goes back gives nothing and takes nothing.
    const passedMs = Math.max(0, nowMs - this.#atMs);
    this.#left = Math.min(this.#burst, this.#left + passedMs * this.#perMs) - 1;
    this.#atMs = nowMs;
    return this.#left >= 1 ? 0 : Math.ceil((1 - this.#left) / this.#perMs);
  }
}
