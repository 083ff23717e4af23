// The incremental side of the protocol: what subscribing, unsubscribing and resuming mean (X56-X68).
import { isCollection } from '../snapshot/resource-name.ts';
import type { SnapshotResource, TypeView } from '../snapshot/types.ts';
import type { NameSet } from './name-map.ts';
import { covers, hasInterest, type Interest, oweAll, type Subscription } from './subscription.ts';
import { isSendable } from './views.ts';
import { namesOf } from './virtual-hosts.ts';

export interface DeltaNames {
  readonly variant: 'delta';
  readonly subscribe: readonly string[];
  readonly unsubscribe: readonly string[];
  /** What the client holds from an earlier stream; counts in the first message only (X58). */
  readonly initialVersions: ReadonlyMap<string, string>;
}

export function deltaInterest(
  before: Subscription,
  request: DeltaNames,
  client: { readonly isGrpc: boolean; readonly isFirst: boolean },
): Interest {
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

/** A virtual host may be given up under any of its names (R21). */
export function withAllNames(request: DeltaNames, view: TypeView): DeltaNames {
  return request.unsubscribe.length === 0
    ? request
    : { ...request, unsubscribe: request.unsubscribe.flatMap((name) => namesOf(view, name)) };
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

function resumeTold(state: Subscription, initialVersions: ReadonlyMap<string, string>, view: TypeView): Subscription {
  if (initialVersions.size === 0) return state;
  let equal = 0;
  const overlay = state.overlay.edit((draft) => {
    for (const [name, version] of initialVersions) {
      if (view.resources.get(name)?.version === version) equal += 1;
      else if (covers(state, name)) draft.set(name, version);
    }
    if (state.wildcard === 'none' || equal === view.resources.size) return;
    for (const name of view.resources.keys()) if (!initialVersions.has(name)) draft.set(name, null);
  });
  const owed = state.owed.edit((draft) => {
    if (state.owed.size > 0) for (const name of initialVersions.keys()) draft.delete(name);
  });
  return { ...state, base: view, overlay, owed };
}

/** What the client holds is answered again where it can be, and else still counts as told. */
function resumeOwed(state: Subscription, initialVersions: ReadonlyMap<string, string>, view: TypeView | undefined): Subscription {
  const told: [name: string, version: string][] = [];
  const again: string[] = [];
  // Names that are all owed already need not be looked at one by one.
  const areAllOwed = state.wildcard === 'none' && state.owed === state.names;
  for (const held of initialVersions) {
    const [name] = held;
    // A virtual host is owed by the name of its route configuration.
    const isAnswerable = !state.type.hasHosts && (view === undefined || isAnswered(view.resources.get(name)));
    if (isAnswerable && areAllOwed) continue;
    if (!covers(state, name)) continue;
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

function isAnswered(resource: SnapshotResource | undefined): boolean {
  return resource !== undefined && isSendable(resource);
}
