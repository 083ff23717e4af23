// Views made from resources and from other views. The version always follows from the contents (X16, X17); what did not change stays the
// same object, so that nobody compares or sends it again (P15).
import { hash } from 'node:crypto';
import { normalName } from './resource-name.ts';
import type { Snapshot, SnapshotResource, TypeUrl, TypeView, Withheld } from './types.ts';
import { VersionedMap } from './versioned-map.ts';

const VERSION_LENGTH = 16;

/** Of texts or bytes; 16 hexadecimal digits. */
export function contentVersion(content: string | Buffer): string {
  // A part of a longer text would keep all of it, and be slow to compare.
  return hash('sha256', content, 'buffer').toString('hex', 0, VERSION_LENGTH / 2);
}

/** `any`: an encoded google.protobuf.Any, which must never change. */
export function snapshotResource(typeUrl: TypeUrl, name: string, any: Buffer): SnapshotResource {
  return Object.freeze({ typeUrl, name: normalName(name), version: contentVersion(any), any });
}

/** The resource with a time to live, which is a part of its contents: clients hear when it comes, changes or goes (X87). */
export function expiringResource(resource: SnapshotResource, ttlMs: number): SnapshotResource {
  return Object.freeze({ ...resource, ttlMs, version: contentVersion(`${resource.version} ${ttlMs}`) });
}

/** The resource under further names; these are no part of its contents (X90). */
export function aliasedResource(resource: SnapshotResource, aliases: readonly string[]): SnapshotResource {
  return Object.freeze({ ...resource, aliases });
}

/** All of `resources`; `previous` itself when contents are equal. */
export function typeView(typeUrl: TypeUrl, resources: Iterable<SnapshotResource>, previous?: TypeView): TypeView {
  const given = new Map<string, SnapshotResource>();
  for (const resource of resources) given.set(resource.name, resource);
  const traits = mayExpire(given.values()) ? { mayExpire: true as const } : {};
  if (previous === undefined) return viewOf(typeUrl, VersionedMap.of(given.values()), traits);
  const edited = previous.resources.edit(given.values());
  const gone = edited.size === given.size ? [] : [...edited.keys()].filter((name) => !given.has(name));
  const map = edited.edit([], gone);
  return map === previous.resources && previous.withheld === undefined ? previous : viewOf(typeUrl, map, traits);
}

/** The view with these resources, new or in the place of those of the same name; the view itself when it has them already. */
export function withResources(view: TypeView, resources: Iterable<SnapshotResource>): TypeView {
  const given = [...resources];
  const map = view.resources.edit(given);
  if (map === view.resources) return view;
  return viewOf(view.typeUrl, map, mayExpire(given) ? { ...view, mayExpire: true } : view);
}

function mayExpire(resources: Iterable<SnapshotResource>): boolean {
  for (const { ttlMs } of resources) if (ttlMs !== undefined) return true;
  return false;
}

/** The view without these names; the view itself when it has none of them. */
export function withoutResources(view: TypeView, names: Iterable<string>): TypeView {
  return withMap(view, view.resources.edit([], names));
}

/** As `withResources`, for one. */
export function withResource(view: TypeView, resource: SnapshotResource): TypeView {
  return withResources(view, [resource]);
}

/** As `withoutResources`, for one. */
export function withoutResource(view: TypeView, name: string): TypeView {
  return withoutResources(view, [name]);
}

/** The view with these reasons why names are not in it; names that it has are left out. */
export function withReasons(view: TypeView, withheld: ReadonlyMap<string, Withheld>): TypeView {
  const reasons = new Map([...withheld].filter(([name]) => !view.resources.has(name)));
  return viewOf(view.typeUrl, view.resources, { ...view, withheld: reasons });
}

/** The version of a snapshot with these views, which stand in the order of their types. */
export function snapshotVersion(views: Iterable<TypeView>): string {
  const lines = [...views].map(({ typeUrl, version }) => `${typeUrl}\0${version}\n`);
  return contentVersion(lines.join(''));
}

/**
 * The snapshot with this view in the place of that of its type, and with a version that follows from the contents; the revision stays
 * (D19). The snapshot itself when it has the view already.
 */
export function withView(snapshot: Snapshot, view: TypeView): Snapshot {
  if (snapshot.views.get(view.typeUrl) === view) return snapshot;
  const views = [...snapshot.views.values()].filter(({ typeUrl }) => typeUrl !== view.typeUrl);
  const sorted = [...views, view].sort((left, right) => (left.typeUrl < right.typeUrl ? -1 : 1));
  return Object.freeze({
    gateway: snapshot.gateway,
    version: snapshotVersion(sorted),
    revision: snapshot.revision ?? snapshot.version,
    views: new Map(sorted.map((each) => [each.typeUrl, each])),
  });
}

/** As `withView`, without the view of a type; the snapshot itself when it has none. */
export function withoutView(snapshot: Snapshot, typeUrl: TypeUrl): Snapshot {
  if (!snapshot.views.has(typeUrl)) return snapshot;
  const views = [...snapshot.views.values()].filter((view) => view.typeUrl !== typeUrl);
  return Object.freeze({
    gateway: snapshot.gateway,
    version: snapshotVersion(views),
    revision: snapshot.revision ?? snapshot.version,
    views: new Map(views.map((each) => [each.typeUrl, each])),
  });
}

function withMap(view: TypeView, resources: TypeView['resources']): TypeView {
  return resources === view.resources ? view : viewOf(view.typeUrl, resources, view);
}

function viewOf(
  typeUrl: TypeUrl,
  resources: TypeView['resources'],
  { withheld, mayExpire }: Pick<TypeView, 'withheld' | 'mayExpire'>,
): TypeView {
  const version = resources.digest.slice(0, VERSION_LENGTH);
  const expires = mayExpire === true ? { mayExpire } : {};
  if (withheld === undefined || withheld.size === 0) return Object.freeze({ typeUrl, version, resources, ...expires });
  const reasons = [...withheld].map(([name, { reason }]) => `${name}\0${reason}\n`).sort();
  return Object.freeze({ typeUrl, version: contentVersion(`${version}\n${reasons.join('')}`), resources, withheld, ...expires });
}
