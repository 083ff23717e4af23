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

/** What one object refers to, apart from the elements of its stable lists, which have findings of their own. */
interface Findings {
  readonly references: readonly Reference[];
  readonly parts: readonly { readonly fields: Fields; readonly path: Path }[];
}

/** Lists whose elements stay the same objects from one compilation to the next, so that what they refer to is known. */
const STABLE_LISTS: ReadonlySet<string> = new Set(['virtual_hosts', 'routes']);
const knownFindings = new WeakMap<object, Findings>();

/**
 * In the order of the resources. Looked at are the clusters that routes name (weighted and mirrors too), the route configurations of listeners,
 * the endpoints of clusters, and secrets; those only where they come over xDS.
 */
export function findMissingReferences(resources: readonly ResourceInput[]): readonly MissingReference[] {
  const present = presentNames(resources);
  const missing: MissingReference[] = [];
  for (const { typeUrl, name, message } of resources) {
    if (typeUrl === TYPE_URLS.ClusterLoadAssignment || !isFields(message)) continue;
    const report = (reference: Reference): void => {
      missing.push({ typeUrl: reference.typeUrl, name: reference.name, from: { typeUrl, name, path: reference.path } });
    };
    check(message, present, report);
  }
  return missing;
}

/** All names of a list of resources. While they stay the same, what was found complete among them stays complete. */
interface PresentNames {
  readonly text: string;
  readonly ofType: ReadonlyMap<TypeUrl, ReadonlySet<string>>;
  readonly complete: WeakSet<object>;
}

let newestNames: PresentNames = { text: '', ofType: new Map(), complete: new WeakSet() };

function presentNames(resources: readonly ResourceInput[]): PresentNames {
  const text = resources.map(({ typeUrl, name }) => `${typeUrl}\0${name}`).join('\0');
  if (newestNames.text === text) return newestNames;
  const ofType = new Map<TypeUrl, Set<string>>();
  for (const { typeUrl, name } of resources) {
    const names = ofType.get(typeUrl);
    if (names === undefined) ofType.set(typeUrl, new Set([name]));
    else names.add(name);
  }
  newestNames = { text, ofType, complete: new WeakSet() };
  return newestNames;
}

/** True when nothing is missing in `fields` or its parts. */
function check(fields: Fields, present: PresentNames, report: (reference: Reference) => void): boolean {
  if (present.complete.has(fields)) return true;
  const { references, parts } = findingsOf(fields);
  let isComplete = true;
  for (const reference of references) {
    if (present.ofType.get(reference.typeUrl)?.has(reference.name) === true) continue;
    report(reference);
    isComplete = false;
  }
  for (const part of parts) {
    const isPartComplete = check(part.fields, present, (reference) => report({ ...reference, path: [...part.path, ...reference.path] }));
    isComplete &&= isPartComplete;
  }
  if (isComplete) present.complete.add(fields);
  return isComplete;
}

function findingsOf(fields: Fields): Findings {
  const known = knownFindings.get(fields);
  if (known !== undefined) return known;
  const collector = new Collector();
  collector.collect(fields, '');
  knownFindings.set(fields, collector);
  return collector;
}

class Collector implements Findings {
  readonly references: Reference[] = [];
  readonly parts: { readonly fields: Fields; readonly path: Path }[] = [];
  /** Steps to what is looked at; copied where something is found, which is seldom. */
  readonly #path: (string | number)[] = [];

  /** `key`: the field that `fields` stands in. */
  collect(fields: Fields, key: string): void {
    const own = ownReference(fields, key);
    if (own !== undefined) this.references.push({ typeUrl: own.typeUrl, name: own.name, path: [...this.#path, own.field] });
    for (const name of Object.keys(fields)) {
      const value = fields[name];
      if (typeof value !== 'object') continue;
      this.#path.push(name);
      if (Array.isArray(value)) this.#collectList(value, name);
      else if (isFields(value)) this.collect(value, name);
      this.#path.pop();
    }
  }

  #collectList(list: readonly unknown[], key: string): void {
    const isStable = STABLE_LISTS.has(key);
    for (const [index, element] of list.entries()) {
      if (!isFields(element)) continue;
      this.#path.push(index);
      if (isStable) this.parts.push({ fields: element, path: [...this.#path] });
      else this.collect(element, key);
      this.#path.pop();
    }
  }
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
