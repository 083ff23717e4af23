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

/** Who asks: the same for all requests. */
export interface PendingOwner {
  /** The request is answered; called once. */
  onAnswered(): void;
  /** Answers in the store's place (R802). */
  onFailure(uses: readonly CounterUse[], failure: StoreFailure): TakeAnswer;
  /** Denied over several slots: these were taken all the same, at that time (R406). */
  onHalfTaken(uses: readonly CounterUse[], atUs: number): void;
}

export interface PendingParts {
  readonly uses: readonly CounterUse[];
  /** Outcomes that were known before: of blocked and of remembered counters. Absent: none. */
  readonly known?: readonly (UseOutcome | undefined)[] | undefined;
  readonly resolve: (answer: TakeAnswer) => void;
}

export class Pending {
  readonly uses: readonly CounterUse[];
  readonly #owner: PendingOwner;
  readonly #resolve: (answer: TakeAnswer) => void;
  /** Made when there is something to note. */
  #outcomes: (UseOutcome | undefined)[] | undefined;
  #taken: CounterUse[] | undefined;
  #timer: NodeJS.Timeout | undefined;
  #left = 0;
  #atUs = 0;
  #isDenied = false;
  #isAnswered = false;

  constructor(owner: PendingOwner, { uses, known, resolve }: PendingParts) {
    this.#owner = owner;
    this.uses = uses;
    this.#outcomes = known === undefined ? undefined : [...known];
    this.#resolve = resolve;
  }

  /** Before it is sent: so many parts will be decided. */
  expects(parts: number, atUs: number): void {
    this.#left = parts;
    this.#atUs = atUs;
  }

  /** The caller gives up then (R808). */
  failsAfter(ms: number): void {
    this.#timer = setTimeout(() => this.fail('deadline'), ms);
  }

  /** One part was decided; `isTaken` where its hits were. */
  decided(places: readonly number[], verdicts: readonly Verdict[], isTaken: boolean): void {
    for (const [at, place] of places.entries()) {
      const verdict = verdicts[at];
      if (verdict !== undefined) this.#note(place, outcomeOf(verdict), isTaken);
    }
    this.#partIsDone();
  }

  /** One part, of one use, was decided. */
  decidedOne(place: number, outcome: UseOutcome): void {
    const [only] = this.uses;
    if (this.uses.length > 1 || only === undefined) {
      this.#note(place, outcome, !outcome.isOver);
      this.#partIsDone();
    } else if (!this.#isAnswered) this.#answer({ isOver: outcome.isOver && !only.isShadow, outcomes: [outcome], source: 'store' });
  }

  /** The store did not decide: answered by what the limits say about that. */
  fail(failure: StoreFailure): void {
    if (!this.#isAnswered) this.#answer(this.#owner.onFailure(this.uses, failure));
  }

  #note(place: number, outcome: UseOutcome, isTaken: boolean): void {
    const use = this.uses[place];
    if (use === undefined) return;
    this.#outcomes ??= [];
    this.#outcomes[place] = outcome;
    if (!isDecisive(use)) return;
    if (!isTaken) this.#isDenied = true;
    else if (use.hits > 0) (this.#taken ??= []).push(use);
  }

  /** When the last one is, also when it was answered meanwhile: what was taken for a request that was denied is given back. */
  #partIsDone(): void {
    this.#left -= 1;
    if (this.#left !== 0) return;
    if (this.#isDenied && this.#taken !== undefined) this.#owner.onHalfTaken(this.#taken, this.#atUs);
    if (this.#isAnswered) return;
    const outcomes = this.uses.map((_, at) => this.#outcomes?.[at] ?? UNKNOWN);
    const isOver = this.uses.some((use, at) => !use.isShadow && outcomes[at]?.isOver === true);
    this.#answer({ isOver, outcomes, source: 'store' });
  }

  #answer(answer: TakeAnswer): void {
    this.#isAnswered = true;
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#owner.onAnswered();
    this.#resolve(answer);
  }
}

/** Of a counter that was not asked, since another one denied already. */
export const UNKNOWN: UseOutcome = { isOver: false, remaining: 0, resetMs: 0, retryAfterMs: 0 };

function outcomeOf({ isOver, remaining, resetUs, retryUs }: Verdict): UseOutcome {
  if (!isOver) return { isOver, remaining, resetMs: milliseconds(resetUs), retryAfterMs: 0 };
  const retryMs = milliseconds(retryUs);
  return { isOver, remaining: 0, resetMs: retryMs, retryAfterMs: retryMs };
}
