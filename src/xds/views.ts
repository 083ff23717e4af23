// Operations on type views: difference, union, remainder. Each answer is made once per pair of views and shared by all streams,
// for views are immutable and most streams stand at the same ones.
import { hash } from 'node:crypto';
import type { SnapshotResource, TypeUrl, TypeView } from '../snapshot/types.ts';

export interface ViewDiff {
  /** Names that are new or have another version, in the order of the newer view. */
  readonly changed: readonly string[];
  readonly removed: readonly string[];
}

export function emptyView(typeUrl: TypeUrl): TypeView {
  return viewOf(typeUrl, []);
}

const NO_BYTES = Buffer.alloc(0);

/**
 * What a client holds beyond the target, by name → version; undefined if that is nothing. Resources that `recent` still has are as they
 * are there; of the others only name and version are known, and they are never sent.
 */
export function heldBeyond(versions: ReadonlyMap<string, string>, target: TypeView, recent: TypeView | undefined): TypeView | undefined {
  const { typeUrl } = target;
  const held: SnapshotResource[] = [];
  for (const [name, version] of versions) {
    if (!target.resources.has(name)) held.push(recent?.resources.get(name) ?? { typeUrl, name, version, any: NO_BYTES });
  }
  return held.length === 0 ? undefined : viewOf(typeUrl, held);
}

/** False for resources of which only name and version are known. */
export function isSendable(resource: SnapshotResource): boolean {
  return resource.any.length > 0;
}

/** What tells `view` from `base`. */
export const diffViews: (base: TypeView, view: TypeView) => ViewDiff = oncePerPair((base, view) => {
  if (base === view) return { changed: [], removed: [] };
  const changed: string[] = [];
  for (const [name, resource] of view.resources) {
    if (base.resources.get(name)?.version !== resource.version) changed.push(name);
  }
  const removed: string[] = [];
  for (const name of base.resources.keys()) if (!view.resources.has(name)) removed.push(name);
  return { changed, removed };
});

/** All of `view`, and of `older` what `view` has not; `view` itself if that is nothing. */
export const unionViews: (older: TypeView, view: TypeView) => TypeView = oncePerPair((older, view) => {
  const extra = remainder(older, view);
  if (extra.length === 0) return view;
  return viewOf(view.typeUrl, [...view.resources.values(), ...extra]);
});

/** Of `older` what `view` has not, as a view; undefined if that is nothing. */
export const droppedFrom: (older: TypeView, view: TypeView) => TypeView | undefined = oncePerPair((older, view) => {
  const extra = remainder(older, view);
  return extra.length === 0 ? undefined : viewOf(view.typeUrl, extra);
});

/** `view` with the given names as they are in `older`, where they are there. */
export function keepOlder(view: TypeView, older: TypeView, names: readonly string[]): TypeView {
  const kept = names.flatMap((name) => older.resources.get(name) ?? []);
  if (kept.length === 0) return view;
  const resources = new Map(view.resources);
  for (const resource of kept) resources.set(resource.name, resource);
  return viewOf(view.typeUrl, [...resources.values()]);
}

function remainder(older: TypeView, view: TypeView): readonly SnapshotResource[] {
  if (older === view) return [];
  return [...older.resources.values()].filter((resource) => !view.resources.has(resource.name));
}

/** The version is the one that a snapshot of the same contents has, so that equal contents have equal versions however they came about (X17). */
function viewOf(typeUrl: TypeUrl, resources: readonly SnapshotResource[]): TypeView {
  const sorted = [...resources].sort((left, right) => (left.name < right.name ? -1 : 1));
  const lines = sorted.map(({ name, version }) => `${name}\0${version}\n`);
  return {
    typeUrl,
    version: hash('sha256', lines.join(''), 'hex').slice(0, 16),
    resources: new Map(sorted.map((resource) => [resource.name, resource])),
  };
}

function oncePerPair<Answer>(make: (left: TypeView, right: TypeView) => Answer): (left: TypeView, right: TypeView) => Answer {
  const byLeft = new WeakMap<TypeView, WeakMap<TypeView, { readonly answer: Answer }>>();
  return (left, right) => {
    const byRight = byLeft.get(left) ?? new WeakMap<TypeView, { readonly answer: Answer }>();
    byLeft.set(left, byRight);
    const known = byRight.get(right) ?? { answer: make(left, right) };
    byRight.set(right, known);
    return known.answer;
  };
}
