import { status } from '@grpc/grpc-js';
import { describe, expect, test } from 'vitest';
import { TYPE_URLS } from '../../src/proto/type-urls.ts';
import { DISCOVERY_SERVICES } from '../../src/xds/discovery-services.ts';
import { testApi } from '../support/snapshots.ts';
import { callBytes, message, openStream } from '../support/xds-calls.ts';
import { withXds } from './with-xds.ts';
import { GATEWAY } from './xds-harness.ts';

const context = withXds();
const NODE = { id: 'n', cluster: GATEWAY };
const REQUEST = 'envoy.service.discovery.v3.DiscoveryRequest';
const RESPONSE = 'envoy.service.discovery.v3.DiscoveryResponse';
const FETCHES = DISCOVERY_SERVICES.flatMap(({ name, fetches }) =>
  Object.entries(fetches).map(([method, typeUrl]) => ({ method, path: `/${name}/${method}`, typeUrl })),
);

async function fetch(path: string, request: object): Promise<{ readonly names: readonly string[]; readonly version: string }> {
  const { bytes, details } = await callBytes(context.xds, path, message(REQUEST, request));
  if (bytes === undefined) throw new Error(details);
  const response = testApi().decode(RESPONSE, bytes);
  expect(response.control_plane?.identifier).toBe('test');
  expect(response.nonce ?? '').toBe('');
  const names = (response.resources ?? []).map((any) => {
    const { type_url: typeUrl, value } = any as unknown as { readonly type_url: string; readonly value: Buffer };
    expect(typeUrl).toBe(response.type_url);
    const { name, cluster_name: clusterName } = testApi().decode(typeUrl.split('/')[1] ?? '', value) as Record<string, string>;
    return name || clusterName || '';
  });
  return { names, version: response.version_info ?? '' };
}

function codeOf(path: string, request: object): Promise<number> {
  return callBytes(context.xds, path, message(REQUEST, request)).then(({ code }) => code);
}

describe('services', () => {
  test('X2: every method that the API gives to a discovery service is served', () => {
    const known = DISCOVERY_SERVICES.map(({ name, streams, fetches }) => [name, [...Object.keys(streams), ...Object.keys(fetches)].sort()]);
    const described = DISCOVERY_SERVICES.map(({ name }) => [name, Object.keys(testApi().service(name)).sort()]);
    expect(known).toEqual(described);
    expect(known).toHaveLength(11);
  });

  test('X10: methods of version 2 are not implemented', async () => {
    const paths = ['/envoy.api.v2.ClusterDiscoveryService/FetchClusters', '/envoy.service.discovery.v2.AggregatedDiscoveryService/Fetch'];
    expect(await Promise.all(paths.map((path) => codeOf(path, { node: NODE })))).toEqual([status.UNIMPLEMENTED, status.UNIMPLEMENTED]);
  });

  test.each(FETCHES)('X2, R40: $method answers in full, with the version of what it gives', async ({ path, typeUrl }) => {
    const label = Object.entries(TYPE_URLS).find(([, url]) => url === typeUrl)?.[0] ?? '';
    const contents =
      label === 'TypedExtensionConfig'
        ? { a: filter('a'), b: filter('b') }
        : label === 'ScopedRouteConfiguration'
          ? { a: scope('a'), b: scope('b') }
          : { a: '1', b: '1' };
    context.xds.publish({ [label]: contents });
    const first = await fetch(path, { node: NODE, resource_names: ['a', 'b', 'missing'] });
    expect(first.names).toEqual(['a', 'b']);
    expect(await fetch(path, { node: NODE, resource_names: ['a', 'b'], version_info: first.version })).toEqual(first);
    const one = await fetch(path, { node: NODE, resource_names: ['b'] });
    expect(one.names).toEqual(['b']);
    expect(one.version).not.toBe(first.version);
  });

  test('R40, X39: a fetch without names gives everything of the types that have a wildcard, and nothing of the others', async () => {
    context.xds.publish({ Cluster: { a: '1', b: '1' }, ClusterLoadAssignment: { a: '1' } });
    const node = NODE;
    expect((await fetch('/envoy.service.cluster.v3.ClusterDiscoveryService/FetchClusters', { node })).names).toEqual(['a', 'b']);
    expect((await fetch('/envoy.service.endpoint.v3.EndpointDiscoveryService/FetchEndpoints', { node })).names).toEqual([]);
    const grpc = { ...NODE, user_agent_name: 'gRPC C++' };
    expect((await fetch('/envoy.service.cluster.v3.ClusterDiscoveryService/FetchClusters', { node: grpc })).names).toEqual([]);
  });

  test('X4, X8, X85: a fetch needs a node, its own type, and a gateway that is served', async () => {
    const path = '/envoy.service.cluster.v3.ClusterDiscoveryService/FetchClusters';
    context.xds.publish({ Cluster: { a: '1' } });
    expect(await codeOf(path, {})).toBe(status.INVALID_ARGUMENT);
    expect(await codeOf(path, { node: NODE, type_url: TYPE_URLS.Listener })).toBe(status.INVALID_ARGUMENT);
    expect(await codeOf(path, { node: { id: 'n', cluster: 'other' } })).toBe(status.UNAVAILABLE);
    const { code, details } = await callBytes(context.xds, path, Buffer.from('no message'));
    expect([code, details]).toEqual([status.INVALID_ARGUMENT, expect.stringContaining('DiscoveryRequest')]);
  });
});

describe('separate streams', () => {
  const STREAMS = DISCOVERY_SERVICES.flatMap(({ name, streams }) =>
    Object.entries(streams).flatMap(([method, { variant, typeUrl }]) =>
      typeUrl === undefined ? [] : [{ name, method, variant, typeUrl }],
    ),
  );

  test.each(STREAMS)('X1, X2: $method of $name sends what is asked for by name', async ({ name, method, variant, typeUrl }) => {
    const label = Object.entries(TYPE_URLS).find(([, url]) => url === typeUrl)?.[0] ?? '';
    context.xds.publish({ [label]: { 'a/b': messages[label]?.('a/b') ?? '1' } });
    const stream = openStream(context.xds, `/${name}/${method}`);
    const [kind, names] = variant === 'sotw' ? ['', 'resource_names'] : ['Delta', 'resource_names_subscribe'];
    stream.write(message(`envoy.service.discovery.v3.${kind}DiscoveryRequest`, { node: NODE, [names]: ['a/b'] }));
    const response = testApi().decode(`envoy.service.discovery.v3.${kind}DiscoveryResponse`, await stream.nth(0)) as Record<
      string,
      unknown
    >;
    expect(response['type_url']).toBe(typeUrl);
    expect(response['resources']).toHaveLength(1);
    stream.write(message(`envoy.service.discovery.v3.${kind}DiscoveryRequest`, { type_url: 'type.googleapis.com/other' }));
    expect((await stream.ended).code).toBe(status.INVALID_ARGUMENT);
  });
});

/** Types whose contents cannot be made from a text. */
const messages: Readonly<Record<string, (name: string) => object>> = {
  TypedExtensionConfig: filter,
  ScopedRouteConfiguration: scope,
  VirtualHost: (name) => ({ name, domains: ['b'] }),
  LbEndpoint: () => ({ endpoint: { address: { socket_address: { address: '127.0.0.1', port_value: 1 } } } }),
};

function filter(name: string): object {
  return { name, typed_config: { '@type': 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router' } };
}

function scope(name: string): object {
  return { name, route_configuration_name: 'r', key: { fragments: [{ string_key: name }] } };
}

describe('gRPC health', () => {
  const CHECK = '/grpc.health.v1.Health/Check';
  const SERVING = Buffer.from([0x08, 1]);
  const NOT_SERVING = Buffer.from([0x08, 2]);
  const ask = (service: string): Buffer => Buffer.concat([Buffer.from([0x0a, service.length]), Buffer.from(service)]);

  test('NOT_SERVING until something is served, then SERVING, for the server and each discovery service', async () => {
    expect((await callBytes(context.xds, CHECK, Buffer.alloc(0))).bytes).toEqual(NOT_SERVING);
    context.xds.publish({ Cluster: { a: '1' } });
    expect((await callBytes(context.xds, CHECK, Buffer.alloc(0))).bytes).toEqual(SERVING);
    const ads = ask('envoy.service.discovery.v3.AggregatedDiscoveryService');
    expect((await callBytes(context.xds, CHECK, ads)).bytes).toEqual(SERVING);
    expect((await callBytes(context.xds, CHECK, ask('other'))).code).toBe(status.NOT_FOUND);
  });

  test('a watcher is told of each change, and of the stop before its stream ends with OK', async () => {
    const watcher = openStream(context.xds, '/grpc.health.v1.Health/Watch');
    watcher.write(Buffer.alloc(0));
    watcher.halfClose();
    expect(await watcher.nth(0)).toEqual(NOT_SERVING);
    context.xds.publish({ Cluster: { a: '1' } });
    expect(await watcher.nth(1)).toEqual(SERVING);
    await context.xds.server.close();
    expect((await watcher.ended).code).toBe(status.OK);
    expect(watcher.received).toEqual([NOT_SERVING, SERVING, NOT_SERVING]);
  });
});

describe('gRPC reflection', () => {
  const request = (field: number, text: string): Buffer => Buffer.concat([Buffer.from([(field << 3) | 2, text.length]), Buffer.from(text)]);

  test.each(['v1', 'v1alpha'])('%s lists the services and describes each with all that it refers to', async (version) => {
    const stream = openStream(context.xds, `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`);
    stream.write(request(7, ''));
    const list = (await stream.nth(0)).toString('latin1');
    for (const { name } of DISCOVERY_SERVICES) expect(list).toContain(name);
    expect(list).toContain('envoy.service.status.v3.ClientStatusDiscoveryService');
    stream.write(request(4, 'envoy.service.cluster.v3.ClusterDiscoveryService'));
    const described = (await stream.nth(1)).toString('latin1');
    for (const part of ['FetchClusters', 'DiscoveryRequest', 'resource_names', 'google.protobuf', 'Locality'])
      expect(described).toContain(part);
    stream.write(request(4, 'no.such.Service'));
    expect((await stream.nth(2)).toString('latin1')).not.toContain('FetchClusters');
    stream.halfClose();
    expect((await stream.ended).code).toBe(status.OK);
  });

  test('T2: what is no request ends that stream only', async () => {
    const path = '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo';
    const bad = openStream(context.xds, path);
    bad.write(Buffer.from([0xff, 0xff, 0xff]));
    expect((await bad.ended).code).toBe(status.INVALID_ARGUMENT);
    const good = openStream(context.xds, path);
    good.write(request(7, ''));
    await good.nth(0);
    good.close();
  });
});
