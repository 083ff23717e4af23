// One request that waits for Redis: its parts are decided one by one, and when the last one is, it is answered. Answered once, whatever comes later.
import { isDecisive, milliseconds } from '../algorithms/decide.ts';
import type { CounterUse, StoreFailure, TakeAnswer, UseOutcome } from '../store.ts';

/** What Redis said about one use. Microseconds are true at the moment of the decision. */
export interface Verdict {
  readonly isOver: boolean;
  readonly remaining: number;
  readonly resetUs: number;
  readonly retryUs: number;
}

export interface PendingOptions {
  readonly uses: readonly CounterUse[];
  /** Outcomes that were known before: of blocked and of remembered counters. */
  readonly known: readonly (UseOutcome | undefined)[];
  readonly resolve: (answer: TakeAnswer) => void;
  /** Answers in the store's place (R802). */
  readonly onFailure: (uses: readonly CounterUse[], failure: StoreFailure) => TakeAnswer;
  /** Denied over several slots: these were taken all the same (R406). */
  readonly onHalfTaken: (uses: readonly CounterUse[]) => void;
}

export class Pending {
  readonly #options: PendingOptions;
  readonly #outcomes: (UseOutcome | undefined)[];
  readonly #taken: CounterUse[] = [];
  #left = 0;
  #isDenied = false;
  #isAnswered = false;

  constructor(options: PendingOptions) {
    this.#options = options;
    this.#outcomes = [...options.known];
  }

  /** Before it is sent: so many parts will be decided. */
  expects(parts: number): void {
    this.#left = parts;
  }

  /** One part was decided; `isTaken` where its hits were. */
  decided(places: readonly number[], verdicts: readonly Verdict[], isTaken: boolean): void {
    for (const [at, place] of places.entries()) {
      const use = this.#options.uses[place];
      const verdict = verdicts[at];
      if (use === undefined || verdict === undefined) continue;
      this.#outcomes[place] = outcomeOf(verdict);
      if (!isDecisive(use)) continue;
      if (!isTaken) this.#isDenied = true;
      else if (use.hits > 0) this.#taken.push(use);
    }
    this.#left -= 1;
    if (this.#left === 0) this.#finish();
  }

  /** The store did not decide: answered by what the limits say about that. */
  fail(failure: StoreFailure): void {
    if (this.#isAnswered) return;
    this.#isAnswered = true;
    this.#options.resolve(this.#options.onFailure(this.#options.uses, failure));
  }

  /** Also when it was answered meanwhile: what was taken for a request that was denied is given back. */
  #finish(): void {
    const { uses, resolve, onHalfTaken } = this.#options;
    if (this.#isDenied && this.#taken.length > 0) onHalfTaken(this.#taken);
    if (this.#isAnswered) return;
    this.#isAnswered = true;
    const outcomes = this.#outcomes.map((outcome) => outcome ?? UNKNOWN);
    const isOver = uses.some((use, at) => !use.isShadow && outcomes[at]?.isOver === true);
    resolve({ isOver, outcomes, source: 'store' });
  }
}

/** Of a counter that was not asked, since another one denied already. */
export const UNKNOWN: UseOutcome = { isOver: false, remaining: 0, resetMs: 0, retryAfterMs: 0 };

function outcomeOf({ isOver, remaining, resetUs, retryUs }: Verdict): UseOutcome {
  if (!isOver) return { isOver, remaining, resetMs: milliseconds(resetUs), retryAfterMs: 0 };
  const retryMs = milliseconds(retryUs);
  return { isOver, remaining: 0, resetMs: retryMs, retryAfterMs: retryMs };
}
