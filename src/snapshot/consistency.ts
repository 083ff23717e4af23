// Finds names that resources refer to and that no resource has: a proxy would wait for them or answer 503. Reads messages, not bytes.
import { TYPE_URLS } from '../proto/type-urls.ts';
import type { ResourceInput } from './build.ts';
import type { TypeUrl } from './types.ts';

type Fields = Readonly<Record<string, unknown>>;
type Path = readonly (string | number)[];

/** A name that one resource asks for and that is not there. */
export interface MissingReference {
  readonly typeUrl: TypeUrl;
  readonly name: string;
  readonly from: { readonly typeUrl: TypeUrl; readonly name: string; readonly path: Path };
}

/**
 * In the order of the resources. Looked at are the clusters that routes name (weighted and mirrors too), the route configurations of listeners,
 * the endpoints of clusters, filters that come by themselves, and secrets; those only where they come over xDS. Remembers nothing: 10,000 routes take some 10 ms.
 */
export function findMissingReferences(resources: readonly ResourceInput[]): readonly MissingReference[] {
  const present = new Map<TypeUrl, Set<string>>();
  for (const { typeUrl, name } of resources) {
    const names = present.get(typeUrl);
    if (names === undefined) present.set(typeUrl, new Set([name]));
    else names.add(name);
  }
  const missing: MissingReference[] = [];
  for (const resource of resources) {
    new Search(resource, present, missing).run();
  }
  return missing;
}

/** In one resource. */
class Search {
  readonly #resource: ResourceInput;
  readonly #present: ReadonlyMap<TypeUrl, ReadonlySet<string>>;
  readonly #missing: MissingReference[];
  /** Steps to what is looked at; copied when something is missing. */
  readonly #path: (string | number)[] = [];

  constructor(resource: ResourceInput, present: ReadonlyMap<TypeUrl, ReadonlySet<string>>, missing: MissingReference[]) {
    this.#resource = resource;
    this.#present = present;
    this.#missing = missing;
  }

  run(): void {
    const { typeUrl, message } = this.#resource;
    if (!isFields(message)) return;
    if (typeUrl === TYPE_URLS.RouteConfiguration) this.#inEach(message, 'virtual_hosts', (host) => this.#virtualHost(host));
    else if (typeUrl === TYPE_URLS.VirtualHost) this.#virtualHost(message);
    else if (typeUrl === TYPE_URLS.Cluster) this.#cluster(message);
    else if (typeUrl === TYPE_URLS.Listener) this.#anywhere(message, '');
  }

  #virtualHost(host: Fields): void {
    this.#inEach(host, 'routes', (route) => this.#in(route, 'route', (action) => this.#action(action)));
  }

  #action(action: Fields): void {
    this.#name(action, 'cluster', TYPE_URLS.Cluster);
    this.#in(action, 'weighted_clusters', (weighted) =>
      this.#inEach(weighted, 'clusters', (cluster) => this.#name(cluster, 'name', TYPE_URLS.Cluster)),
    );
    this.#inEach(action, 'request_mirror_policies', (mirror) => this.#name(mirror, 'cluster', TYPE_URLS.Cluster));
  }

  #cluster(cluster: Fields): void {
    this.#in(cluster, 'eds_cluster_config', (eds) => {
      // Without a service name the endpoints have the name of the cluster.
      const name = textOf(eds['service_name']) ?? textOf(cluster['name']);
      if (name !== undefined) this.#look(TYPE_URLS.ClusterLoadAssignment, name);
    });
    this.#in(cluster, 'transport_socket', (socket) => this.#anywhere(socket, 'transport_socket'));
  }

  /** Looks through all that `fields`, which stands in the field `key`, holds: for what is small and has many shapes. */
  #anywhere(fields: Fields, key: string): void {
    if (key === 'route') this.#action(fields);
    if (key === 'rds') this.#name(fields, 'route_config_name', TYPE_URLS.RouteConfiguration);
    if (isFields(fields['sds_config'])) this.#name(fields, 'name', TYPE_URLS.Secret);
    if (isFields(fields['config_discovery'])) this.#name(fields, 'name', TYPE_URLS.TypedExtensionConfig);
    for (const name of Object.keys(fields)) {
      this.#in(fields, name, (value) => this.#anywhere(value, name));
      this.#inEach(fields, name, (value) => this.#anywhere(value, name));
    }
  }

  #in(fields: Fields, field: string, look: (value: Fields) => void): void {
    const value = fields[field];
    if (!isFields(value)) return;
    this.#path.push(field);
    look(value);
    this.#path.pop();
  }

  #inEach(fields: Fields, field: string, look: (element: Fields) => void): void {
    const list: unknown = fields[field];
    if (!Array.isArray(list)) return;
    this.#path.push(field, 0);
    for (let index = 0; index < list.length; index++) {
      this.#path[this.#path.length - 1] = index;
      const element: unknown = list[index];
      if (isFields(element)) look(element);
    }
    this.#path.length -= 2;
  }

  #name(fields: Fields, field: string, typeUrl: TypeUrl): void {
    const name = textOf(fields[field]);
    if (name === undefined) return;
    this.#path.push(field);
    this.#look(typeUrl, name);
    this.#path.pop();
  }

  #look(typeUrl: TypeUrl, name: string): void {
    if (this.#present.get(typeUrl)?.has(name) === true) return;
    const { typeUrl: fromType, name: fromName } = this.#resource;
    this.#missing.push({ typeUrl, name, from: { typeUrl: fromType, name: fromName, path: [...this.#path] } });
  }
}

/** Protobuf does not tell empty text from absent text. */
function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}
