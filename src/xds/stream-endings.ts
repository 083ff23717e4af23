// Ends the streams of a server that stops: one after the other, each when nothing is under way on it, all within a time (T8, D24). So clients
// do not connect elsewhere all at once, and none is left in the middle of a switch.
import type { AlarmClock } from './alarm.ts';
import type { Retirement } from './connection-ages.ts';

export interface Ending {
  retire(retirement: Retirement): void;
}

/** Between the ends of two streams, where there is time enough for all. */
const STEP_MS = 10;

/** Resolves when `streams` is empty or `withinMs` are over; `onClosed` is to be called whenever a stream has left the set. */
export class StreamEndings {
  readonly #streams: ReadonlySet<Ending>;
  readonly #clock: AlarmClock;
  #resolve: (() => void) | undefined;

  constructor(streams: ReadonlySet<Ending>, clock: AlarmClock) {
    this.#streams = streams;
    this.#clock = clock;
  }

  onClosed(): void {
    if (this.#streams.size === 0) this.#resolve?.();
  }

  async endWithin(withinMs: number): Promise<void> {
    if (withinMs <= 0 || this.#streams.size === 0) return;
    const nowMs = this.#clock.nowMs();
    const stepMs = Math.min(STEP_MS, withinMs / this.#streams.size);
    for (const [index, stream] of [...this.#streams].entries()) stream.retire({ atMs: nowMs + index * stepMs, byMs: nowMs + withinMs });
    await new Promise<void>((resolve) => {
      const cancel = this.#clock.after(withinMs, resolve);
      this.#resolve = () => {
        cancel();
        resolve();
      };
    });
  }
}
