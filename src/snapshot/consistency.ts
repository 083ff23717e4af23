// Finds names that resources refer to and that no resource has: a proxy would wait for them or answer 503. Reads messages, not bytes.
import { TYPE_URLS } from '../proto/type-urls.ts';
import type { ResourceInput } from './build.ts';
import type { TypeUrl } from './types.ts';

/** A name that one resource asks for and that is not there. */
export interface MissingReference {
  readonly typeUrl: TypeUrl;
  readonly name: string;
  readonly from: { readonly typeUrl: TypeUrl; readonly name: string; readonly path: readonly (string | number)[] };
}

type Fields = Readonly<Record<string, unknown>>;
type Path = readonly (string | number)[];

interface Reference {
  readonly typeUrl: TypeUrl;
  readonly name: string;
  readonly path: Path;
}

/** Lists whose elements stay the same objects from one compilation to the next, so that what they refer to is known. */
const STABLE_LISTS: ReadonlySet<string> = new Set(['virtual_hosts', 'routes']);
const knownReferences = new WeakMap<object, readonly Reference[]>();

/**
 * In the order of the resources. Looked at are the clusters that routes name (weighted and mirrors too), the route configurations of listeners,
 * the endpoints of clusters, and secrets; those only where they come over xDS.
 */
export function findMissingReferences(resources: readonly ResourceInput[]): readonly MissingReference[] {
  const present = new Set(resources.map(({ typeUrl, name }) => `${typeUrl}\0${name}`));
  return resources.flatMap((resource) =>
    referencesOf(resource.message)
      .filter(({ typeUrl, name }) => !present.has(`${typeUrl}\0${name}`))
      .map(({ typeUrl, name, path }) => ({ typeUrl, name, from: { typeUrl: resource.typeUrl, name: resource.name, path } })),
  );
}

/** Paths begin at `message`. */
function referencesOf(message: object): readonly Reference[] {
  const known = knownReferences.get(message);
  if (known !== undefined) return known;
  const found = isFields(message) ? within(message, '', []) : [];
  knownReferences.set(message, found);
  return found;
}

/** All references of an object that stands under `key`, and of what it holds. */
function within(fields: Fields, key: string, path: Path): readonly Reference[] {
  const own = ownReference(fields, key);
  const inner = Object.entries(fields).flatMap(([name, value]) => {
    if (Array.isArray(value)) return inList(value, name, [...path, name]);
    return isFields(value) ? within(value, name, [...path, name]) : [];
  });
  return own === undefined ? inner : [{ typeUrl: own.typeUrl, name: own.name, path: [...path, own.field] }, ...inner];
}

function inList(list: readonly unknown[], key: string, path: Path): readonly Reference[] {
  return list.flatMap((element, index) => {
    if (!isFields(element)) return [];
    if (!STABLE_LISTS.has(key)) return within(element, key, [...path, index]);
    return referencesOf(element).map((reference) => ({ ...reference, path: [...path, index, ...reference.path] }));
  });
}

function ownReference(
  fields: Fields,
  key: string,
): { readonly typeUrl: TypeUrl; readonly name: string; readonly field: string } | undefined {
  if (key === 'route' || key === 'request_mirror_policies') return named(fields, 'cluster', TYPE_URLS.Cluster);
  if (key === 'clusters') return named(fields, 'name', TYPE_URLS.Cluster);
  if (key === 'rds') return named(fields, 'route_config_name', TYPE_URLS.RouteConfiguration);
  if (isFields(fields['sds_config'])) return named(fields, 'name', TYPE_URLS.Secret);
  const eds = fields['eds_cluster_config'];
  if (!isFields(eds)) return undefined;
  // Without a service name the endpoints have the name of the cluster.
  const serviceName = named(eds, 'service_name', TYPE_URLS.ClusterLoadAssignment);
  return serviceName === undefined
    ? named(fields, 'name', TYPE_URLS.ClusterLoadAssignment)
    : { ...serviceName, field: 'eds_cluster_config' };
}

function named(
  fields: Fields,
  field: string,
  typeUrl: TypeUrl,
): { readonly typeUrl: TypeUrl; readonly name: string; readonly field: string } | undefined {
  const name = fields[field];
  return typeof name === 'string' && name !== '' ? { typeUrl, name, field } : undefined;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}
