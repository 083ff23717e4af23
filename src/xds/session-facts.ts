// What the staging of a stream asks about it: which types are accepted, which clusters are not ready, what was refused. Reads subscriptions,
// changes none.
import type { TypeUrl, TypeView } from '../snapshot/types.ts';
import type { Answers } from './answers.ts';
import { type DueType, pendingClusters, pendingExtensions } from './pending-clusters.ts';
import type { StagingFacts } from './staging-steps.ts';
import { isAwaitingAnswer, type Plan, type Subscription, toldVersion } from './subscription.ts';
import type { SubscriptionSet } from './subscription-set.ts';
import { CLUSTER_RANK, EXTENSION_RANK, MAKE_RANK } from './type-rules.ts';

export interface FactSource {
  readonly nowMs: number;
  readonly isAggregated: boolean;
  /** Endpoints were asked for by a client that holds some already. */
  readonly resumesChildren: boolean;
  readonly states: SubscriptionSet;
  readonly answers: Answers;
  /** What is due of a type now, whether or not its last response was answered. */
  planOf(state: Subscription): Plan | undefined;
  targetView(typeUrl: TypeUrl): TypeView;
}

export function stagingFacts(source: FactSource): StagingFacts {
  const { nowMs, isAggregated, resumesChildren, states } = source;
  const dueType = (state: Subscription | undefined): DueType | undefined => state && { state, plan: () => source.planOf(state) };
  const refusedOf = (state: Subscription): readonly string[] => source.answers.refused(state, source.targetView(state.type.typeUrl));
  const [cluster] = states.ofRank(CLUSTER_RANK);
  const [extension] = states.ofRank(EXTENSION_RANK);
  return {
    nowMs,
    isAggregated,
    areClustersToCome: isAggregated && resumesChildren && cluster === undefined,
    stateOf: (typeUrl) => {
      const state = states.get(typeUrl);
      if (state === undefined) return 'unasked';
      return isTold(state) ? 'told' : 'asked';
    },
    isTold: (typeUrl, name) => {
      const state = states.get(typeUrl);
      return state !== undefined && toldVersion(state, name) !== undefined;
    },
    isAccepted: (rank) => states.ofRank(rank).every((state) => !isAwaitingAnswer(state) && source.planOf(state) === undefined),
    isWritten: (rank) => states.ofRank(rank).every((state) => source.planOf(state) === undefined),
    isRefused: (rank) => states.ofRank(rank).some((state) => refusedOf(state).length > 0),
    pendingClusters: () => {
      const extensions = pendingExtensions(dueType(extension));
      if (cluster === undefined) return extensions;
      const [assignments] = states.ofRank(MAKE_RANK);
      const clusters = source.targetView(cluster.type.typeUrl);
      return [...pendingClusters({ clusters, refused: refusedOf(cluster) }, dueType(cluster), dueType(assignments)), ...extensions];
    },
    runs: (name) => source.answers.runs(name),
    refusedNames: () => [cluster, extension].flatMap((state) => (state === undefined ? [] : refusedOf(state))),
  };
}

/** The client knows something of the type: it was sent, or came back with what there is. */
export function isTold({ sentVersion, base, type }: Subscription): boolean {
  return sentVersion !== undefined || base !== type.empty;
}
