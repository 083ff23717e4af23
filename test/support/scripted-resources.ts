// Hand-made resources for a control plane that is a script: one listener, one route configuration, clusters.
import { any } from '../../src/proto/any.ts';

const ADS = { ads: {}, resource_api_version: 'V3' };

export interface ListenerOptions {
  readonly accessLog?: boolean;
  /** Where the routes come from. Default: the aggregated stream. */
  readonly source?: object;
}

/** A stream of its own to the cluster `xds`. */
export function separateSource(variant: 'delta' | 'sotw'): object {
  return {
    resource_api_version: 'V3',
    api_config_source: {
      api_type: variant === 'delta' ? 'DELTA_GRPC' : 'GRPC',
      transport_api_version: 'V3',
      grpc_services: [{ envoy_grpc: { cluster_name: 'xds' } }],
    },
  };
}

/** Gets its endpoints by EDS on the same stream. */
export function edsCluster(name: string, more: object = {}): object {
  return { name, type: 'EDS', eds_cluster_config: { eds_config: ADS }, connect_timeout: { seconds: 1, nanos: 0 }, ...more };
}

export function staticCluster(name: string, ...ports: readonly number[]): object {
  return { name, type: 'STATIC', connect_timeout: { seconds: 1, nanos: 0 }, load_assignment: endpoints(name, ...ports) };
}

export function endpoints(name: string, ...ports: readonly number[]): object {
  const lb_endpoints = ports.map((port_value) => ({
    endpoint: { address: { socket_address: { address: '127.0.0.1', port_value } } },
  }));
  return { cluster_name: name, endpoints: [{ lb_endpoints }] };
}

/** With the route configuration `routes`; the access log is one JSON object a line. */
export function listener(port_value: number, { accessLog = false, source = ADS }: ListenerOptions = {}): object {
  const fields = { flags: '%RESPONSE_FLAGS%', status: '%RESPONSE_CODE%', user_agent: '%REQ(USER-AGENT)%' };
  const format = {
    json_format: { fields: Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, { string_value: value }])) },
  };
  const log = {
    name: 'envoy.access_loggers.stdout',
    typed_config: any('envoy.extensions.access_loggers.stream.v3.StdoutAccessLog', { log_format: format }),
  };
  const manager = any('envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager', {
    stat_prefix: 'main',
    rds: { config_source: source as never, route_config_name: 'routes' },
    http_filters: [{ name: 'envoy.filters.http.router', typed_config: any('envoy.extensions.filters.http.router.v3.Router', {}) }],
    ...(accessLog ? { access_log: [log] } : {}),
  });
  return {
    name: 'main',
    address: { socket_address: { address: '127.0.0.1', port_value } },
    filter_chains: [{ filters: [{ name: 'envoy.filters.network.http_connection_manager', typed_config: manager }] }],
  };
}

/** Everything goes to one cluster. */
export function routes(cluster: string): object {
  return { name: 'routes', virtual_hosts: [{ name: 'all', domains: ['*'], routes: [{ match: { prefix: '/' }, route: { cluster } }] }] };
}
