// The incremental side of the protocol: what subscribing, unsubscribing and resuming mean (X56-X68).
import type { SnapshotResource, TypeView } from '../snapshot/types.ts';
import { covers, hasInterest, type Interest, oweAll, type Subscription } from './subscription.ts';
import { isSendable } from './views.ts';

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
  const now = { wildcard, names };
  const owed = state.owed.edit((draft) => {
    for (const name of subscribe) if (names.has(name)) draft.set(name, true);
    for (const name of unsubscribe) {
      // Under a wildcard the client must hear what it still has (X61).
      if (covers(now, name) && state.names.has(name)) draft.set(name, true);
      else if (!covers(now, name)) draft.delete(name);
    }
    if (wildcard !== state.wildcard) for (const name of state.owed.keys()) if (!covers(now, name)) draft.delete(name);
  });
  return { ...now, owed, wasNamed: state.wasNamed || subscribe.length > 0 };
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
  const owed = state.owed.edit((draft) => {
    for (const name of initialVersions.keys()) draft.delete(name);
  });
  const overlay = state.overlay.edit((draft) => {
    for (const [name, version] of initialVersions) {
      if (covers(state, name) && view.resources.get(name)?.version !== version) draft.set(name, version);
    }
    if (state.wildcard === 'none') return;
    for (const name of view.resources.keys()) if (!initialVersions.has(name)) draft.set(name, null);
  });
  return { ...state, base: view, overlay, owed };
}

/** What the client holds is answered again where it can be, and else still counts as told. */
function resumeOwed(state: Subscription, initialVersions: ReadonlyMap<string, string>, view: TypeView | undefined): Subscription {
  const held = [...initialVersions].filter(([name]) => covers(state, name));
  const isAnswerable = (name: string): boolean => view === undefined || isAnswered(view.resources.get(name));
  const owed = state.owed.edit((draft) => {
    for (const [name] of held) {
      if (isAnswerable(name)) draft.set(name, true);
      else draft.delete(name);
    }
  });
  const overlay = state.overlay.edit((draft) => {
    for (const [name, version] of held) if (!isAnswerable(name)) draft.set(name, version);
  });
  return { ...state, owed, overlay };
}

function isAnswered(resource: SnapshotResource | undefined): boolean {
  return resource !== undefined && isSendable(resource);
}
