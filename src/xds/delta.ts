// The incremental side of the protocol: what subscribing, unsubscribing and resuming mean (X56-X68).
import { isCollection } from '../snapshot/resource-name.ts';
import type { SnapshotResource, TypeView } from '../snapshot/types.ts';
import { compareVersions, type Held, type InitialVersions } from './initial-versions.ts';
import { hasCollection, type NameSet } from './name-map.ts';
import { covers, hasInterest, type Interest, oweAll, type Subscription } from './subscription.ts';
import { isSendable } from './views.ts';
import { namesOf } from './virtual-hosts.ts';

export interface DeltaNames {
  readonly variant: 'delta';
  readonly subscribe: readonly string[];
  readonly unsubscribe: readonly string[];
  /** What the client holds from an earlier stream; counts in the first message only (X58). */
  readonly initialVersions: InitialVersions;
  /** Instead of `subscribe`, where many names are asked for that others have asked for before (P11). */
  readonly subscribeSet?: NameSet;
}

export function deltaInterest(
  before: Subscription,
  given: DeltaNames,
  client: { readonly isGrpc: boolean; readonly isFirst: boolean },
): Interest {
  const { subscribeSet } = given;
  if (subscribeSet !== undefined && isFresh(before) && given.subscribe.length + given.unsubscribe.length === 0) {
    const hasCollections = hasCollection(subscribeSet);
    return { wildcard: before.wildcard, names: subscribeSet, hasCollections, wasNamed: true, owed: subscribeSet };
  }
  const request = subscribeSet === undefined ? given : { ...given, subscribe: [...subscribeSet.keys(), ...given.subscribe] };
  const { subscribe, unsubscribe } = request;
  // A star that comes again asks for everything again (X56).
  const state = before.wildcard === 'explicit' && subscribe.includes('*') ? oweAll(before) : before;
  const wildcard = wildcardOf(state, request, client);
  const names = state.names.edit((draft) => {
    for (const name of subscribe) if (name !== '*') draft.set(name, true);
    for (const name of unsubscribe) draft.delete(name);
  });
  const wasNamed = state.wasNamed || subscribe.length > 0;
  const hasCollections = state.hasCollections || subscribe.some(isCollection);
  // First names are owed as they are: sharing the set spares a second one.
  const owed = state.names.size + state.owed.size === 0 ? names : owedAfter(state, request, { wildcard, names, type: state.type });
  return { wildcard, names, hasCollections, wasNamed, owed };
}

function isFresh({ names, owed }: Subscription): boolean {
  return names.size + owed.size === 0;
}

/** A virtual host may be given up under any of its names (R21). */
export function withAllNames(request: DeltaNames, { names }: Subscription, view: TypeView): DeltaNames {
  if (request.unsubscribe.length === 0) return request;
  return { ...request, unsubscribe: request.unsubscribe.flatMap((name) => (names.has(name) ? [name] : namesOf(view, name))) };
}

function owedAfter(
  state: Subscription,
  { subscribe, unsubscribe }: DeltaNames,
  now: Pick<Subscription, 'wildcard' | 'names' | 'type'>,
): NameSet {
  return state.owed.edit((draft) => {
    for (const name of subscribe) if (now.names.has(name)) draft.set(name, true);
    for (const name of unsubscribe) {
      // Under a wildcard the client must hear what it still has (X61).
      if (state.type.hasHosts || !covers(now, name)) draft.delete(name);
      else if (state.names.has(name)) draft.set(name, true);
    }
    if (now.wildcard !== state.wildcard) for (const name of state.owed.keys()) if (!covers(now, name)) draft.delete(name);
  });
}

function wildcardOf(
  state: Subscription,
  { subscribe, unsubscribe }: DeltaNames,
  client: { readonly isGrpc: boolean; readonly isFirst: boolean },
): Subscription['wildcard'] {
  if (unsubscribe.includes('*')) return 'none';
  if (subscribe.includes('*')) return 'explicit';
  const asksForNothing = subscribe.length === 0 && unsubscribe.length === 0;
  return client.isFirst && asksForNothing && state.type.hasLegacyWildcard && !client.isGrpc ? 'legacy' : state.wildcard;
}

/**
 * The first message of a type on a stream: what the client holds already counts as told (X57, X58). Types without which a cluster
 * would have no endpoints or secrets are sent all the same.
 */
export function resume(state: Subscription, { initialVersions }: DeltaNames, view: TypeView | undefined): Subscription {
  if (!hasInterest(state)) return state;
  const due = { ...state, isAnswerDue: true };
  return state.type.resumes ? resumeTold(due, initialVersions, view ?? state.type.empty) : resumeOwed(due, initialVersions, view);
}

function resumeTold(state: Subscription, versions: InitialVersions, view: TypeView): Subscription {
  if (versions.size === 0) return state;
  const { equal, differing, absent } = compareVersions(versions, view);
  const overlay = state.overlay.edit((draft) => {
    for (const held of [differing, absent]) for (const [name, version] of held) if (covers(state, name)) draft.set(name, version);
    if (state.wildcard === 'none' || equal + differing.length === view.resources.size) return;
    const names = namesHeld(versions);
    for (const name of view.resources.keys()) if (!names.has(name)) draft.set(name, null);
  });
  const owed = state.owed.size === 0 ? state.owed : withoutNames(state.owed, namesHeld(versions));
  return { ...state, base: view, overlay, owed };
}

/** What the client holds is answered again where it can be, and else still counts as told. */
function resumeOwed(state: Subscription, versions: InitialVersions, view: TypeView | undefined): Subscription {
  const told: Held[] = [];
  const again: string[] = [];
  for (const held of heldToLookAt(state, versions, view)) {
    const [name] = held;
    if (!covers(state, name)) continue;
    // A virtual host is owed by the name of its route configuration.
    const isAnswerable = !state.type.hasHosts && (view === undefined || isAnswered(view.resources.get(name)));
    if (isAnswerable) again.push(name);
    else told.push(held);
  }
  const owed = state.owed.edit((draft) => {
    for (const name of again) draft.set(name, true);
    if (!state.type.hasHosts) for (const [name] of told) draft.delete(name);
  });
  const overlay = state.overlay.edit((draft) => {
    for (const [name, version] of told) draft.set(name, version);
  });
  return { ...state, owed, overlay };
}

/** Names that are all owed already, and can be answered, need not be looked at one by one. */
function heldToLookAt(state: Subscription, versions: InitialVersions, view: TypeView | undefined): Iterable<Held> {
  const areAllOwed = state.wildcard === 'none' && state.owed === state.names && !state.type.hasHosts && !state.hasCollections;
  if (!areAllOwed) return versions;
  if (view === undefined) return [];
  const { absent, unsendable } = compareVersions(versions, view);
  return [...absent, ...unsendable];
}

function namesHeld(versions: InitialVersions): ReadonlySet<string> {
  const names = new Set<string>();
  for (const [name] of versions) names.add(name);
  return names;
}

function withoutNames(set: NameSet, names: Iterable<string>): NameSet {
  return set.edit((draft) => {
    for (const name of names) draft.delete(name);
  });
}

function isAnswered(resource: SnapshotResource | undefined): boolean {
  return resource !== undefined && isSendable(resource);
}
