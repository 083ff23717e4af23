// Builds snapshots for tests without a configuration: `testSnapshot('edge', { Cluster: { orders: 'v1' } })`. A text stands for the
// contents of a resource: another text, other bytes. A message is taken as it is.

import { any } from '../../src/proto/any.ts';
import { type EnvoyApi, loadEnvoyApi } from '../../src/proto/api.ts';
import { TYPE_URLS, typeNameOf } from '../../src/proto/type-urls.ts';
import type { Snapshot, SnapshotResource, TypeUrl, TypeView } from '../../src/snapshot/types.ts';
import { snapshotResource, snapshotVersion, typeView } from '../../src/snapshot/view.ts';

export type TypeLabel = keyof typeof TYPE_URLS;

/** Type → name → contents. */
export type Contents = Readonly<Partial<Record<TypeLabel, Readonly<Record<string, string | object>>>>>;

let api: EnvoyApi | undefined;

/** Loaded once for all tests of a process. */
export function testApi(): EnvoyApi {
  api ??= loadEnvoyApi();
  return api;
}

export function testSnapshot(gateway: string, contents: Contents): Snapshot {
  const views = Object.entries(contents).map(([label, resources]) => testView(label as TypeLabel, resources));
  const version = snapshotVersion(views);
  return { gateway, version, views: new Map(views.map((view) => [view.typeUrl, view])) };
}

export function testView(label: TypeLabel, contents: Readonly<Record<string, string | object>>): TypeView {
  return typeView(
    TYPE_URLS[label],
    Object.entries(contents).map(([name, content]) => testResource(label, name, content)),
  );
}

export function testResource(label: TypeLabel, name: string, content: string | object): SnapshotResource {
  const typeUrl = TYPE_URLS[label];
  const any = testApi().encodeAny(typeNameOf(typeUrl), typeof content === 'string' ? messageOf(label, name, content) : content);
  return snapshotResource(typeUrl, name, any);
}

/** The text that a resource was built from. */
export function contentOf(typeUrl: TypeUrl, bytes: Uint8Array): { readonly name: string; readonly content: string } {
  const message = testApi().decode(typeNameOf(typeUrl), bytes);
  if (typeUrl === TYPE_URLS.TypedExtensionConfig) {
    const { typed_config: config } = message as { typed_config?: { value?: Buffer } };
    return contentOf(TYPE_URLS.Cluster, config?.value ?? Buffer.alloc(0));
  }
  const content = CONTENT_FIELDS.map((path) => path.reduce<unknown>((value, step) => (value as never)?.[step], message)).find(
    (value) => typeof value === 'string',
  );
  const { name = '', cluster_name: clusterName = '' } = message as { name?: string; cluster_name?: string };
  return { name: name || clusterName, content: (content as string | undefined) ?? '' };
}

const CONTENT_FIELDS: readonly (readonly (string | number)[])[] = [
  ['alt_stat_name'],
  ['endpoints', 0, 'locality', 'zone'],
  ['stat_prefix'],
  ['virtual_hosts', 0, 'name'],
  ['generic_secret', 'secret', 'inline_string'],
  ['layer', 'fields', 'content', 'string_value'],
  ['domains', 0],
  ['route_configuration_name'],
  ['endpoint', 'hostname'],
  ['realm'],
  ['domain'],
  ['consumers', 0, 'name'],
];

function messageOf(label: TypeLabel, name: string, content: string): object {
  switch (label) {
    case 'Cluster':
      return { name, alt_stat_name: content };
    case 'ClusterLoadAssignment':
      return { cluster_name: name, endpoints: [{ locality: { zone: content } }] };
    case 'Listener':
      return { name, stat_prefix: content };
    case 'RouteConfiguration':
      return { name, virtual_hosts: [{ name: content, domains: ['*'] }] };
    case 'Secret':
      return { name, generic_secret: { secret: { inline_string: content } } };
    case 'Runtime':
      return { name, layer: { fields: { content: { string_value: content } } } };
    case 'VirtualHost':
      return { name, domains: [content] };
    case 'ScopedRouteConfiguration':
      return { name, route_configuration_name: content, key: { fragments: [{ string_key: name }] } };
    case 'LbEndpoint':
      return { endpoint: { hostname: content } };
    case 'AuthPolicy':
      return { policy: name, realm: content };
    case 'RateLimitTable':
      return { revision: name, domain: content };
    case 'ApiKeySet':
      return { name, consumers: [{ name: content }] };
    case 'TypedExtensionConfig':
      return { name, typed_config: any('envoy.config.cluster.v3.Cluster', { name, alt_stat_name: content }) };
  }
}
