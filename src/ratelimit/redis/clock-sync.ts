// R404: keeps the store's clock by Redis': the answer that came back soonest of the last eight tells best what time it is there.
import type { StoreClock } from '../store/store-clock.ts';
import type { StoreListener } from '../store/store-listener.ts';

const SAMPLES = 8;
const JUMP_US = 1_000_000;

interface Sample {
  readonly tripMs: number;
  readonly epochUs: number;
  /** When that was, halfway between question and answer, by the monotonic clock. */
  readonly atMs: number;
}

export class ClockSync {
  readonly #clock: StoreClock;
  readonly #listener: StoreListener;
  #samples: Sample[] = [];

  constructor(clock: StoreClock, listener: StoreListener) {
    this.#clock = clock;
    this.#listener = listener;
  }

  /** One answer to TIME, with the moments of question and answer by the monotonic clock. */
  add(reply: unknown, askedMs: number, answeredMs: number): void {
    if (!Array.isArray(reply)) return;
    const epochUs = Number(reply[0]) * 1_000_000 + Number(reply[1]);
    if (!Number.isSafeInteger(epochUs)) return;
    const sample = { tripMs: answeredMs - askedMs, epochUs, atMs: (askedMs + answeredMs) / 2 };
    const last = this.#samples.at(-1);
    // A clock that was set is believed at once: what was measured before says nothing any more.
    if (last !== undefined && Math.abs(sample.epochUs - last.epochUs - (sample.atMs - last.atMs) * 1000) > JUMP_US) this.#samples = [];
    this.#samples = [...this.#samples.slice(1 - SAMPLES), sample];
    const best = this.#samples.reduce((least, other) => (other.tripMs <= least.tripMs ? other : least));
    const isJump = this.#clock.set(best.epochUs, best.atMs);
    this.#listener.clockOffset(this.#clock.aheadSeconds(), isJump);
  }
}
