// Decides requests of reference tables as the reference service does: each descriptor is counted alone, denied hits too (R307), and the
// answers are put together by its rules (R322, R323). Knows no bytes of requests.
import type { DecisionResult } from '../decision-counts.ts';
import type { DecisionListener } from '../decision-listener.ts';
import type { DescriptorPlan } from '../plan/descriptor-plan.ts';
import { INTERNAL, MAX_HITS, type PlannedRequest, replacedNames, usesOf, withAnswer } from '../planned-request.ts';
import { OK, OVER_LIMIT } from '../reply/reply-fields.ts';
import type { CounterStore, CounterUse, StoreFailure, TakeAnswer, UseOutcome } from '../store.ts';
import { type ReferenceHeaders, ReferenceReply, type ToldRequest } from './reference-reply.ts';

/** R325. */
export interface ReferenceOptions {
  /** `--shadow`: everything is counted, nothing is denied. */
  readonly isShadow: boolean;
  /** `--quota-mode`: every descriptor is one of a quota. */
  readonly isQuota: boolean;
  /** `--reference-headers`; absent: none. */
  readonly headers?: ReferenceHeaders;
  /** `--reference-metadata`. */
  readonly hasMetadata: boolean;
}

export interface ReferencePorts {
  readonly store: CounterStore;
  readonly listener: DecisionListener;
  /** Epoch milliseconds. */
  readonly nowMs: () => number;
}

/** A planned request; its own bytes are kept only where its metadata is asked for. */
export interface ReferenceRequest extends PlannedRequest {
  /** What `--reference-metadata` tells of the request. */
  readonly told: ToldRequest | undefined;
}

/** What the store said of one descriptor. */
interface Counted {
  readonly outcome: UseOutcome;
  readonly failure: StoreFailure | undefined;
  readonly isFailure: boolean;
}

type Step = 'plain' | 'unlimited' | 'counted';

export class ReferenceDecisions {
  readonly #ports: ReferencePorts;
  readonly #options: ReferenceOptions;
  readonly #reply: ReferenceReply;

  constructor(ports: ReferencePorts, options: ReferenceOptions) {
    this.#ports = ports;
    this.#options = options;
    this.#reply = new ReferenceReply(options);
  }

  decide(request: ReferenceRequest): void {
    const { plans, gives, hits } = request;
    const [only] = plans;
    if (plans.length === 1 && only?.kind === 'counted' && only.rule?.replaces.length === 0 && gives[0] === false) {
      this.#ask({ request, steps: ['counted'], counted: [] });
      return;
    }
    const replaced = replacedNames(plans);
    const steps = plans.map((plan, place): Step => {
      if (plan.kind === 'unlimited') return 'unlimited';
      if (plan.kind !== 'counted' || isReplaced(plan, replaced)) return 'plain';
      if (gives[place] !== true) return 'counted';
      this.#giveBack(plan, hits[place] ?? 0);
      return 'plain';
    });
    this.#ask({ request, steps, counted: [] });
  }

  /**
   * Asks of the descriptors that were not asked yet. Descriptors that count the same are asked one after the other, as each sees what the one
   * before it added.
   */
  #ask(decision: Decision): void {
    const { request, steps, counted } = decision;
    const uses: CounterUse[] = [];
    const places: number[] = [];
    for (const [place, plan] of request.plans.entries()) {
      if (steps[place] !== 'counted' || counted[place] !== undefined) continue;
      const own = plan.units[0];
      if (own === undefined || uses.some(({ key }) => key.text === own.key.text)) continue;
      const hits = request.hits[place] ?? 0;
      uses.push(...(hits === 1 ? plan.units : usesOf(plan, 'count', hits)));
      places.push(place);
    }
    if (uses.length === 0) {
      this.#finish(decision);
      return;
    }
    const go = (given: TakeAnswer): void => {
      for (const [index, place] of places.entries()) {
        const outcome = given.outcomes[index];
        if (outcome !== undefined) counted[place] = { outcome, failure: given.failure, isFailure: given.source === 'failure' };
        else steps[place] = 'plain';
      }
      this.#ask(decision);
    };
    withAnswer(this.#ports.store.take(uses, request.call), go, (cause) => {
      this.#ports.listener.failed(cause);
      request.answer(INTERNAL);
    });
  }

  #giveBack(plan: DescriptorPlan, hits: number): void {
    const given = this.#ports.store.give(usesOf(plan, 'count', hits));
    if (given instanceof Promise) given.catch((cause: unknown) => this.#ports.listener.failed(cause));
  }

  #finish({ request, steps, counted }: Decision): void {
    const reply = this.#reply;
    reply.begin();
    for (const [place, plan] of request.plans.entries()) {
      const found = counted[place];
      if (steps[place] === 'counted' && found !== undefined) this.#counted({ plan, place, hits: request.hits[place] ?? 0 }, found);
      else if (steps[place] === 'unlimited') {
        plan.rule?.counts.add('unlimited');
        reply.unlimited(place);
      } else reply.plain(place, this.#options.isQuota);
    }
    request.answer(reply.end(request.plans.length, request.told));
  }

  #counted({ plan, place, hits }: Asked, { outcome, failure, isFailure }: Counted): void {
    const { rule } = plan;
    const counter = plan.counters[0];
    if (rule === undefined || counter === undefined) return;
    // More hits than the store takes at once are more than any limit of these tables.
    const isOver = outcome.isOver || hits > MAX_HITS;
    rule.counts.addHits(hits);
    rule.counts.add(isFailure ? failureResult(plan, isOver, failure) : resultOf(plan, outcome, isOver));
    this.#ports.listener.counted(plan, hits);
    if (isOver) this.#ports.listener.denied(plan, rule.isShadow || this.#options.isShadow);
    const code = isOver && !rule.isShadow ? OVER_LIMIT : OK;
    const resetMs = untilWindowEnd(counter.target.limit.periodUs, this.#ports.nowMs());
    const fields = { code, currentLimit: counter.currentLimit, remaining: isOver ? 0 : outcome.remaining, resetMs };
    this.#reply.counted(place, fields, { plan, isQuota: this.#options.isQuota || rule.isQuota });
  }
}

/** Always the end of the window, also for a request that no window could pass: milliseconds that are whole seconds. */
function untilWindowEnd(periodUs: number, nowMs: number): number {
  const seconds = periodUs / 1_000_000;
  return (seconds - (Math.floor(nowMs / 1_000) % seconds)) * 1_000;
}

interface Asked {
  readonly plan: DescriptorPlan;
  readonly place: number;
  readonly hits: number;
}

interface Decision {
  readonly request: ReferenceRequest;
  readonly steps: Step[];
  readonly counted: (Counted | undefined)[];
}

function isReplaced({ rule }: DescriptorPlan, replaced: ReadonlySet<string> | undefined): boolean {
  return replaced !== undefined && rule !== undefined && rule.name !== '' && replaced.has(rule.name);
}

function resultOf({ rule, counters: [counter] }: DescriptorPlan, outcome: UseOutcome, isOver: boolean): DecisionResult {
  if (isOver) return rule?.isShadow === true ? 'shadow_over' : 'over';
  return counter !== undefined && counter.capacity - outcome.remaining > counter.nearAbove ? 'near' : 'ok';
}

/** R326: a store that is away is answered by R802, not by a gRPC error. */
function failureResult({ rule }: DescriptorPlan, isOver: boolean, failure: StoreFailure | undefined): DecisionResult {
  if (failure === 'shed') return 'shed';
  if (rule?.onStoreFailure === 'local') return isOver ? 'degraded_over' : 'degraded_ok';
  return rule?.onStoreFailure === 'deny' ? 'fail_closed' : 'fail_open';
}
