// How many requests a proxy would send if nobody held it back (R704), from reports whose times are told in whole seconds. Pure but for its own
// two numbers.

const SECOND_MS = 1_000;

export interface Measured {
  readonly allowed: number;
  readonly denied: number;
  readonly elapsedSeconds: number;
}

export class Demand {
  /** Requests a second; undefined before the first report that covers any time. */
  #perSecond: number | undefined;
  #assumed = 1;
  #reportedMs: number;

  constructor(nowMs: number) {
    this.#reportedMs = nowMs;
  }

  /** Requests a second: the mean of the last report and what was thought before. */
  get perSecond(): number {
    return this.#perSecond ?? this.#assumed;
  }

  /** A bucket that was just made has seen one request, which says nothing: until it is measured it wants what it was given. */
  assume(perSecond: number): void {
    this.#assumed = Math.max(1, perSecond);
  }

  get reportedMs(): number {
    return this.#reportedMs;
  }

  /** Gives the seconds that the report covers: as they passed here, between what was told and a second more. */
  report({ allowed, denied, elapsedSeconds }: Measured, nowMs: number): number {
    const passed = (nowMs - this.#reportedMs) / SECOND_MS;
    this.#reportedMs = nowMs;
    const seconds = Math.min(Math.max(passed, elapsedSeconds), elapsedSeconds + 1);
    if (elapsedSeconds === 0 && this.#perSecond === undefined) return seconds;
    const last = (allowed + denied) / Math.max(seconds, 0.5);
    this.#perSecond = this.#perSecond === undefined ? last : (last + this.#perSecond) / 2;
    return seconds;
  }
}
