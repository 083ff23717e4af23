// The bootstrap that connects an Envoy to Chancery. Pure: everything that differs between machines is an option.
import { any } from '../proto/any.ts';
import { duration } from '../proto/duration.ts';
import type { Admin } from '../proto/generated/envoy/config/bootstrap/v3/Admin.ts';
import type { Bootstrap } from '../proto/generated/envoy/config/bootstrap/v3/Bootstrap.ts';
import type { Cluster } from '../proto/generated/envoy/config/cluster/v3/Cluster.ts';
import type { ConfigSource } from '../proto/generated/envoy/config/core/v3/ConfigSource.ts';
import type { GrpcService } from '../proto/generated/envoy/config/core/v3/GrpcService.ts';
import type { Struct } from '../proto/generated/google/protobuf/Struct.ts';
import { ADS } from './config-source.ts';
import { COMPILED_FLEET } from './fleet-cluster.ts';
import { isIpAddress } from './host-name.ts';
import { FLEET_CLUSTER, RUNTIME_LAYER_NAME } from './names.ts';
import { OVERLOAD_MANAGER } from './overload-manager.ts';
import { RUNTIME_LAYER } from './runtime-layer.ts';
import { STATS } from './stats-config.ts';
import { compileXdsTls, type XdsTls } from './xds-tls.ts';

export interface BootstrapOptions {
  readonly nodeId: string;
  /** Becomes `node.cluster`, by which the server knows whose configuration to send. */
  readonly gateway: string;
  /** Where Chancery serves xDS. A host name is resolved by Envoy. */
  readonly xds: SocketAddress;
  /** Default: plain text. */
  readonly xdsTls?: XdsTls;
  /** Envoy's admin interface; anyone who reaches it can stop the proxy. Default: none. */
  readonly admin?: SocketAddress;
  /** State of the world sends all resources of a type for each change; delta, the default, what changed (B73). */
  readonly variant?: 'delta' | 'sotw';
}

export interface SocketAddress {
  readonly host: string;
  readonly port: number;
}

/** The cluster over which Envoy reaches Chancery; no service can have this name (C16). */
export const XDS_CLUSTER = 'chancery/xds';

const AUTHORITY = 'chancery';

const CONNECT_TIMEOUT_MS = 1000;
/** A dead server is noticed after one interval and one timeout. */
const KEEPALIVE_INTERVAL_MS = 30_000;
const KEEPALIVE_TIMEOUT_MS = 5000;

export function compileBootstrap(options: BootstrapOptions): Bootstrap {
  const { admin, variant = 'delta' } = options;
  return {
    node: { id: options.nodeId, cluster: options.gateway, metadata: KNOWS_FLEET },
    ...(admin === undefined ? {} : { admin: compileAdmin(admin) }),
    dynamic_resources: {
      ads_config: {
        api_type: variant === 'delta' ? 'DELTA_GRPC' : 'GRPC',
        transport_api_version: 'V3',
        set_node_on_first_message_only: true,
        grpc_services: [XDS_SERVICE],
      },
      cds_config: FIRST_CONFIGURATION,
      lds_config: FIRST_CONFIGURATION,
    },
    cluster_manager: {
      // Says how much load each service has (R28).
      load_stats_config: { api_type: 'GRPC', transport_api_version: 'V3', grpc_services: [XDS_SERVICE] },
      // Says how many proxies a limit is divided over (ratelimit R213).
      local_cluster_name: FLEET_CLUSTER,
    },
    static_resources: { clusters: [compileXdsCluster(options), COMPILED_FLEET] },
    stats_config: STATS,
    // Stats of a cluster's traffic take memory once it has traffic (ENV#19946).
    deferred_stat_options: { enable_deferred_creation_stats: true },
    overload_manager: OVERLOAD_MANAGER,
    // Runtime values can be set over the admin interface, and win over ours.
    layered_runtime: {
      layers: [
        RUNTIME_LAYER,
        { name: RUNTIME_LAYER_NAME, rtds_layer: { name: RUNTIME_LAYER_NAME, rtds_config: ADS } },
        { name: 'admin', admin_layer: {} },
      ],
    },
  };
}

/** A revision that needs that cluster is kept from nodes that do not say this: Envoy would refuse it. */
const KNOWS_FLEET: Struct = { fields: { chancery: { struct_value: { fields: { fleet: { bool_value: true } } } } } };

/** Without an authority the cluster's name is sent, whose slash no HTTP/2 server takes in an :authority. */
const XDS_SERVICE: GrpcService = { envoy_grpc: { cluster_name: XDS_CLUSTER, authority: AUTHORITY } };

/** Waits for the first answer without end: an Envoy without configuration must not call itself ready (B55). */
const FIRST_CONFIGURATION: ConfigSource = { ads: {}, resource_api_version: 'V3', initial_fetch_timeout: duration(0) };

/** The admin interface of a bootstrap. */
export function compileAdmin({ host, port }: SocketAddress): Admin {
  return { address: { socket_address: { address: host, port_value: port } } };
}

function compileXdsCluster({ xds: { host, port }, xdsTls }: BootstrapOptions): Cluster {
  const options = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';
  const dns = any('envoy.extensions.clusters.dns.v3.DnsCluster', { dns_lookup_family: 'V4_PREFERRED', respect_dns_ttl: true });
  return {
    name: XDS_CLUSTER,
    ...(isIpAddress(host) ? { type: 'STATIC' } : { cluster_type: { name: 'envoy.clusters.dns', typed_config: dns } }),
    connect_timeout: duration(CONNECT_TIMEOUT_MS),
    ...(xdsTls === undefined ? {} : { transport_socket: compileXdsTls(xdsTls) }),
    typed_extension_protocol_options: {
      [options]: any(options, {
        explicit_http_config: {
          http2_protocol_options: {
            connection_keepalive: { interval: duration(KEEPALIVE_INTERVAL_MS), timeout: duration(KEEPALIVE_TIMEOUT_MS) },
          },
        },
      }),
    },
    load_assignment: {
      cluster_name: XDS_CLUSTER,
      endpoints: [{ lb_endpoints: [{ endpoint: { address: { socket_address: { address: host, port_value: port } } } }] }],
    },
  };
}
