// One request over all of its counters, all or nothing (R406). Pure: the serial truth that memory runs, and that Redis' batches must equal.
import type { CounterUse, UseOutcome } from '../store.ts';
import { availableIn, type CounterState, currentState, isCutBack, type Now, resetUsOf, retryUsOf, takenFrom } from './counter.ts';

export interface Decided {
  readonly isOver: boolean;
  readonly outcomes: readonly UseOutcome[];
  /** Parallel to the uses: what to keep, undefined where nothing changed. */
  readonly states: readonly (CounterState | undefined)[];
}

/** R103: N = 0 needs no counter. Also what a failing store answers for such limits. */
export function blockedOutcome({ kind, hits }: CounterUse): UseOutcome {
  const isOver = kind === 'take' || (kind === 'count' && hits > 0);
  const never = isOver ? Number.POSITIVE_INFINITY : 0;
  return { isOver, remaining: 0, resetMs: never, retryAfterMs: never };
}

/** Whether this use holds the others back when it is over. */
export function isDecisive({ kind, isShadow }: CounterUse): boolean {
  return kind === 'take' && !isShadow;
}

/** Decides by the states kept, parallel to the uses. */
export function decide(uses: readonly CounterUse[], kept: readonly (CounterState | undefined)[], now: Now): Decided {
  const current = uses.map((use, at) => (use.limit.limit === 0 ? undefined : currentState(use.limit, kept[at], now)));
  const fits = uses.map((use, at) => isFitting(use, current[at], now.nowUs));
  const isHeld = uses.some((use, at) => isDecisive(use) && !fits[at]);
  const states = uses.map((use, at) => {
    const state = current[at];
    const isTaken = isDecisive(use) ? !isHeld : use.kind !== 'take' || fits[at] === true;
    if (state === undefined || !isTaken || use.hits === 0) return state !== undefined && isCutBack(kept[at], state) ? state : undefined;
    return takenFrom(use.limit, state, { hits: use.hits, nowUs: now.nowUs, isOwed: use.kind !== 'take' });
  });
  const outcomes = uses.map((use, at) => {
    const state = states[at] ?? current[at];
    return state === undefined ? blockedOutcome(use) : outcomeOf(use, { state, isFitting: fits[at] === true, nowUs: now.nowUs });
  });
  return { isOver: uses.some((use, at) => !use.isShadow && outcomes[at]?.isOver === true), outcomes, states };
}

/** What `decide` says of a request with this use alone, without its lists: most requests are so. `state`: what to keep, undefined if nothing changed. */
export function decideOne(
  use: CounterUse,
  kept: CounterState | undefined,
  now: Now,
): { readonly outcome: UseOutcome; readonly state: CounterState | undefined } {
  const { limit, kind, hits } = use;
  if (limit.limit === 0) return { outcome: blockedOutcome(use), state: undefined };
  const { nowUs } = now;
  const current = currentState(limit, kept, now);
  const fits = availableIn(limit, current, nowUs) >= Math.max(1, hits);
  const isTaken = hits > 0 && (fits || kind !== 'take');
  const state = isTaken
    ? takenFrom(limit, current, { hits, nowUs, isOwed: kind !== 'take' })
    : isCutBack(kept, current)
      ? current
      : undefined;
  return { outcome: outcomeOf(use, { state: state ?? current, isFitting: fits, nowUs }), state };
}

function isFitting(use: CounterUse, state: CounterState | undefined, nowUs: number): boolean {
  return state === undefined ? use.kind === 'debit' : availableIn(use.limit, state, nowUs) >= Math.max(1, use.hits);
}

function outcomeOf(
  use: CounterUse,
  { state, isFitting: fits, nowUs }: { readonly state: CounterState; readonly isFitting: boolean; readonly nowUs: number },
): UseOutcome {
  const available = availableIn(use.limit, state, nowUs);
  const isOver = use.kind === 'take' ? !fits : use.kind === 'count' && available < 0;
  if (!isOver) {
    return { isOver, remaining: Math.max(0, available), resetMs: milliseconds(resetUsOf(use.limit, state, nowUs)), retryAfterMs: 0 };
  }
  const retryMs = milliseconds(retryUsOf(use.limit, state, { hits: Math.max(1, use.hits), nowUs }));
  return { isOver, remaining: 0, resetMs: retryMs, retryAfterMs: retryMs };
}

/** Rounded up: who waits so long is not told to wait again. */
export function milliseconds(us: number): number {
  return Math.ceil(us / 1000);
}
