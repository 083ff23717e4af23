// What a client has answered on one stream, as far as later decisions need it: what each response was sent for, what runs there for sure, and
// what it refused. Decides nothing.
import type { Snapshot, TypeUrl, TypeView } from '../snapshot/types.ts';
import { Refusals } from './refusals.ts';
import type { DiscoveryRequest, RequestOutcome } from './request.ts';
import { RunningResources } from './running-resources.ts';
import type { Plan, Subscription } from './subscription.ts';
import { CLUSTER_RANK, EXTENSION_RANK, typeRules } from './type-rules.ts';
import { UnansweredResponses } from './unanswered-responses.ts';

export class Answers {
  readonly #unanswered = new UnansweredResponses();
  readonly #refusals = new Refusals();
  readonly #clusters = new RunningResources();
  readonly #extensions = new RunningResources();

  sent(plan: Plan, target: Snapshot): void {
    this.#unanswered.add(plan.view.typeUrl, target);
    this.#ofRank(typeRules(plan.view.typeUrl).rank)?.sent(plan);
  }

  /** Gives what the response that was answered, if any, was sent for. */
  received({ event, settled, state }: RequestOutcome, { error }: DiscoveryRequest): Snapshot | undefined {
    if (settled === undefined) return undefined;
    if (event === 'nack') this.#refusals.add(state, settled, error?.message ?? '');
    if (event === 'ack') this.#ofRank(state.type.rank)?.accepted(settled.plan);
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

  /** The client has accepted some version of the cluster or extension config, was not told since that it is gone, and so runs one. */
  runs(name: string): boolean {
    return this.#clusters.has(name) || this.#extensions.has(name);
  }

  #ofRank(rank: number): RunningResources | undefined {
    if (rank === CLUSTER_RANK) return this.#clusters;
    return rank === EXTENSION_RANK ? this.#extensions : undefined;
  }
}
