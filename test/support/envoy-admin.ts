// Reads a running Envoy through its admin interface.
export interface EnvoyAdmin {
  readonly port: number;
  text(path: string): Promise<string>;
  json(path: string): Promise<unknown>;
  /** The first configuration has arrived, and the workers listen: being LIVE says only the first. */
  isReady(): Promise<boolean>;
  /** Counters and gauges whose names match the regular expression; all by default. */
  stats(filter?: string): Promise<ReadonlyMap<string, number>>;
  /** One counter or gauge; 0 where Envoy has not made it. */
  stat(name: string): Promise<number>;
  /** Name of a listener → its bound ports. */
  listenerPorts(): Promise<ReadonlyMap<string, readonly number[]>>;
  clusters(): Promise<readonly ClusterStatus[]>;
  /** Sections of /config_dump by short type name, such as `ListenersConfigDump`; `include_eds` is on. */
  configDump(): Promise<ReadonlyMap<string, Readonly<Record<string, unknown>>>>;
  /** Type and name of every dynamic resource that Envoy holds → its version. */
  versions(): Promise<ReadonlyMap<string, string>>;
}

export interface ClusterStatus {
  readonly name: string;
  readonly hosts: readonly {
    readonly address: string;
    readonly weight: number;
    readonly priority: number;
    readonly health: Readonly<Record<string, unknown>>;
  }[];
}

type Json = Readonly<Record<string, unknown>>;

const WORKERS_STARTED = 'listener_manager.workers_started';

export function createEnvoyAdmin(port: number): EnvoyAdmin {
  const fetchPath = async (path: string): Promise<Response> =>
    fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(5_000) });
  const text = async (path: string): Promise<string> => {
    const response = await fetchPath(path);
    if (!response.ok) throw new Error(`Envoy's admin interface answered ${response.status} to ${path}`);
    return response.text();
  };
  const json = async (path: string): Promise<unknown> => JSON.parse(await text(path));
  const stats = async (filter = ''): Promise<ReadonlyMap<string, number>> => {
    const body = (await json(`/stats?format=json&filter=${encodeURIComponent(filter)}`)) as { stats: { name?: string; value?: number }[] };
    return new Map(
      body.stats.flatMap(({ name, value }) => (name !== undefined && typeof value === 'number' ? [[name, value] as const] : [])),
    );
  };
  const configDump = async (): Promise<ReadonlyMap<string, Json>> => {
    const body = (await json('/config_dump?include_eds')) as { configs: Json[] };
    return new Map(body.configs.map((section) => [String(section['@type']).split('.').at(-1) ?? '', section]));
  };
  return {
    port,
    text,
    json,
    isReady: async () =>
      ((await fetchPath('/ready').catch(() => undefined))?.ok ?? false) && (await stats('workers_started')).get(WORKERS_STARTED) === 1,
    stats,
    stat: async (name) => (await stats(`^${name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`)).get(name) ?? 0,
    listenerPorts: async () => listenerPorts(await json('/listeners?format=json')),
    clusters: async () => clusterStatuses(await json('/clusters?format=json')),
    configDump,
    versions: async () => resourceVersions(await configDump()),
  };
}

function listenerPorts(body: unknown): ReadonlyMap<string, readonly number[]> {
  const { listener_statuses = [] } = body as {
    listener_statuses?: { name: string; local_address: SocketAddress; additional_local_addresses?: SocketAddress[] }[];
  };
  return new Map(
    listener_statuses.map(({ name, local_address, additional_local_addresses = [] }) => [
      name,
      [local_address, ...additional_local_addresses].map((address) => address.socket_address?.port_value ?? 0),
    ]),
  );
}

interface SocketAddress {
  readonly socket_address?: { readonly address: string; readonly port_value: number };
  readonly pipe?: { readonly path: string };
}

function clusterStatuses(body: unknown): readonly ClusterStatus[] {
  const { cluster_statuses = [] } = body as {
    cluster_statuses?: {
      name: string;
      host_statuses?: { address: SocketAddress; weight?: number; priority?: number; health_status?: Json }[];
    }[];
  };
  return cluster_statuses.map(({ name, host_statuses = [] }) => ({
    name,
    hosts: host_statuses.map((host) => ({
      address: host.address.pipe?.path ?? `${host.address.socket_address?.address}:${host.address.socket_address?.port_value}`,
      weight: host.weight ?? 1,
      priority: host.priority ?? 0,
      health: host.health_status ?? {},
    })),
  }));
}

/** Dynamic resources of a config dump: `Cluster service/a` → version. Warming ones carry the suffix ` (warming)`. */
function resourceVersions(dump: ReadonlyMap<string, Json>): ReadonlyMap<string, string> {
  const versions = new Map<string, string>();
  const add = (kind: string, name: string, version: unknown): void => {
    versions.set(`${kind} ${name}`, typeof version === 'string' ? version : '');
  };
  for (const [section, key, suffix] of [
    ['ClustersConfigDump', 'dynamic_active_clusters', ''],
    ['ClustersConfigDump', 'dynamic_warming_clusters', ' (warming)'],
  ] as const) {
    for (const entry of (dump.get(section)?.[key] ?? []) as { version_info?: string; cluster: { name: string } }[])
      add('Cluster', `${entry.cluster.name}${suffix}`, entry.version_info);
  }
  for (const entry of (dump.get('ListenersConfigDump')?.dynamic_listeners ?? []) as {
    name: string;
    active_state?: Json;
    warming_state?: Json;
  }[]) {
    if (entry.active_state !== undefined) add('Listener', entry.name, entry.active_state.version_info);
    if (entry.warming_state !== undefined) add('Listener', `${entry.name} (warming)`, entry.warming_state.version_info);
  }
  for (const entry of (dump.get('RoutesConfigDump')?.dynamic_route_configs ?? []) as {
    version_info?: string;
    route_config: { name: string };
  }[])
    add('RouteConfiguration', entry.route_config.name, entry.version_info);
  for (const entry of (dump.get('SecretsConfigDump')?.dynamic_active_secrets ?? []) as { name: string; version_info?: string }[])
    add('Secret', entry.name, entry.version_info);
  for (const entry of (dump.get('SecretsConfigDump')?.dynamic_warming_secrets ?? []) as { name: string; version_info?: string }[])
    add('Secret', `${entry.name} (warming)`, entry.version_info);
  for (const entry of (dump.get('EndpointsConfigDump')?.dynamic_endpoint_configs ?? []) as {
    version_info?: string;
    endpoint_config: { cluster_name: string };
  }[])
    add('ClusterLoadAssignment', entry.endpoint_config.cluster_name, entry.version_info);
  return versions;
}
