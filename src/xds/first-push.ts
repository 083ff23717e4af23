// The place of one stream among the full first pushes (T9): taken with its first large response, given back when nothing of it is due or
// unanswered any more. After that the stream needs none.
import type { Admission, Place } from './admission.ts';

export class FirstPush {
  readonly #admission: Admission;
  readonly #retry: () => void;
  #state: Place | 'pending' | 'done' = 'pending';

  /** `retry` is called when there may be a place. */
  constructor(admission: Admission, retry: () => void) {
    this.#admission = admission;
    this.#retry = retry;
  }

  /** Whether a response of that size may be sent now. `isAgain`: it holds what the client has already (X57), which is not waited for. */
  mayWrite(bytes: number, isAgain: boolean): boolean {
    if (this.#state !== 'pending' || isAgain || this.#admission.isSmall(bytes)) return true;
    const place = this.#admission.place(this, this.#retry);
    this.#state = place ?? 'pending';
    return place !== undefined;
  }

  /** Something was written or answered. */
  progressed(): void {
    if (typeof this.#state === 'object') this.#state.progressed();
  }

  /** Nothing is due now; with `isAnswered` nothing is unanswered either, or the stream is over. */
  rest(isAnswered: boolean): void {
    if (this.#state === 'pending') this.#admission.forget(this);
    if (typeof this.#state !== 'object' || !isAnswered) return;
    this.#state.free();
    this.#state = 'done';
  }
}
