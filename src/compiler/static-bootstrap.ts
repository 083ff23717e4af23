// A compilation → one bootstrap that a plain Envoy runs as it is, without a control plane: everything that would come over xDS stands in it.
// It holds the private keys; whoever prints it decides who may read it.
import type { DiscoveredService } from '../model/discovered-service.ts';
import type { Cluster } from '../proto/generated/envoy/config/cluster/v3/Cluster.ts';
import type { ClusterLoadAssignment } from '../proto/generated/envoy/config/endpoint/v3/ClusterLoadAssignment.ts';
import type { RouteConfiguration } from '../proto/generated/envoy/config/route/v3/RouteConfiguration.ts';
import { compileAdmin, type SocketAddress } from './bootstrap.ts';
import { compileDnsDiscovery } from './cluster.ts';
import { isEmptySlot } from './filter-slot-pass.ts';
import { FLEET_OF_ONE } from './fleet-cluster.ts';
import { type InlineSources, inline } from './inline.ts';
import { FLEET_CLUSTER, nameOfFilterSlot, nameOfService } from './names.ts';
import { OVERLOAD_MANAGER } from './overload-manager.ts';
import { RUNTIME_LAYER } from './runtime-layer.ts';
import type { Compilation, CompiledResource, ResourceKind } from './types.ts';

export interface StaticBootstrapOptions {
  /** Envoy's admin interface. Default: none. */
  readonly admin?: SocketAddress;
}

type Of<Kind extends ResourceKind> = Extract<CompiledResource, { kind: Kind }>;

/** A message of type envoy.config.bootstrap.v3.Bootstrap. */
export function compileStaticBootstrap(compilation: Compilation, { admin }: StaticBootstrapOptions = {}): object {
  const of = <Kind extends ResourceKind>(kind: Kind): readonly Of<Kind>[] =>
    compilation.resources.filter((resource): resource is Of<Kind> => resource.kind === kind);
  const hosts = of('VirtualHost');
  const sources: InlineSources = {
    routes: new Map(of('RouteConfiguration').map(({ name, message }) => [name, withVirtualHosts(name, message, hosts)])),
    filters: new Map(of('TypedExtensionConfig').flatMap(({ name, message }) => (isEmptySlot(message) ? [] : [[name, message] as const]))),
  };
  const assignments = new Map(of('ClusterLoadAssignment').map(({ name, message }) => [name, message]));
  const isDivided = sources.filters.has(nameOfFilterSlot('limit-fleet'));
  const names = new Map(compilation.discovery.flatMap(resolvedByEnvoy));
  return {
    node: { id: compilation.gateway, cluster: compilation.gateway },
    ...(admin === undefined ? {} : { admin: compileAdmin(admin) }),
    ...(isDivided ? { cluster_manager: { local_cluster_name: FLEET_CLUSTER } } : {}),
    static_resources: {
      listeners: of('Listener').map(({ message }) => inline(message, sources)),
      clusters: [
        ...of('Cluster').map(({ name, message }) =>
          inline(names.get(name)?.(message) ?? withEndpoints(message, assignments.get(name)), sources),
        ),
        ...(isDivided ? [FLEET_OF_ONE] : []),
      ],
      // Others are for companions alone (authz D4).
      secrets: of('Secret').flatMap(({ name, message }) => (name.startsWith('secret/') ? [] : [message])),
    },
    overload_manager: OVERLOAD_MANAGER,
    layered_runtime: {
      layers: [
        RUNTIME_LAYER,
        ...of('Runtime').map(({ name, message }) => ({ name, static_layer: message.layer })),
        { name: 'admin', admin_layer: {} },
      ],
    },
  };
}

/** A plain Envoy resolves host names itself; lists from elsewhere it cannot get. */
function resolvedByEnvoy({ owner, endpoints, source }: DiscoveredService): readonly (readonly [string, (cluster: Cluster) => Cluster])[] {
  if (source.kind !== 'dns') {
    return [];
  }
  const resolve = (cluster: Cluster): Cluster => {
    const { type: _type, eds_cluster_config: _eds, ...rest } = cluster;
    return { ...rest, ...compileDnsDiscovery({ ...owner, endpoints }) };
  };
  return [[nameOfService(owner.name), resolve]];
}

function withEndpoints(cluster: Cluster, assignment: ClusterLoadAssignment | undefined): Cluster {
  if (assignment === undefined) {
    return cluster;
  }
  const { eds_cluster_config: _, ...rest } = cluster;
  return { ...rest, type: 'STATIC', load_assignment: assignment };
}

/** With the virtual hosts that travel by themselves. */
function withVirtualHosts(name: string, { vhds, ...message }: RouteConfiguration, hosts: readonly Of<'VirtualHost'>[]): RouteConfiguration {
  const own = hosts.filter((host) => host.name.slice(0, host.name.lastIndexOf('/')) === name).map((host) => host.message);
  return vhds === undefined ? message : { ...message, virtual_hosts: own };
}
