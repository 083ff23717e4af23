import { describe, expect, test } from 'vitest';
import { compileCluster } from '../../../src/compiler/cluster.ts';
import { createCompiler } from '../../../src/compiler/compile.ts';
import type { LoadBalancer, Protocol } from '../../../src/model/types.ts';
import { aModel, anEndpoint, anUpstreamTls, aRoute, aService, forwardTo } from '../../support/model-builder.ts';

const OPTIONS = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';

const optionsOf = (protocol: Protocol, isTls = false) =>
  compileCluster(aService('a', { protocol, ...(isTls ? { tls: anUpstreamTls() } : {}) })).typed_extension_protocol_options?.[OPTIONS];

describe('discovery', () => {
  test('addresses and sockets come over EDS, from the one ADS stream', () => {
    const cluster = compileCluster(aService('a', { endpoints: [anEndpoint('10.0.0.1:80'), anEndpoint('unix:/run/a.sock')] }));
    expect(cluster).toMatchObject({
      name: 'service/a',
      type: 'EDS',
      eds_cluster_config: { eds_config: { ads: {}, resource_api_version: 'V3' } },
    });
    expect(cluster.load_assignment).toBeUndefined();
  });

  test('B24: names and addresses in one service are resolved by a cluster that takes both', () => {
    const cluster = compileCluster(aService('a', { endpoints: [anEndpoint('10.0.0.1:80'), anEndpoint('orders.internal:80')] }));
    expect(cluster.cluster_type?.name).toBe('envoy.clusters.dns');
    expect(cluster.load_assignment?.endpoints?.[0]?.lb_endpoints).toHaveLength(2);
  });

  test('B23: a single-label host is resolved', () => {
    const cluster = compileCluster(aService('a', { endpoints: [anEndpoint('orders:80')] }));
    expect(cluster.load_assignment?.endpoints?.[0]?.lb_endpoints?.[0]?.endpoint?.address?.socket_address?.address).toBe('orders');
  });
});

describe('protocol', () => {
  const http1 = { explicit_http_config: { http_protocol_options: {} } };

  test('http1 and h2 are explicit, grpc is h2', () => {
    expect(optionsOf('http1')).toMatchObject(http1);
    expect(optionsOf('h2')).toMatchObject({ explicit_http_config: { http2_protocol_options: {} } });
    expect(optionsOf('grpc')).toEqual(optionsOf('h2'));
  });

  test('auto is what TLS negotiates, without TLS HTTP/1.1', () => {
    expect(optionsOf('auto', true)).toMatchObject({ auto_config: { http_protocol_options: {}, http2_protocol_options: {} } });
    expect(optionsOf('auto')).toMatchObject(http1);
  });
});

describe('load balancer', () => {
  const by = { kind: 'header', name: 'x-user' } as const;
  const cases: readonly (readonly [LoadBalancer, string, object])[] = [
    [{ kind: 'roundRobin' }, 'round_robin', {}],
    [{ kind: 'random' }, 'random', {}],
    [{ kind: 'leastRequest', choices: 3 }, 'least_request', { choice_count: { value: 3 } }],
    [{ kind: 'maglev', by, tableSize: 65_537 }, 'maglev', { table_size: { value: 65_537 } }],
    [
      { kind: 'ringHash', by, minRingSize: 1024, maxRingSize: 4096 },
      'ring_hash',
      { minimum_ring_size: { value: 1024 }, maximum_ring_size: { value: 4096 } },
    ],
  ];

  test.each(cases)('$kind', (loadBalancer, name, settings) => {
    const [policy] = compileCluster(aService('a', { loadBalancer })).load_balancing_policy?.policies ?? [];
    expect(policy?.typed_extension_config?.name).toBe(`envoy.load_balancing_policies.${name}`);
    expect(policy?.typed_extension_config?.typed_config).toMatchObject(settings);
  });

  test.each([
    [{ kind: 'clientIp' }, { connection_properties: { source_ip: true } }],
    [{ kind: 'header', name: 'x-user' }, { header: { header_name: 'x-user' } }],
    [{ kind: 'query', name: 'user' }, { query_parameter: { name: 'user' } }],
    [{ kind: 'cookie', name: 'sid' }, { cookie: { name: 'sid' } }],
    [{ kind: 'cookie', name: 'sid', ttlMs: 3_600_000 }, { cookie: { name: 'sid', ttl: { seconds: 3600, nanos: 0 }, path: '/' } }],
    [
      { kind: 'cookie', name: 'sid', ttlMs: 1000, cookiePath: '/cart' },
      { cookie: { name: 'sid', ttl: { seconds: 1, nanos: 0 }, path: '/cart' } },
    ],
  ] as const)('the hash key stands on the cluster: %j', (key, policy) => {
    const cluster = compileCluster(aService('a', { loadBalancer: { kind: 'maglev', by: key, tableSize: 65_537 } }));
    expect(cluster.typed_extension_protocol_options?.[OPTIONS]).toMatchObject({ hash_policy: [policy] });
  });
});

describe('protection', () => {
  test('circuit breakers, with a retry budget where there is one', () => {
    const circuitBreaker = { maxConnections: 1, maxPendingRequests: 2, maxRequests: 3, maxRetries: 4 };
    const thresholds = {
      max_connections: { value: 1 },
      max_pending_requests: { value: 2 },
      max_requests: { value: 3 },
      max_retries: { value: 4 },
      track_remaining: true,
    };
    const budget = { retryBudget: { percent: 20, minConcurrency: 3 } };
    expect(compileCluster(aService('a', { circuitBreaker })).circuit_breakers).toEqual({ thresholds: [thresholds] });
    expect(compileCluster(aService('a', { circuitBreaker: { ...circuitBreaker, ...budget } })).circuit_breakers).toEqual({
      thresholds: [{ ...thresholds, retry_budget: { budget_percent: { value: 20 }, min_retry_concurrency: { value: 3 } } }],
    });
  });

  const outlierDetection = {
    consecutive5xx: 5,
    intervalMs: 10_000,
    baseEjectionTimeMs: 30_000,
    maxEjectionTimeMs: 300_000,
    maxEjectionPercent: 10,
  };

  test('G20: only what is written ejects', () => {
    const detection = compileCluster(aService('a', { outlierDetection })).outlier_detection;
    expect(detection).toMatchObject({
      consecutive_5xx: { value: 5 },
      enforcing_success_rate: { value: 0 },
      max_ejection_percent: { value: 10 },
    });
    expect(Object.keys(detection ?? {}).filter((field) => /gateway|local_origin/.test(field))).toEqual([]);
    expect(compileCluster(aService('a')).outlier_detection).toBeUndefined();
  });

  test('a small service can eject one endpoint, unless nothing may be ejected', () => {
    expect(compileCluster(aService('a', { outlierDetection })).outlier_detection?.always_eject_one_host).toEqual({ value: true });
    const none = { ...outlierDetection, maxEjectionPercent: 0 };
    expect(compileCluster(aService('a', { outlierDetection: none })).outlier_detection?.always_eject_one_host).toEqual({ value: false });
  });

  test('gateway and local failures are counted where they are asked for', () => {
    const all = { ...outlierDetection, consecutiveGatewayFailures: 3, consecutiveLocalOriginFailures: 2 };
    expect(compileCluster(aService('a', { outlierDetection: all })).outlier_detection).toMatchObject({
      consecutive_gateway_failure: { value: 3 },
      enforcing_consecutive_gateway_failure: { value: 100 },
      split_external_local_origin_errors: true,
      consecutive_local_origin_failure: { value: 2 },
    });
  });

  test('B30: an endpoint that left is gone, whatever its checks say', () => {
    expect(compileCluster(aService('a')).ignore_health_on_host_removal).toBe(true);
  });
});

test('B27: reordering and renaming routes changes no cluster', () => {
  const services = [aService('a'), aService('b')];
  const clusters = (names: readonly [string, string]) => {
    const routes = [aRoute(names[0], { action: forwardTo('a') }), aRoute(names[1], { action: forwardTo('b') })];
    const { resources } = createCompiler().compile(aModel({ services, routes }));
    return resources.filter((resource) => resource.kind === 'Cluster');
  };
  expect(clusters(['one', 'two'])).toEqual(clusters(['zwei', 'eins']));
});
