// Keeps resources with a time to live alive at clients that have them (X89): name, version and time, no body. Changes nothing of what was
// told. Pure; the time is an argument.
import type { SnapshotResource, TypeView } from '../snapshot/types.ts';
import { NO_NAMES } from './name-map.ts';
import { covers, hasInterest, isAwaitingAnswer, type Plan, type PlanLimits, type Subscription, toldVersion } from './subscription.ts';

/** Three heartbeats within the time to live, so that one may be lost. */
const HEARTBEATS_PER_TTL = 3;

/** When the next one is due; undefined if nothing that the client has expires. */
export function heartbeatAtMs(state: Subscription, limits: PlanLimits): number | undefined {
  const [shortest] = expiring(state, limits);
  if (shortest === undefined || state.refreshedAtMs === undefined) return undefined;
  return state.refreshedAtMs + shortest.ttlMs / HEARTBEATS_PER_TTL;
}

/** The heartbeat that is due now, if any; never beside an unanswered response. */
export function heartbeatDue(state: Subscription, limits: PlanLimits, nowMs: number): Plan | undefined {
  if (isAwaitingAnswer(state)) return undefined;
  const atMs = heartbeatAtMs(state, limits);
  if (atMs === undefined || nowMs < atMs) return undefined;
  return {
    variant: state.variant,
    view: state.base,
    limits,
    entries: [],
    changed: [],
    removed: [],
    errors: [],
    heartbeats: expiring(state, limits),
    unsendable: [],
    unanswered: NO_NAMES,
    answersOwed: false,
    hasMore: false,
  };
}

/** Of several types on one stream. */
export function firstHeartbeat(states: readonly Subscription[], limits: PlanLimits, nowMs: number): Plan | undefined {
  for (const state of states) {
    const heartbeat = heartbeatDue(state, limits, nowMs);
    if (heartbeat !== undefined) return heartbeat;
  }
  return undefined;
}

type Expiring = SnapshotResource & { readonly ttlMs: number };

/** What the client has and must hear of, the shortest-lived first. */
function expiring(state: Subscription, limits: PlanLimits): readonly Expiring[] {
  if (limits.takesTtl !== true || state.base.mayExpire !== true || state.type.hasHosts || !hasInterest(state)) return [];
  if (state.variant === 'sotw' && limits.takesWrapped !== true) return [];
  return expiringIn(state.base).filter(({ name, version }) => covers(state, name) && (toldVersion(state, name) ?? version) === version);
}

const known = new WeakMap<TypeView, readonly Expiring[]>();

function expiringIn(view: TypeView): readonly Expiring[] {
  const list = known.get(view) ?? [...view.resources.values()].filter(isExpiring).sort((left, right) => left.ttlMs - right.ttlMs);
  known.set(view, list);
  return list;
}

function isExpiring(resource: SnapshotResource): resource is Expiring {
  return resource.ttlMs !== undefined;
}
