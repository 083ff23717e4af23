// What each resource of a client is at, from the server's view (R31): sent, accepted, refused. Reads states, changes none; contents are put in
// by whoever shows them.
import type { SnapshotResource, TypeView } from '../snapshot/types.ts';
import { isAwaitingAnswer, type Subscription, toldVersion } from './subscription.ts';

/** One subscription and what it should get to; undefined as long as there is no target. */
export interface SubscriptionView {
  readonly state: Subscription;
  readonly view: TypeView | undefined;
}

export interface ResourceStatus {
  readonly typeUrl: string;
  readonly name: string;
  readonly status: 'SYNCED' | 'NOT_SENT' | 'STALE' | 'ERROR';
  /** The version that the client was told last. */
  readonly version?: string;
  /** The resource of that version, as long as it is known. */
  readonly resource?: SnapshotResource;
  /** When the client last accepted something of the type; milliseconds since the epoch. */
  readonly acceptedAtMs?: number;
  readonly refusal?: { readonly message: string; readonly version: string; readonly atMs: number };
}

/** Sorted by name: what the client asked for by name, and what it gets by its wildcard. */
export function resourceStatuses({ state, view }: SubscriptionView): readonly ResourceStatus[] {
  const names = new Set(state.names.keys());
  if (state.wildcard !== 'none') {
    for (const name of view?.resources.keys() ?? []) if (!name.startsWith('xdstp:')) names.add(name);
    for (const name of state.base.resources.keys()) if (!name.startsWith('xdstp:')) names.add(name);
  }
  return [...names].sort().flatMap((name) => resourceStatus({ state, view }, name) ?? []);
}

/** Undefined for a name that is gone at both ends and that nobody asked for. */
function resourceStatus({ state, view }: SubscriptionView, name: string): ResourceStatus | undefined {
  const told = toldVersion(state, name);
  const wanted = view?.resources.get(name);
  if (told === undefined && wanted === undefined && !state.names.has(name)) return undefined;
  const known = [state.base.resources.get(name), wanted, sentIn(state, name)].find((resource) => resource?.version === told);
  return {
    typeUrl: state.type.typeUrl,
    name,
    status: statusOf(state, { name, told, wanted: wanted?.version }),
    ...(told === undefined ? {} : { version: told }),
    ...(known === undefined || known.any.length === 0 ? {} : { resource: known }),
    ...(state.accepted === undefined ? {} : { acceptedAtMs: state.accepted.atMs }),
    ...refusalOf(state, name),
  };
}

function sentIn({ inFlight }: Subscription, name: string): SnapshotResource | undefined {
  return inFlight?.plan.view.resources.get(name);
}

interface Versions {
  readonly name: string;
  readonly told: string | undefined;
  readonly wanted: string | undefined;
}

function statusOf(state: Subscription, { name, told, wanted }: Versions): ResourceStatus['status'] {
  if (told === undefined) return 'NOT_SENT';
  if (state.unaccepted.get(name) === told) return 'ERROR';
  const isUnanswered = isAwaitingAnswer(state) && state.inFlight?.plan.changed.includes(name) === true;
  return isUnanswered || told !== wanted ? 'STALE' : 'SYNCED';
}

function refusalOf({ rejected, unaccepted }: Subscription, name: string): Pick<ResourceStatus, 'refusal'> {
  const version = unaccepted.get(name);
  if (rejected === undefined || version === undefined) return {};
  return { refusal: { message: rejected.message, version, atMs: rejected.atMs } };
}
