// What the staging of a stream asks about it: which types are accepted, which clusters are not ready, what was refused. Reads subscriptions,
// changes none.
import type { TypeUrl, TypeView } from '../snapshot/types.ts';
import { type DueType, pendingClusters } from './pending-clusters.ts';
import { namesMeant } from './rejected.ts';
import type { StagingFacts } from './staging-steps.ts';
import { isAwaitingAnswer, type Plan, type Subscription, toldVersion } from './subscription.ts';
import type { SubscriptionSet } from './subscription-set.ts';
import { CLUSTER_RANK, MAKE_RANK } from './type-rules.ts';

export interface FactSource {
  readonly nowMs: number;
  readonly isAggregated: boolean;
  /** Endpoints were asked for by a client that holds some already. */
  readonly resumesChildren: boolean;
  readonly states: SubscriptionSet;
  /** What is due of a type now, whether or not its last response was answered. */
  planOf(state: Subscription): Plan | undefined;
  targetView(typeUrl: TypeUrl): TypeView;
  runs(cluster: string): boolean;
}

export function stagingFacts(source: FactSource): StagingFacts {
  const { nowMs, isAggregated, resumesChildren, states } = source;
  const dueType = (state: Subscription | undefined): DueType | undefined => state && { state, plan: () => source.planOf(state) };
  const [cluster] = states.ofRank(CLUSTER_RANK);
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
    isRefused: (rank) => states.ofRank(rank).some((state) => isRefused(state, source.targetView(state.type.typeUrl))),
    pendingClusters: () => {
      if (cluster === undefined) return [];
      const [assignments] = states.ofRank(MAKE_RANK);
      return pendingClusters(source.targetView(cluster.type.typeUrl), dueType(cluster), dueType(assignments));
    },
    runs: (name) => source.runs(name),
    refusedClusters: () => (cluster === undefined ? [] : refusedClusters(cluster, source.targetView(cluster.type.typeUrl))),
  };
}

/** The client knows something of the type: it was sent, or came back with what there is. */
export function isTold({ sentVersion, base, type }: Subscription): boolean {
  return sentVersion !== undefined || base !== type.empty;
}

/** The client refused a resource of the target and did not accept it since: it goes on with an older one. */
export function isRefused({ unaccepted }: Subscription, target: TypeView): boolean {
  for (const name of unaccepted.keys()) if (target.resources.has(name)) return true;
  return false;
}

function refusedClusters({ rejected, unaccepted }: Subscription, clusters: TypeView): readonly string[] {
  if (rejected === undefined) return [];
  return namesMeant([...unaccepted.keys()], rejected.message).filter((name) => clusters.resources.has(name));
}
