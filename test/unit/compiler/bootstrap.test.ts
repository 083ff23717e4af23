import { expect, test } from 'vitest';
import { type BootstrapOptions, compileBootstrap } from '../../../src/compiler/bootstrap.ts';

const compile = (options: Partial<BootstrapOptions> = {}) =>
  compileBootstrap({ nodeId: 'edge-1', gateway: 'edge', xds: { host: '127.0.0.1', port: 18_000 }, ...options });

test('the node is of the gateway', () => {
  expect(compile().node).toMatchObject({ id: 'edge-1', cluster: 'edge' });
});

test('a cluster of all proxies says how many they are, the node says that it has it, and no route prefers its own zone for that (ratelimit R213)', () => {
  const { node, cluster_manager, static_resources, layered_runtime } = compile();
  expect(cluster_manager?.local_cluster_name).toBe('chancery/fleet');
  expect(static_resources?.clusters?.[1]).toMatchObject({
    name: 'chancery/fleet',
    type: 'EDS',
    eds_cluster_config: { eds_config: { ads: {} } },
  });
  expect(node?.metadata).toEqual({ fields: { chancery: { struct_value: { fields: { fleet: { bool_value: true } } } } } });
  expect(layered_runtime?.layers?.[0]?.static_layer?.fields).toMatchObject({ 'upstream.zone_routing.enabled': { number_value: 0 } });
});

test('B73: one delta ADS stream, over which listeners and clusters come', () => {
  expect(compile().dynamic_resources).toMatchObject({
    ads_config: { api_type: 'DELTA_GRPC', transport_api_version: 'V3', grpc_services: [{ envoy_grpc: { cluster_name: 'chancery/xds' } }] },
    cds_config: { ads: {}, resource_api_version: 'V3' },
    lds_config: { ads: {}, resource_api_version: 'V3' },
  });
  expect(compile({ variant: 'sotw' }).dynamic_resources?.ads_config?.api_type).toBe('GRPC');
});

test('B55: Envoy waits for its first configuration as long as it takes', () => {
  expect(compile().dynamic_resources?.lds_config?.initial_fetch_timeout).toEqual({ seconds: 0, nanos: 0 });
});

test('B73: stats that nobody reads are not made, those of dashboards are', () => {
  const patterns = compile().stats_config?.stats_matcher?.exclusion_list?.patterns ?? [];
  const expressions = patterns.map(({ safe_regex }) => new RegExp(`^(?:${safe_regex?.regex})$`));
  const isMade = (stat: string): boolean => !expressions.some((expression) => expression.test(stat));
  const wanted = [
    'cluster.service/a.upstream_rq_total',
    'cluster.service/a.upstream_rq_503',
    'cluster.service/a.upstream_rq_pending_overflow',
    'cluster.service/a.upstream_rq_retry',
    'cluster.service/a.upstream_rq_time',
    'cluster.service/a.upstream_cx_active',
    'cluster.service/a.upstream_cx_connect_fail',
    'cluster.service/a.membership_healthy',
    // Shares of limits are made of it: without this gauge each proxy would take the whole rate (ratelimit R213).
    'cluster.chancery/fleet.membership_total',
    'cluster.service/a.circuit_breakers.default.rq_open',
    'cluster.service/a.circuit_breakers.default.remaining_rq',
    'cluster.service/a.outlier_detection.ejections_active',
    'cluster.service/a.health_check.failure',
    'cluster.service/a.update_success',
    'http.https.downstream_rq_2xx',
    'listener.https.ssl.handshake',
    'control_plane.connected_state',
    'cluster_manager.warming_clusters',
    'listener_manager.total_listeners_draining',
  ];
  expect(wanted.filter((stat) => !isMade(stat))).toEqual([]);
  expect(isMade('cluster.service/a.internal.upstream_rq_200')).toBe(false);
  expect(isMade('cluster.service/a.http2.rx_reset')).toBe(false);
  expect(isMade('listener.https.ssl.ciphers.TLS_AES_128_GCM_SHA256')).toBe(false);
});

test('R28: load is reported over the same cluster', () => {
  expect(compile().cluster_manager?.load_stats_config).toEqual({
    api_type: 'GRPC',
    transport_api_version: 'V3',
    grpc_services: [{ envoy_grpc: { cluster_name: 'chancery/xds', authority: 'chancery' } }],
  });
});

test('O8: with TLS the control plane must have its name, and the Envoy shows its certificate', () => {
  const [cluster] =
    compile({ xdsTls: { ca: '/ca.pem', serverName: 'control.internal', client: { cert: '/own.pem', key: '/own.key' } } }).static_resources
      ?.clusters ?? [];
  expect(cluster?.transport_socket?.typed_config).toMatchObject({
    sni: 'control.internal',
    common_tls_context: {
      alpn_protocols: ['h2'],
      tls_certificates: [{ certificate_chain: { filename: '/own.pem' }, private_key: { filename: '/own.key' } }],
      validation_context: {
        trusted_ca: { filename: '/ca.pem' },
        match_typed_subject_alt_names: [{ san_type: 'DNS', matcher: { exact: 'control.internal' } }],
      },
    },
  });
  const [byAddress] = compile({ xdsTls: { ca: '/ca.pem', serverName: '10.0.0.1' } }).static_resources?.clusters ?? [];
  expect(byAddress?.transport_socket?.typed_config).not.toHaveProperty('sni');
  expect(compile().static_resources?.clusters?.[0]).not.toHaveProperty('transport_socket');
});

test('R1: runtime values come over one layer, below those of the admin interface and above the fixed ones', () => {
  expect(compile().layered_runtime?.layers?.map(({ name }) => name)).toEqual(['static', 'runtime', 'admin']);
  expect(compile().layered_runtime?.layers?.[1]?.rtds_layer).toEqual({
    name: 'runtime',
    rtds_config: { ads: {}, resource_api_version: 'V3' },
  });
});

test('a dead control plane is noticed by keep-alive', () => {
  const [cluster] = compile().static_resources?.clusters ?? [];
  expect(cluster?.typed_extension_protocol_options?.['envoy.extensions.upstreams.http.v3.HttpProtocolOptions']).toMatchObject({
    explicit_http_config: { http2_protocol_options: { connection_keepalive: { interval: { seconds: 30 }, timeout: { seconds: 5 } } } },
  });
});

test('the control plane is reached by address or by name', () => {
  expect(compile().static_resources?.clusters?.[0]?.type).toBe('STATIC');
  expect(compile({ xds: { host: 'chancery', port: 1 } }).static_resources?.clusters?.[0]?.cluster_type?.name).toBe('envoy.clusters.dns');
});

test('the admin interface is off unless asked for', () => {
  expect(compile().admin).toBeUndefined();
  expect(compile({ admin: { host: '127.0.0.1', port: 9901 } }).admin).toEqual({
    address: { socket_address: { address: '127.0.0.1', port_value: 9901 } },
  });
});

test('connections of clients are bounded', () => {
  expect(compile().overload_manager?.resource_monitors).toMatchObject([
    { name: 'envoy.resource_monitors.global_downstream_max_connections', typed_config: { max_active_downstream_connections: 50_000 } },
  ]);
});
