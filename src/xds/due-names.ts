// Of what a client asked for, the names that it must hear of now: they differ from what it was told, or it asked again (S1). Pure.
import { collectionOf, isCollection, isXdstp } from '../snapshot/resource-name.ts';
import type { SnapshotResource, TypeView } from '../snapshot/types.ts';
import { type NameSet, nameSet } from './name-map.ts';
import { covers, type Subscription, toldVersion } from './subscription.ts';
import { diffViews, isSendable } from './views.ts';
import { answersTo, isUnknownHost } from './virtual-hosts.ts';

/** Each list sorted. */
export interface DueNames {
  readonly present: readonly string[];
  /** Not in the view; the client was told a version, or waits for an answer. */
  readonly absent: readonly string[];
  /** In the view by name and version only; such a name that is owed stays owed. */
  readonly unsendable: readonly string[];
}

export function dueNames(state: Subscription, view: TypeView): DueNames {
  const due = new Set<string>();
  for (const name of state.owed.keys()) for (const answer of answersOf(state, view, name)) due.add(answer);
  for (const name of state.overlay.keys()) {
    if (covers(state, name) && toldVersion(state, name) !== view.resources.get(name)?.version) due.add(name);
  }
  for (const name of differingNames(state, view)) {
    if (!state.overlay.has(name)) due.add(name);
  }
  const present: string[] = [];
  const absent: string[] = [];
  const unsendable: string[] = [];
  for (const name of [...due].sort()) {
    const resource = view.resources.get(name);
    if (resource === undefined || isTakenAway(state, resource)) absent.push(name);
    else (isSendable(resource) ? present : unsendable).push(name);
  }
  return { present, absent, unsendable };
}

/** A host that the client was told, and that nobody serves now: an answer without a body would leave it what it has. */
function isTakenAway(state: Subscription, resource: SnapshotResource): boolean {
  const told = toldVersion(state, resource.name);
  return isUnknownHost(resource) && told !== undefined && told !== resource.version;
}

/** The covered names on which base and view differ; walks the difference or the names, whichever is shorter. */
function differingNames(state: Subscription, view: TypeView): readonly string[] {
  const { base, names } = state;
  const { changed, removed } = diffViews(base, view);
  // A virtual host is in the view because it was asked for.
  if (state.type.hasHosts) return [...changed, ...removed.filter((name) => isLostHost(state, name))];
  if (!state.hasCollections && state.wildcard === 'none' && names.size < changed.length + removed.length) {
    return [...names.keys()].filter((name) => base.resources.get(name)?.version !== view.resources.get(name)?.version);
  }
  const differing = [...changed, ...removed].filter((name) => covers(state, name));
  return state.hasCollections ? [...differing, ...emptied(state, view, removed)] : differing;
}

/** Still asked for, and gone; not a host that the client was told to be unknown. */
function isLostHost(state: Subscription, name: string): boolean {
  const resource = state.base.resources.get(name);
  if (resource === undefined || isUnknownHost(resource)) return false;
  return covers(state, name) || (resource.aliases ?? []).some((alias) => state.names.has(alias));
}

/** Collections that lost their last member (X92). */
function emptied({ names }: Subscription, view: TypeView, removed: readonly string[]): readonly string[] {
  const touched = new Set(removed.filter(isXdstp).map(collectionOf));
  return [...touched].filter((collection) => names.has(collection) && membersOf(view, collection).length === 0);
}

/** What is owed once these were sent: of a collection, or of a route configuration, the members that were not. */
export function owedAfter(state: Subscription, view: TypeView, sent: Iterable<string>): NameSet {
  const isByMember = state.hasCollections || state.type.hasHosts;
  const owed = isByMember ? nameSet([...state.owed.keys()].flatMap((name) => answersOf(state, view, name))) : state.owed;
  return owed.edit((draft) => {
    for (const name of sent) draft.delete(name);
  });
}

/** What answers a name that is owed; the name itself where nothing else does. */
function answersOf(state: Subscription, view: TypeView, name: string): readonly string[] {
  if (state.type.hasHosts) return answersTo(view, name);
  if (!state.hasCollections || !isCollection(name)) return [name];
  const members = membersOf(view, name);
  return members.length === 0 ? [name] : members;
}

const collections = new WeakMap<TypeView, ReadonlyMap<string, readonly string[]>>();

function membersOf(view: TypeView, collection: string): readonly string[] {
  const known = collections.get(view) ?? collectionsOf(view);
  collections.set(view, known);
  return known.get(collection) ?? [];
}

function collectionsOf(view: TypeView): ReadonlyMap<string, readonly string[]> {
  const members = new Map<string, string[]>();
  for (const name of view.resources.keys()) {
    if (!isXdstp(name)) continue;
    const collection = collectionOf(name);
    const list = members.get(collection) ?? [];
    members.set(collection, list);
    list.push(name);
  }
  return members;
}
