// Makes a snapshot of compiled messages: each is checked, encoded and hashed once, and what did not change is taken from before (P4, P9).
// Publishes nothing and reads no clock: same resources, same snapshot.
import type { EnvoyApi } from '../proto/api.ts';
import { TYPE_URLS, typeNameOf } from '../proto/type-urls.ts';
import { findEqualScopes } from './scope-keys.ts';
import type { Snapshot, SnapshotResource, TypeUrl, TypeView } from './types.ts';
import { contentVersion, snapshotResource, snapshotVersion, typeView } from './view.ts';

export interface ResourceInput {
  readonly typeUrl: TypeUrl;
  readonly name: string;
  /** Must never change after it was handed over: its bytes are remembered by its identity. */
  readonly message: object;
  /** What the message does not say and yet is a part of its contents: it makes another version. Default: nothing. */
  readonly variant?: string;
}

export interface SnapshotInput {
  readonly gateway: string;
  readonly resources: readonly ResourceInput[];
}

/** Why a resource cannot be published. */
export interface SnapshotProblem {
  readonly typeUrl: TypeUrl;
  readonly name: string;
  /** Place inside the message. */
  readonly path: readonly (string | number)[];
  readonly message: string;
}

export interface SnapshotOutcome {
  /** Absent when there is any problem; `previous` itself when nothing changed. */
  readonly snapshot?: Snapshot;
  readonly problems: readonly SnapshotProblem[];
}

/** Resources by their bytes, so that a message that stayed the same object is not hashed again. */
const resourceOfBytes = new WeakMap<Buffer, SnapshotResource>();

/** `previous`: the last snapshot of the same gateway, whose resources and views are reused where contents are equal. */
export function buildSnapshot(input: SnapshotInput, api: Pick<EnvoyApi, 'check' | 'encodeAny'>, previous?: Snapshot): SnapshotOutcome {
  const problems: SnapshotProblem[] = [];
  const byType = new Map<TypeUrl, Map<string, SnapshotResource>>();
  for (const { typeUrl, name, message, variant } of input.resources) {
    const resources = byType.get(typeUrl) ?? new Map<string, SnapshotResource>();
    byType.set(typeUrl, resources);
    const found = api.check(typeNameOf(typeUrl), message);
    if (resources.has(name)) problems.push({ typeUrl, name, path: [], message: 'has the name of another resource of its type' });
    for (const problem of found) problems.push({ typeUrl, name, ...problem });
    if (found.length === 0) {
      const resource = resourceOf(typeUrl, name, api.encodeAny(typeNameOf(typeUrl), message));
      resources.set(name, variant === undefined ? resource : variantOf(resource, variant));
    }
  }
  for (const { name, earlier } of findEqualScopes(input.resources)) {
    problems.push({ typeUrl: TYPE_URLS.ScopedRouteConfiguration, name, path: ['key'], message: `is the key of the scope ${earlier} too` });
  }
  if (problems.length > 0) return { problems };
  const sorted = [...byType].sort(([left], [right]) => (left < right ? -1 : 1));
  const views = sorted.map(([typeUrl, resources]) => typeView(typeUrl, resources.values(), previous?.views.get(typeUrl)));
  return { snapshot: snapshotOf(input.gateway, views, previous), problems };
}

function resourceOf(typeUrl: TypeUrl, name: string, any: Buffer): SnapshotResource {
  const known = resourceOfBytes.get(any);
  if (known?.name === name) return known;
  const resource = snapshotResource(typeUrl, name, any);
  resourceOfBytes.set(any, resource);
  return resource;
}

function variantOf(resource: SnapshotResource, variant: string): SnapshotResource {
  return Object.freeze({ ...resource, version: contentVersion(`${resource.version} ${variant}`) });
}

function snapshotOf(gateway: string, views: readonly TypeView[], previous: Snapshot | undefined): Snapshot {
  const isSame = previous?.gateway === gateway && previous.views.size === views.length;
  if (isSame && views.every((view) => previous.views.get(view.typeUrl) === view)) return previous;
  return Object.freeze({ gateway, version: snapshotVersion(views), views: new Map(views.map((view) => [view.typeUrl, view])) });
}
