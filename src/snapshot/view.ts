// Views made from resources and from other views. The version always follows from the contents (X16, X17); what did not change stays the
// same object, so that nobody compares or sends it again (P15).
import { hash } from 'node:crypto';
import type { Snapshot, SnapshotResource, TypeUrl, TypeView } from './types.ts';
import { VersionedMap } from './versioned-map.ts';

const VERSION_LENGTH = 16;

/** Of texts or bytes; 16 hexadecimal digits. */
export function contentVersion(content: string | Buffer): string {
  return hash('sha256', content, 'hex').slice(0, VERSION_LENGTH);
}

/** `any`: an encoded google.protobuf.Any, which must never change. */
export function snapshotResource(typeUrl: TypeUrl, name: string, any: Buffer): SnapshotResource {
  return Object.freeze({ typeUrl, name, version: contentVersion(any), any });
}

/** All of `resources`; `previous` itself when contents are equal. */
export function typeView(typeUrl: TypeUrl, resources: Iterable<SnapshotResource>, previous?: TypeView): TypeView {
  if (previous === undefined) return viewOf(typeUrl, VersionedMap.of(resources));
  const given = new Map<string, SnapshotResource>();
  for (const resource of resources) given.set(resource.name, resource);
  const edited = previous.resources.edit(given.values());
  if (edited.size === given.size) return withMap(previous, edited);
  return withMap(
    previous,
    edited.edit(
      [],
      [...edited.keys()].filter((name) => !given.has(name)),
    ),
  );
}

/** The view with these resources, new or in the place of those of the same name; the view itself when it has them already. */
export function withResources(view: TypeView, resources: Iterable<SnapshotResource>): TypeView {
  return withMap(view, view.resources.edit(resources));
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

function withMap(view: TypeView, resources: TypeView['resources']): TypeView {
  return resources === view.resources ? view : viewOf(view.typeUrl, resources);
}

function viewOf(typeUrl: TypeUrl, resources: TypeView['resources']): TypeView {
  return Object.freeze({ typeUrl, version: resources.digest.slice(0, VERSION_LENGTH), resources });
}
