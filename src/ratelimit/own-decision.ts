// Decides requests of our own tables: all limits of a request take their hits or none does (R307), shadow ones count alone (R108). Asks the
// store once; knows no bytes of requests.

import type { DecisionResult } from './decision-counts.ts';
import type { DecisionListener } from './decision-listener.ts';
import { OwnReply } from './own-reply.ts';
import type { DescriptorPlan } from './plan/descriptor-plan.ts';
import { INTERNAL, type PlannedRequest, replacedNames, type Tightest, tightestOf, usesOf, withAnswer } from './planned-request.ts';
import { OK, OVER_LIMIT } from './reply/reply-fields.ts';
import type { CounterStore, CounterUse, TakeAnswer } from './store.ts';

export interface DecisionPorts {
  readonly store: CounterStore;
  readonly listener: DecisionListener;
}

/** What becomes of one descriptor before the store is asked. */
type Step = 'plain' | 'unlimited' | 'closed' | 'asked' | 'spared';

const NO_ANSWER: TakeAnswer = { isOver: false, outcomes: [], source: 'store' };

export class OwnDecisions {
  readonly #ports: DecisionPorts;
  readonly #reply: OwnReply;

  constructor(ports: DecisionPorts, revision: string) {
    this.#ports = ports;
    this.#reply = new OwnReply(revision);
  }

  decide(request: PlannedRequest): void {
    const { plans, hits, gives } = request;
    const only = plans[0];
    if (plans.length === 1 && only?.kind === 'counted' && only.op === 'take' && hits[0] === 1 && gives[0] === false) {
      this.#ask(request, ASKED_ALONE, only.units);
      return;
    }
    const replaced = replacedNames(plans);
    const steps = plans.map((plan, place) => stepOf(plan, replaced, gives[place] === true));
    // R103, R109: such a denial needs no store, and a denied request takes nothing from any limit.
    const isClosed = steps.some((step, place) => step === 'closed' && plans[place]?.rule?.isShadow === false);
    const uses: CounterUse[] = [];
    for (const [place, plan] of plans.entries()) {
      if (steps[place] === 'plain' && plan.kind === 'counted' && gives[place] === true) this.#giveBack(plan, hits[place] ?? 0);
      if (steps[place] !== 'asked') continue;
      const asked = this.#usesFor(plan, hits[place] ?? 0, uses);
      if (asked === undefined || (isClosed && plan.op !== 'debit' && plan.rule?.isShadow === false)) steps[place] = 'spared';
      else uses.push(...asked);
    }
    this.#ask(request, steps, uses);
  }

  /** Undefined where another descriptor of the request asks the same counters already: one request is one request to a limit. */
  #usesFor(plan: DescriptorPlan, hits: number, before: readonly CounterUse[]): readonly CounterUse[] | undefined {
    if (plan.units.some(({ key }) => before.some((use) => use.key.text === key.text))) return undefined;
    if (plan.op === 'take' && hits === 1) return plan.units;
    return plan.op === 'debit' ? usesOf(plan, 'debit', hits) : usesOf(plan, 'take', plan.op === 'check' ? 0 : hits);
  }

  #giveBack(plan: DescriptorPlan, hits: number): void {
    const given = this.#ports.store.give(usesOf(plan, 'take', hits));
    if (given instanceof Promise) given.catch((cause: unknown) => this.#ports.listener.failed(cause));
  }

  #ask(request: PlannedRequest, steps: readonly Step[], uses: readonly CounterUse[]): void {
    if (uses.length === 0) {
      this.#finish(request, steps, NO_ANSWER);
      return;
    }
    withAnswer(
      this.#ports.store.take(uses, request.call),
      (given) => this.#finish(request, steps, given),
      (cause) => {
        this.#ports.listener.failed(cause);
        request.answer(INTERNAL);
      },
    );
  }

  #finish(request: PlannedRequest, steps: readonly Step[], given: TakeAnswer): void {
    const reply = this.#reply;
    reply.begin(given.source === 'failure');
    const { plans } = request;
    let used = 0;
    for (let place = 0; place < plans.length; place += 1) {
      const plan = plans[place];
      if (plan === undefined) continue;
      const step = steps[place];
      if (step === 'asked') {
        this.#counted({ plan, place, hits: request.hits[place] ?? 0, tightest: tightestOf(plan, given.outcomes, used) }, given);
        used += plan.counters.length;
      } else if (step === 'closed') this.#closed(plan, place);
      else if (step === 'unlimited') {
        reply.statuses.setUnlimited(place);
        plan.rule?.counts.add('unlimited');
      } else {
        reply.statuses.setPlain(place, OK);
      }
      const { amiss } = plan;
      // A cost that is taken at the end asks twice (R207).
      if (amiss !== undefined && plan.op !== 'debit') this.#ports.listener.unknown(amiss.what, amiss.limit);
    }
    request.answer(reply.end(plans.length));
  }

  /** R103, R109. */
  #closed(plan: DescriptorPlan, place: number): void {
    const { rule } = plan;
    if (rule === undefined) return;
    rule.counts.add(rule.isShadow ? 'shadow_over' : 'blocked');
    this.#ports.listener.denied(plan, rule.isShadow);
    this.#reply.statuses.setPlain(place, rule.isShadow ? OK : OVER_LIMIT);
    if (rule.isShadow) this.#reply.wouldDeny(plan);
    else this.#reply.denies(plan, undefined, plan.kind === 'missing' ? 'missing_key' : 'blocked');
  }

  #counted({ plan, place, hits, tightest }: Counted, given: TakeAnswer): void {
    const { rule } = plan;
    if (rule === undefined || tightest === undefined) return;
    const { counter, outcome } = tightest;
    const isOver = outcome.isOver && plan.op !== 'debit';
    rule.counts.add(resultOf({ plan, place, hits, tightest }, given));
    if (!isOver && (!given.isOver || rule.isShadow || plan.op === 'debit')) rule.counts.addHits(plan.op === 'check' ? 0 : hits);
    // Whoever is denied asks all the same, and most of all (R811).
    this.#ports.listener.counted(plan, hits);
    if (isOver) this.#ports.listener.denied(plan, rule.isShadow);
    if (isOver && rule.isShadow) this.#reply.wouldDeny(plan);
    if (isOver && !rule.isShadow) this.#reply.denies(plan, tightest, given.source === 'failure' ? 'store_failure' : 'over_limit');
    if (rule.isShadow && isOver) {
      this.#reply.statuses.setPlain(place, OK);
      return;
    }
    if (!rule.isShadow && rule.headers === 'draft') this.#reply.shows(plan, tightest);
    const resetMs = isOver ? outcome.retryAfterMs : outcome.resetMs;
    const fields = { code: isOver ? OVER_LIMIT : OK, currentLimit: counter.currentLimit, remaining: outcome.remaining, resetMs };
    this.#reply.statuses.set(place, fields);
  }
}

const ASKED_ALONE: readonly Step[] = ['asked'];

interface Counted {
  readonly plan: DescriptorPlan;
  readonly place: number;
  readonly hits: number;
  readonly tightest: Tightest | undefined;
}

function stepOf(plan: DescriptorPlan, replaced: ReadonlySet<string> | undefined, isGiven: boolean): Step {
  if (plan.rule === undefined || replaced?.has(plan.rule.name) === true || isGiven) return 'plain';
  if (plan.kind === 'unlimited') return 'unlimited';
  // A debit is never denied (R304): what a denied request used is let go.
  if (plan.kind === 'blocked' || plan.kind === 'missing') return plan.op === 'debit' ? 'plain' : 'closed';
  return plan.kind === 'counted' ? 'asked' : 'plain';
}

/** R810. */
function resultOf({ plan, hits, tightest }: Counted, given: TakeAnswer): DecisionResult {
  if (plan.rule === undefined || tightest === undefined) return 'ok';
  const { counter, outcome } = tightest;
  const isOver = outcome.isOver && plan.op !== 'debit';
  if (given.source === 'failure') {
    if (given.failure === 'shed') return 'shed';
    if (plan.rule.onStoreFailure === 'local') return isOver ? 'degraded_over' : 'degraded_ok';
    return plan.rule.onStoreFailure === 'deny' ? 'fail_closed' : 'fail_open';
  }
  if (isOver && plan.rule.isShadow) return 'shadow_over';
  if (isOver) return hits > counter.capacity ? 'oversize' : 'over';
  return counter.capacity - outcome.remaining > counter.nearAbove ? 'near' : 'ok';
}
