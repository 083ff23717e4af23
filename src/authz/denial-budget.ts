// Which denials are logged (S5): at most 100 a second for each reason, so that a flood of bad requests is no flood of lines.
import type { AuthReason } from './reason.ts';

const A_SECOND = 100;

export class DenialBudget {
  readonly #spent = new Map<AuthReason, number>();
  #second = 0;

  /** Whether one more may be logged; counts it when so. */
  take(reason: AuthReason, nowMs: number): boolean {
    const second = Math.floor(nowMs / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#spent.clear();
    }
    const spent = this.#spent.get(reason) ?? 0;
    if (spent >= A_SECOND) return false;
    this.#spent.set(reason, spent + 1);
    return true;
  }
}
