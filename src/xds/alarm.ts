// One timer that can only be moved forward: it fires at the earliest time that it was set to. Firing too early costs its owner one look;
// a timer per change of a deadline would cost more.

export interface AlarmClock {
  readonly nowMs: () => number;
  /** Calls `run` after `ms` and returns what cancels it. */
  readonly after: (ms: number, run: () => void) => () => void;
}

/** Longer delays are no delays for Node. */
const MAX_DELAY_MS = 2 ** 31 - 1;

export class Alarm {
  readonly #clock: AlarmClock;
  readonly #ring: () => void;
  #timer: { readonly atMs: number; readonly cancel: () => void } | undefined;

  constructor(clock: AlarmClock, ring: () => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  /** Rings at that time or earlier; undefined changes nothing. */
  set(atMs: number | undefined): void {
    if (atMs === undefined || (this.#timer !== undefined && this.#timer.atMs <= atMs)) return;
    this.#timer?.cancel();
    const cancel = this.#clock.after(Math.min(MAX_DELAY_MS, Math.max(1, atMs - this.#clock.nowMs())), () => {
      this.#timer = undefined;
      this.#ring();
    });
    this.#timer = { atMs, cancel };
  }

  cancel(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
