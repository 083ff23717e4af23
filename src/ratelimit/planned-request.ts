// A request whose descriptors are planned, and what is asked of the store for it. Both kinds of tables decide from this.

import type { DescriptorPlan, PlannedCounter } from './plan/descriptor-plan.ts';
import type { CallRefusal, RateLimitAnswer, RateLimitCall } from './rate-limit-call.ts';
import type { CounterUse, TakeAnswer, UseKind, UseOutcome } from './store.ts';

/** What the store takes at once. */
export const MAX_HITS = 4_294_967_295;

export interface PlannedRequest {
  readonly plans: readonly DescriptorPlan[];
  /** Parallel to the plans; R304 is applied, and they may be above `MAX_HITS`. */
  readonly hits: readonly number[];
  /** Parallel: the hits are given back. */
  readonly gives: readonly boolean[];
  readonly call: RateLimitCall;
  readonly answer: RateLimitAnswer;
}

/** A limit's counters all asked alike. */
export function usesOf({ counters }: DescriptorPlan, kind: UseKind, hits: number): readonly CounterUse[] {
  const asked = Math.min(hits, MAX_HITS);
  return counters.map(({ unit }) => ({ ...unit, kind, hits: asked }));
}

/** Names of limits that others of the request replace (R110, R322); undefined where there are none. */
export function replacedNames(plans: readonly DescriptorPlan[]): ReadonlySet<string> | undefined {
  let names: Set<string> | undefined;
  for (const { rule } of plans) {
    if (rule === undefined) continue;
    for (const name of rule.replaces) {
      names ??= new Set();
      names.add(name);
    }
  }
  return names;
}

/** What `current_limit` and the headers of a limit with several rates tell: the tightest (R305). */
export interface Tightest {
  readonly counter: PlannedCounter;
  readonly outcome: UseOutcome;
}

/** Of the outcomes from `first` on, which belong to the plan's counters. */
export function tightestOf({ counters }: DescriptorPlan, outcomes: readonly UseOutcome[], first: number): Tightest | undefined {
  let found: Tightest | undefined;
  for (let place = 0; place < counters.length; place += 1) {
    const counter = counters[place];
    const outcome = outcomes[first + place];
    if (counter !== undefined && outcome !== undefined && (found === undefined || isTighter({ counter, outcome }, found)))
      found = { counter, outcome };
  }
  return found;
}

export function isTighter(left: Tightest, right: Tightest): boolean {
  if (left.outcome.isOver !== right.outcome.isOver) return left.outcome.isOver;
  if (left.outcome.isOver) return left.outcome.retryAfterMs > right.outcome.retryAfterMs;
  return left.outcome.remaining * right.counter.capacity < right.outcome.remaining * left.counter.capacity;
}

/** Goes on with the store's answer, at once where it is there. */
export function withAnswer(asked: TakeAnswer | Promise<TakeAnswer>, go: (given: TakeAnswer) => void, fail: (cause: unknown) => void): void {
  if (!(asked instanceof Promise)) {
    go(asked);
    return;
  }
  // One promise for each request and no more; `.then(go).catch(fail)` would make three.
  asked.then((given) => {
    try {
      go(given);
    } catch (cause) {
      fail(cause);
    }
  }, fail);
}

/** Nothing of the cause is told to the caller. */
export const INTERNAL: CallRefusal = { status: 'INTERNAL', message: 'the limiter failed; its log says why' };
