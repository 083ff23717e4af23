// The subscriptions of one stream, one per type, in the order of sending. Each is immutable; a newer one takes the place of the older.
import type { TypeUrl } from '../snapshot/types.ts';
import type { InternNames } from './name-map.ts';
import type { Subscription } from './subscription.ts';

export class SubscriptionSet {
  readonly #intern: InternNames;
  #states: readonly Subscription[] = [];

  constructor(intern: InternNames) {
    this.#intern = intern;
  }

  get all(): readonly Subscription[] {
    return this.#states;
  }

  get(typeUrl: TypeUrl): Subscription | undefined {
    return this.#states.find(({ type }) => type.typeUrl === typeUrl);
  }

  ofRank(rank: number): readonly Subscription[] {
    return this.#states.filter(({ type }) => type.rank === rank);
  }

  store(state: Subscription): void {
    const index = this.#states.findIndex(({ type }) => type.typeUrl === state.type.typeUrl);
    if (this.#states[index] === state) return;
    this.#states =
      index >= 0 ? this.#states.with(index, state) : [...this.#states, state].sort((left, right) => left.type.rank - right.type.rank);
  }

  /** With the instances of its name sets that equal streams have too, so that they share plans (S10); stored. */
  interned(state: Subscription): Subscription {
    const names = this.#intern(state.names);
    const owed = state.owed === state.names ? names : this.#intern(state.owed);
    if (names === state.names && owed === state.owed) return state;
    const interned = { ...state, names, owed };
    this.store(interned);
    return interned;
  }
}
