import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ChanceryError } from '../../../src/lib/errors.ts';
import { any } from '../../../src/proto/any.ts';
import { formatProtoPath, loadEnvoyApi } from '../../../src/proto/api.ts';

const ROUTE = 'envoy.config.route.v3.Route';
const ROUTES = 'envoy.config.route.v3.RouteConfiguration';
const CLUSTER = 'envoy.config.cluster.v3.Cluster';

const api = loadEnvoyApi();

function problemsOf(typeName: string, message: object): readonly string[] {
  return api.check(typeName, message).map((problem) => `${formatProtoPath(problem.path)}: ${problem.message}`);
}

function thrownBy(action: () => unknown): ChanceryError {
  try {
    action();
  } catch (error) {
    if (error instanceof ChanceryError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('strict encoding', () => {
  const match = { prefix: '/' };
  const route = { cluster: 'service/a' };
  const cases: readonly (readonly [string, string, object, readonly string[]])[] = [
    ['an unknown field', ROUTE, { match, route, nmae: 'x' }, [`nmae: is not a field of ${ROUTE}`]],
    [
      'a field in the wrong case',
      ROUTE,
      { match, route: { cluster: 'a', retryPolicy: {} } },
      ['route.retryPolicy: is not a field of envoy.config.route.v3.RouteAction'],
    ],
    [
      'an unknown enum name',
      ROUTE,
      { match, route: { cluster: 'a', priority: 'HGH' } },
      ['route.priority: must be a value of envoy.config.core.v3.RoutingPriority, not "HGH"'],
    ],
    [
      'an unknown enum number',
      ROUTE,
      { match, route: { cluster: 'a', priority: 7 } },
      ['route.priority: must be a value of envoy.config.core.v3.RoutingPriority, not the number 7'],
    ],
    [
      'two arms of a oneof',
      ROUTE,
      { match: { prefix: '/', path: '/a' }, route },
      ['match.path: cannot be set beside prefix: both are arms of path_specifier'],
    ],
    ['two actions', ROUTE, { match, route, redirect: {} }, ['redirect: cannot be set beside route: both are arms of action']],
    [
      'no arm of a required oneof',
      ROUTE,
      { match, route: {} },
      ['route: must have one of cluster, cluster_header, weighted_clusters, cluster_specifier_plugin, inline_cluster_specifier_plugin'],
    ],
    [
      'the name of a oneof beside another arm',
      ROUTE,
      { match: { prefix: '/', path_specifier: 'path' }, route },
      [
        'match.path_specifier: must name the one of prefix, path, safe_regex, connect_matcher, path_separated_prefix, path_match_policy that is set, not "path"',
      ],
    ],
    [
      'a type that is not loaded',
      ROUTE,
      { match, route, typed_per_filter_config: { x: { '@type': 'type.googleapis.com/acme.Filter' } } },
      ['typed_per_filter_config.x.@type: must be the URL of a type in Envoy\'s API, not "type.googleapis.com/acme.Filter"'],
    ],
    [
      'an @type where no Any is',
      ROUTE,
      { match: { '@type': 'x', prefix: '/' }, route },
      ['match.@type: is not a field of envoy.config.route.v3.RouteMatch'],
    ],
    [
      'text for a number',
      CLUSTER,
      { name: 'a', connect_timeout: { seconds: '3' } },
      ['connect_timeout.seconds: must be a whole number, not text'],
    ],
    ['a number for text', CLUSTER, { name: 5 }, ['name: must be text, not the number 5']],
    [
      'a number for a boolean',
      ROUTES,
      { ignore_port_in_host_matching: 1 },
      ['ignore_port_in_host_matching: must be true or false, not the number 1'],
    ],
    [
      'a fraction for an integer',
      CLUSTER,
      { name: 'a', per_connection_buffer_limit_bytes: { value: 1.5 } },
      ['per_connection_buffer_limit_bytes.value: must be a whole number, not the number 1.5'],
    ],
    [
      'NaN for an integer',
      CLUSTER,
      { name: 'a', per_connection_buffer_limit_bytes: { value: Number.NaN } },
      ['per_connection_buffer_limit_bytes.value: must be a whole number, not the number NaN'],
    ],
    [
      'a negative unsigned number',
      CLUSTER,
      { name: 'a', per_connection_buffer_limit_bytes: { value: -1 } },
      ['per_connection_buffer_limit_bytes.value: must be from 0 to 4294967295, not -1'],
    ],
    [
      'a number beyond 32 bits',
      CLUSTER,
      { name: 'a', per_connection_buffer_limit_bytes: { value: 2 ** 32 } },
      ['per_connection_buffer_limit_bytes.value: must be from 0 to 4294967295, not 4294967296'],
    ],
    [
      'infinity for a double',
      CLUSTER,
      { name: 'a', common_lb_config: { healthy_panic_threshold: { value: Number.POSITIVE_INFINITY } } },
      ['common_lb_config.healthy_panic_threshold.value: must be a number, not the number Infinity'],
    ],
    ['one value for a list', ROUTES, { virtual_hosts: { name: 'a' } }, ['virtual_hosts: must be a list, not an object']],
    [
      'a list for a message',
      ROUTE,
      { match: [], route },
      ['match: must be a message of type envoy.config.route.v3.RouteMatch, not a list'],
    ],
    [
      'nothing in a list',
      ROUTES,
      { virtual_hosts: [null] },
      ['virtual_hosts[0]: must be a message of type envoy.config.route.v3.VirtualHost, not null'],
    ],
    ['a list for a map', ROUTE, { match, route, typed_per_filter_config: [] }, ['typed_per_filter_config: must be a map, not a list']],
    ['text for bytes', 'envoy.config.core.v3.DataSource', { inline_bytes: 'YQ==' }, ['inline_bytes: must be a Buffer, not text']],
    ['text that is not Unicode', CLUSTER, { name: 'a\ud800' }, ['name: must be well-formed Unicode']],
    [
      'a duration of mixed signs',
      CLUSTER,
      { name: 'a', cleanup_interval: { seconds: 1, nanos: -1 } },
      ['cleanup_interval: must be a duration within 10,000 years, with seconds and nanos of one sign'],
    ],
  ];

  it.each(cases)('refuses %s', (_what, typeName, message, expected) => {
    expect(problemsOf(typeName, message)).toEqual(expected);
  });

  it('tells all problems at once, with their places, in one ERR_ENCODE', () => {
    const message = {
      name: '',
      virtual_hosts: [
        { name: 'a', domains: ['*'] },
        { name: 'b', domains: ['x'], routes: [{ match, rute: 1 }] },
      ],
      nme: 1,
    };
    const error = thrownBy(() => api.encode(ROUTES, message));
    expect(error.code).toBe('ERR_ENCODE');
    expect(error.message).toBe(
      [
        `not a valid ${ROUTES}:`,
        '  virtual_hosts[1].routes[0] must have one of route, redirect, direct_response, filter_action, non_forwarding_action',
        `  virtual_hosts[1].routes[0].rute is not a field of ${ROUTE}`,
        `  nme is not a field of ${ROUTES}`,
      ].join('\n'),
    );
  });

  it('never shows the text of a value in a wrong place: it may be a key (B60)', () => {
    const secret = {
      name: 'a',
      tls_certificate: { private_key: { inline_bytes: 'canary-1' }, password: 'canary-2', certificate_chain: ['canary-3'] },
    };
    const type = 'envoy.extensions.transport_sockets.tls.v3.Secret';
    expect(api.check(type, secret)).toHaveLength(3);
    expect(thrownBy(() => api.encode(type, secret)).message).not.toContain('canary');
  });

  it('refuses a message that nests deeper than a parser follows', () => {
    let value: object = { string_value: 'x' };
    for (let depth = 0; depth < 60; depth++) value = { list_value: { values: [value] } };
    expect(api.check('google.protobuf.Value', value)[0]?.message).toBe('must not be nested more than 100 messages deep');
  });

  it('takes decoded messages, which name their oneofs, null fields and bigints', () => {
    const message = { prefix: '/', path_specifier: 'prefix', runtime_fraction: null };
    expect(problemsOf('envoy.config.route.v3.RouteMatch', message)).toEqual([]);
    expect(api.decode('google.protobuf.UInt64Value', api.encode('google.protobuf.UInt64Value', { value: 2n ** 53n }))).toEqual({
      value: 2 ** 53,
    });
  });

  it('leaves out default values, so that equal contents give equal bytes (X17)', () => {
    const plain = api.encode(CLUSTER, { name: 'a', lb_policy: 'ROUND_ROBIN', respect_dns_ttl: false, health_checks: [] });
    expect(plain.equals(api.encode(CLUSTER, { name: 'a' }))).toBe(true);
  });

  it('keeps the default value of an arm of a oneof and of a wrapper', () => {
    expect(
      api.decode(CLUSTER, api.encode(CLUSTER, { type: 'STATIC', name: 'a', per_connection_buffer_limit_bytes: { value: 0 } })),
    ).toEqual({
      name: 'a',
      type: 'STATIC',
      cluster_discovery_type: 'type',
      per_connection_buffer_limit_bytes: {},
    });
  });

  it('gives the same bytes whatever the order of keys (C15)', () => {
    const one = {
      name: 'a',
      metadata: { filter_metadata: { a: {}, b: { fields: { x: { bool_value: true }, y: { null_value: 'NULL_VALUE' } } } } },
    };
    const other = {
      metadata: { filter_metadata: { b: { fields: { y: { null_value: 'NULL_VALUE' }, x: { bool_value: true } } }, a: {} } },
      name: 'a',
    };
    expect(api.encode(CLUSTER, one).equals(api.encode(CLUSTER, other))).toBe(true);
  });
});

describe('frames of parts that did not change (P3)', () => {
  const routes = Array.from({ length: 50 }, (_, index) => ({ name: `r${index}`, match: { path: `/${index}` }, route: { cluster: 'a' } }));
  const config = (list: readonly object[]) => ({ name: 'routes', virtual_hosts: [{ name: 'v', domains: ['*'], routes: list }] });

  it('gives the bytes of a full encoding when one of many routes is replaced, added or removed', () => {
    api.encode(ROUTES, config(routes));
    const changed = { name: 'new', match: { path: '/new' }, route: { cluster: 'b' } };
    for (const list of [routes.with(7, changed), [...routes, changed], routes.slice(1), [changed]]) {
      expect(api.encode(ROUTES, config(list)).equals(loadEnvoyApi().encode(ROUTES, config(list)))).toBe(true);
    }
  });

  it('looks at a part again in another place when it was wrong', () => {
    const wrong = { match: { prefix: '/' }, route: {} };
    expect(api.check(ROUTES, config([wrong]))).toHaveLength(1);
    expect(api.check(ROUTES, config([...routes, wrong]))).toHaveLength(1);
  });

  it('gives the same Buffer for the same message, exactly as large as its contents (P9, P28)', () => {
    const message = { name: 'a' };
    const bytes = api.encodeAny(CLUSTER, message);
    expect(api.encodeAny(CLUSTER, message)).toBe(bytes);
    expect(bytes.buffer.byteLength).toBe(bytes.length);
  });

  it('does not take the bytes of an object for those of another type', () => {
    const message = { name: 'a' };
    api.encodeAny(CLUSTER, message);
    expect(api.decode('google.protobuf.Any', api.encodeAny('envoy.service.discovery.v3.ResourceLocator', message))).toMatchObject({
      type_url: 'type.googleapis.com/envoy.service.discovery.v3.ResourceLocator',
    });
  });
});

describe('Any', () => {
  it('encodes the message inside, with the URL it was given', () => {
    const message = any('envoy.extensions.filters.http.router.v3.Router', { suppress_envoy_headers: true });
    const decoded = api.decode('google.protobuf.Any', api.encode('google.protobuf.Any', message));
    expect(decoded.type_url).toBe('type.googleapis.com/envoy.extensions.filters.http.router.v3.Router');
    expect(api.decode('envoy.extensions.filters.http.router.v3.Router', decoded.value ?? Buffer.alloc(0))).toEqual({
      suppress_envoy_headers: true,
    });
  });

  it('takes ready bytes as they are', () => {
    const message = { type_url: 'type.googleapis.com/acme.Filter', value: Buffer.from([1, 2]) };
    expect(api.decode('google.protobuf.Any', api.encode('google.protobuf.Any', message))).toEqual(message);
  });

  it('is the form in which encodeAny gives a resource', () => {
    const decoded = api.decode('google.protobuf.Any', api.encodeAny(CLUSTER, { name: 'a' }));
    expect(decoded).toEqual({ type_url: `type.googleapis.com/${CLUSTER}`, value: api.encode(CLUSTER, { name: 'a' }) });
  });
});

describe('gRPC services', () => {
  it('have the paths and streams of the API and pass bytes through untouched (T2, T3, P11)', () => {
    const service = api.service('envoy.service.discovery.v3.AggregatedDiscoveryService');
    expect(Object.keys(service)).toEqual(['StreamAggregatedResources', 'DeltaAggregatedResources']);
    const method = service['DeltaAggregatedResources'];
    expect(method).toMatchObject({
      path: '/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources',
      requestStream: true,
      responseStream: true,
    });
    const bytes = Buffer.from([1]);
    expect(method?.requestDeserialize(bytes)).toBe(bytes);
    expect(method?.responseSerialize(bytes)).toBe(bytes);
  });

  it.each([
    ['envoy.service.cluster.v3.ClusterDiscoveryService', ['StreamClusters', 'DeltaClusters', 'FetchClusters']],
    ['envoy.service.endpoint.v3.EndpointDiscoveryService', ['StreamEndpoints', 'DeltaEndpoints', 'FetchEndpoints']],
    ['envoy.service.listener.v3.ListenerDiscoveryService', ['DeltaListeners', 'StreamListeners', 'FetchListeners']],
    ['envoy.service.route.v3.RouteDiscoveryService', ['StreamRoutes', 'DeltaRoutes', 'FetchRoutes']],
    ['envoy.service.secret.v3.SecretDiscoveryService', ['DeltaSecrets', 'StreamSecrets', 'FetchSecrets']],
  ])('%s has its methods (X2)', (name, methods) => {
    const service = api.service(name);
    expect(Object.keys(service).sort()).toEqual([...methods].sort());
    for (const [method, { requestStream, responseStream }] of Object.entries(service)) {
      expect([requestStream, responseStream]).toEqual(method.startsWith('Fetch') ? [false, false] : [true, true]);
    }
  });

  it('that the API lacks are a failure', () => {
    expect(thrownBy(() => api.service('acme.Service')).code).toBe('ERR_API_DESCRIPTORS');
  });
});

describe('descriptors that cannot be used', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'chancery-api-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each([
    ['are missing', undefined],
    ['are no JSON', '{"nested": '],
    ['hold no object', '3'],
    ["describe something other than Envoy's API", '{"nested": {}}'],
  ])('are told with a remedy when they %s', (_what, text) => {
    const file = path.join(folder, 'api.json');
    rmSync(file, { force: true });
    if (text !== undefined) writeFileSync(file, text);
    writeFileSync(path.join(folder, 'api-constraints.json'), '{}');
    const error = thrownBy(() => loadEnvoyApi({ file }));
    expect(error).toMatchObject({ code: 'ERR_API_DESCRIPTORS', remedy: 'npm run generate' });
    expect(error.message).toContain(file);
  });
});
