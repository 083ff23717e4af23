// Hand-made resources and bootstraps for a real Envoy under conformance tests: no configuration language, no compiler.
import type { Contents } from '../support/snapshots.ts';

type Messages = Record<string, object>;

/** How Envoy reaches the control plane. */
export type EnvoyForm = 'delta ADS' | 'sotw ADS' | 'delta separate' | 'sotw separate' | 'rest';

export interface ServiceOptions {
  readonly connectTimeoutSeconds?: number;
  /** Active health checks with this path. */
  readonly healthCheck?: { readonly timeoutSeconds: number };
  /** Upstream TLS with this validation secret. */
  readonly caSecret?: string;
}

export interface GatewayParts {
  /** Service → port of its only endpoint; undefined: no endpoint. */
  readonly services: Readonly<Record<string, number | undefined>>;
  readonly options?: Readonly<Record<string, ServiceOptions>>;
  /** Path prefix → service. */
  readonly routes: Readonly<Record<string, string>>;
  readonly port: number;
  /** A TLS listener with this secret. */
  readonly tlsSecret?: string;
  readonly secrets?: Messages;
  readonly listenerName?: string;
}

export function gatewayContents(parts: GatewayParts, form: EnvoyForm = 'delta ADS'): Contents {
  const clusters: Messages = {};
  const assignments: Messages = {};
  for (const [name, port] of Object.entries(parts.services)) {
    clusters[name] = cluster(name, parts.options?.[name] ?? {}, form);
    const endpoints = port === undefined ? [] : [{ lb_endpoints: [{ endpoint: { address: loopback(port) } }] }];
    assignments[name] = { cluster_name: name, endpoints };
  }
  const listener = parts.listenerName ?? 'main';
  return {
    Cluster: clusters,
    ClusterLoadAssignment: assignments,
    Listener: { [listener]: listenerMessage(listener, parts, form) },
    RouteConfiguration: { routes: { name: 'routes', virtual_hosts: [{ name: 'all', domains: ['*'], routes: routes(parts.routes) }] } },
    ...(parts.secrets === undefined ? {} : { Secret: parts.secrets }),
  };
}

/** The bootstrap of an Envoy that polls by REST. */
export function restBootstrap(restPort: number, gateway: string): object {
  return {
    node: { id: 'envoy-rest', cluster: gateway },
    dynamic_resources: { cds_config: source('rest'), lds_config: source('rest') },
    static_resources: { clusters: [staticCluster('xds', restPort)] },
  };
}

/** The bootstrap, of an Envoy that reports load to its xDS server too. */
export function withLoadReports(bootstrap: object): object {
  const load = { api_type: 'GRPC', transport_api_version: 'V3', grpc_services: [{ envoy_grpc: { cluster_name: 'xds' } }] };
  return { ...bootstrap, cluster_manager: { load_stats_config: load } };
}

function staticCluster(name: string, port: number): object {
  const endpoints = [{ lb_endpoints: [{ endpoint: { address: loopback(port) } }] }];
  return { name, connect_timeout: '1s', load_assignment: { cluster_name: name, endpoints } };
}

/** The bootstrap of an Envoy of `gateway`, with the xDS server as its only static cluster. */
export function xdsBootstrap(xdsPort: number, gateway: string, form: EnvoyForm): object {
  const isAggregated = form.endsWith('ADS');
  const dynamic = isAggregated
    ? { ads_config: apiSource(form), cds_config: source(form), lds_config: source(form) }
    : { cds_config: source(form), lds_config: source(form) };
  return {
    node: { id: `envoy-${form.replaceAll(' ', '-')}`, cluster: gateway },
    dynamic_resources: dynamic,
    static_resources: {
      clusters: [
        {
          name: 'xds',
          connect_timeout: '1s',
          typed_extension_protocol_options: {
            'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
              '@type': 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
              explicit_http_config: { http2_protocol_options: {} },
            },
          },
          load_assignment: { cluster_name: 'xds', endpoints: [{ lb_endpoints: [{ endpoint: { address: loopback(xdsPort) } }] }] },
        },
      ],
    },
  };
}

function source(form: EnvoyForm): object {
  return { resource_api_version: 'V3', ...(form.endsWith('ADS') ? { ads: {} } : { api_config_source: apiSource(form) }) };
}

function apiSource(form: EnvoyForm): object {
  if (form === 'rest')
    return { api_type: 'REST', transport_api_version: 'V3', cluster_names: ['xds'], refresh_delay: '0.2s', request_timeout: '0.9s' };
  return {
    api_type: form.startsWith('delta') ? 'DELTA_GRPC' : 'GRPC',
    transport_api_version: 'V3',
    grpc_services: [
      { envoy_grpc: { cluster_name: 'xds', retry_policy: { retry_back_off: { base_interval: '0.1s', max_interval: '0.3s' } } } },
    ],
    set_node_on_first_message_only: true,
  };
}

function cluster(name: string, options: ServiceOptions, form: EnvoyForm): object {
  const { healthCheck, caSecret, connectTimeoutSeconds = 1 } = options;
  return {
    name,
    type: 'EDS',
    eds_cluster_config: { eds_config: messageOf(source(form)) },
    connect_timeout: { seconds: connectTimeoutSeconds },
    ...(healthCheck === undefined
      ? {}
      : {
          health_checks: [
            {
              timeout: { seconds: healthCheck.timeoutSeconds },
              interval: { seconds: 60 },
              unhealthy_threshold: { value: 1 },
              healthy_threshold: { value: 1 },
              http_health_check: { path: '/health' },
            },
          ],
        }),
    ...(caSecret === undefined
      ? {}
      : {
          transport_socket: {
            name: 'tls',
            typed_config: {
              '@type': 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext',
              common_tls_context: { validation_context_sds_secret_config: { name: caSecret, sds_config: messageOf(source(form)) } },
            },
          },
        }),
  };
}

function listenerMessage(name: string, parts: GatewayParts, form: EnvoyForm): object {
  const filters = [
    {
      name: 'http',
      typed_config: {
        '@type': 'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
        stat_prefix: name,
        rds: { route_config_name: 'routes', config_source: messageOf(source(form)) },
        http_filters: [{ name: 'router', typed_config: { '@type': 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router' } }],
      },
    },
  ];
  const tls = parts.tlsSecret && {
    transport_socket: {
      name: 'tls',
      typed_config: {
        '@type': 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext',
        common_tls_context: { tls_certificate_sds_secret_configs: [{ name: parts.tlsSecret, sds_config: messageOf(source(form)) }] },
      },
    },
  };
  return { name, address: loopback(parts.port), filter_chains: [{ filters, ...(tls === undefined ? {} : tls) }] };
}

function routes(table: Readonly<Record<string, string>>): readonly object[] {
  const longestFirst = Object.entries(table).sort(([left], [right]) => right.length - left.length);
  return longestFirst.map(([prefix, service]) => ({ match: { prefix }, route: { cluster: service } }));
}

function loopback(port: number): object {
  return { socket_address: { address: '127.0.0.1', port_value: port } };
}

/** Durations of a bootstrap are texts, those of a message are not. */
function messageOf(value: object): object {
  return JSON.parse(JSON.stringify(value), (_key, inner: unknown) =>
    typeof inner === 'string' && /^[\d.]+s$/.test(inner) ? { seconds: 0, nanos: Math.round(Number.parseFloat(inner) * 1e9) } : inner,
  ) as object;
}
