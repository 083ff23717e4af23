// What a client has answered on one stream, as far as later decisions need it: what each response was sent for, what runs there for sure, and
// what it refused. Decides nothing.
import type { Snapshot, TypeUrl, TypeView } from '../snapshot/types.ts';
import { Refusals } from './refusals.ts';
import type { DiscoveryRequest, RequestOutcome } from './request.ts';
import type { Plan, Subscription } from './subscription.ts';
import { CLUSTER_RANK, typeRules } from './type-rules.ts';
import { UnansweredResponses } from './unanswered-responses.ts';
import { droppedFrom } from './views.ts';

export class Answers {
  readonly #unanswered = new UnansweredResponses();
  readonly #refusals = new Refusals();
  /** The clusters as the client accepted them last. */
  #clusters: TypeView | undefined;
  /** Of them those that responses sent since removed, answered or not: what comes back warms anew (D7). */
  #removed: Set<string> | undefined;

  sent({ view }: Plan, target: Snapshot): void {
    this.#unanswered.add(view.typeUrl, target);
    if (typeRules(view.typeUrl).rank === CLUSTER_RANK && this.#clusters !== undefined) this.#noteRemoved(this.#clusters, view);
  }

  /** Gives what the response that was answered, if any, was sent for. */
  received({ event, settled, state }: RequestOutcome, { error }: DiscoveryRequest): Snapshot | undefined {
    if (settled === undefined) return undefined;
    if (event === 'nack') this.#refusals.add(state, settled, error?.message ?? '');
    if (event === 'ack' && state.type.rank === CLUSTER_RANK) {
      this.#clusters = settled.plan.view;
      this.#removed = undefined;
    }
    return this.#unanswered.take(state.type.typeUrl);
  }

  /** A response that was sent after the one that is unanswered was answered. */
  isPassed(typeUrl: TypeUrl): boolean {
    return this.#unanswered.isPassed(typeUrl);
  }

  /** Resources of `target` that the client refused and has not accepted since. */
  refused(state: Subscription, target: TypeView): readonly string[] {
    return this.#refusals.of(state, target);
  }

  /** The client has accepted some version of the cluster, was not told since that it is gone, and so runs one. */
  runs(cluster: string): boolean {
    return this.#clusters?.resources.has(cluster) === true && this.#removed?.has(cluster) !== true;
  }

  #noteRemoved(accepted: TypeView, sent: TypeView): void {
    const gone = droppedFrom(accepted, sent);
    if (gone === undefined) return;
    this.#removed ??= new Set();
    for (const name of gone.resources.keys()) this.#removed.add(name);
  }
}
