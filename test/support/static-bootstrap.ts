// A hand-written Envoy bootstrap without a control plane: one listener `main` on a free port, one route and one cluster for each backend.

/** Backend name → port. Each is reached by the path prefix `/name`; the first also by `/`. */
export function staticBootstrap(backends: Readonly<Record<string, number>>): object {
  const names = Object.keys(backends);
  const routes = [...names.map((name) => [`/${name}`, name]), ['/', names[0]]].map(([prefix, cluster]) => ({
    match: { prefix },
    route: { cluster },
  }));
  return {
    static_resources: {
      listeners: [{ name: 'main', address: loopback(0), filter_chains: [{ filters: [connectionManager(routes)] }] }],
      clusters: Object.entries(backends).map(([name, port]) => ({
        name,
        connect_timeout: '1s',
        load_assignment: { cluster_name: name, endpoints: [{ lb_endpoints: [{ endpoint: { address: loopback(port) } }] }] },
      })),
    },
  };
}

function loopback(port: number): object {
  return { socket_address: { address: '127.0.0.1', port_value: port } };
}

function connectionManager(routes: readonly object[]): object {
  return {
    name: 'envoy.filters.network.http_connection_manager',
    typed_config: {
      '@type': 'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
      stat_prefix: 'main',
      route_config: { virtual_hosts: [{ name: 'all', domains: ['*'], routes }] },
      http_filters: [
        {
          name: 'envoy.filters.http.router',
          typed_config: { '@type': 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router' },
        },
      ],
    },
  };
}
