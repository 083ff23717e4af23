// R804: when to stop asking a Redis that does not answer, and when to try again. A state machine without a clock.

const IN_A_ROW = 5;
const LOOKED_AT = 20;
const WITHIN_MS = 1_000;
const FIRST_PROBE_MS = 250;
/** Recovery within 2 s of the return: with the time a connection takes, a probe must not wait that long. */
const LAST_PROBE_MS = 1_000;

export class Breaker {
  #row = 0;
  #recent: { readonly atMs: number; readonly isFailure: boolean }[] = [];
  #probeMs = FIRST_PROBE_MS;
  #isOpen = false;

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** How long to wait before the next probe; longer each time. */
  nextProbeMs(): number {
    const wait = this.#probeMs;
    this.#probeMs = Math.min(LAST_PROBE_MS, wait * 2);
    return wait;
  }

  /** One batch or probe was answered: closes it. True if it was open. */
  succeeded(nowMs: number): boolean {
    this.#row = 0;
    if (this.#isOpen) {
      this.#isOpen = false;
      this.#recent = [];
      this.#probeMs = FIRST_PROBE_MS;
      return true;
    }
    this.#note(nowMs, false);
    return false;
  }

  /** One was not. True if that opened it: after five in a row, or half of twenty within a second. */
  failed(nowMs: number): boolean {
    if (this.#isOpen) return false;
    this.#row += 1;
    this.#note(nowMs, true);
    const failures = this.#recent.filter(({ isFailure }) => isFailure).length;
    this.#isOpen = this.#row >= IN_A_ROW || (this.#recent.length >= LOOKED_AT && failures * 2 >= LOOKED_AT);
    return this.#isOpen;
  }

  #note(atMs: number, isFailure: boolean): void {
    // Successes alone cost nothing: they only matter beside failures.
    if (!isFailure && this.#recent.length === 0) return;
    this.#recent.push({ atMs, isFailure });
    while (this.#recent.length > LOOKED_AT || (this.#recent[0]?.atMs ?? atMs) < atMs - WITHIN_MS) this.#recent.shift();
  }
}
