// What is due of each type of a stream, kept until its state or view changes; of a type that is up to date nothing is kept (S10).
import type { TypeUrl, TypeView } from '../snapshot/types.ts';
import { duePlan } from './plan.ts';
import type { Plan, PlanLimits, Subscription } from './subscription.ts';
import type { SubscriptionSet } from './subscription-set.ts';

export interface Due {
  readonly state: Subscription;
  readonly view: TypeView;
  readonly plan: Plan | undefined;
}

export class DuePlans {
  readonly #states: SubscriptionSet;
  readonly #limits: PlanLimits;
  #kept: Map<TypeUrl, Due> | undefined;

  constructor(states: SubscriptionSet, limits: PlanLimits) {
    this.#states = states;
    this.#limits = limits;
  }

  of(state: Subscription, view: TypeView): Due {
    const { typeUrl } = state.type;
    if (isUpToDate(state, view)) {
      this.#forget(typeUrl);
      return { state, view, plan: undefined };
    }
    const known = this.#kept?.get(typeUrl);
    if (known?.state === state && known.view === view) return known;
    const interned = this.#states.interned(state);
    const due = { state: interned, view, plan: duePlan(interned, view, this.#limits) };
    this.#kept ??= new Map();
    this.#kept.set(typeUrl, due);
    return due;
  }

  #forget(typeUrl: TypeUrl): void {
    this.#kept?.delete(typeUrl);
    if (this.#kept?.size === 0) this.#kept = undefined;
  }
}

function isUpToDate({ base, owed, overlay, isAnswerDue }: Subscription, view: TypeView): boolean {
  return base === view && owed.size === 0 && overlay.size === 0 && !isAnswerDue;
}
