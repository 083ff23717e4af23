import { describe, expect, it } from 'vitest';
import { any } from '../../../src/proto/any.ts';
import { TYPE_URLS } from '../../../src/proto/type-urls.ts';
import type { ResourceInput } from '../../../src/snapshot/build.ts';
import { findMissingReferences } from '../../../src/snapshot/consistency.ts';

const ads = { ads: {}, resource_api_version: 'V3' as const };

function listener(options: { readonly routes?: string; readonly certificate?: string }): ResourceInput {
  const manager = any('envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager', {
    stat_prefix: 'a',
    ...(options.routes === undefined ? {} : { rds: { route_config_name: options.routes, config_source: ads } }),
  });
  const socket = any('envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext', {
    common_tls_context: { tls_certificate_sds_secret_configs: [{ name: options.certificate ?? '', sds_config: ads }] },
  });
  const chain = {
    filters: [{ name: 'http', typed_config: manager }],
    ...(options.certificate === undefined ? {} : { transport_socket: { name: 'tls', typed_config: socket } }),
  };
  return { typeUrl: TYPE_URLS.Listener, name: 'listener/a', message: { name: 'listener/a', filter_chains: [chain] } };
}

function routes(name: string, actions: readonly object[]): ResourceInput {
  const message = {
    name,
    virtual_hosts: [{ name: 'v', domains: ['*'], routes: actions.map((action) => ({ match: { prefix: '/' }, ...action })) }],
  };
  return { typeUrl: TYPE_URLS.RouteConfiguration, name, message };
}

function cluster(name: string, more: object = {}): ResourceInput {
  return { typeUrl: TYPE_URLS.Cluster, name, message: { name, ...more } };
}

function missing(...resources: readonly ResourceInput[]): readonly string[] {
  return findMissingReferences(resources).map(
    ({ typeUrl, name, from }) => `${typeUrl.split('.').at(-1)} ${name} <- ${from.name} ${from.path.join('.')}`,
  );
}

describe('missing references', () => {
  it('are none when all is there', () => {
    expect(
      missing(
        listener({ routes: 'routes/a', certificate: 'certificate/a' }),
        routes('routes/a', [{ route: { cluster: 'service/a' } }]),
        cluster('service/a', { eds_cluster_config: { eds_config: ads } }),
        { typeUrl: TYPE_URLS.ClusterLoadAssignment, name: 'service/a', message: { cluster_name: 'service/a' } },
        { typeUrl: TYPE_URLS.Secret, name: 'certificate/a', message: { name: 'certificate/a' } },
      ),
    ).toEqual([]);
  });

  it('are clusters of virtual hosts that travel by themselves', () => {
    const message = { name: 'routes/a/a.test', domains: ['a.test'], routes: [{ match: { prefix: '/' }, route: { cluster: 'service/a' } }] };
    expect(missing({ typeUrl: TYPE_URLS.VirtualHost, name: 'routes/a/a.test', message })).toEqual([
      'Cluster service/a <- routes/a/a.test routes.0.route.cluster',
    ]);
  });

  it('R13: are filters that come by themselves', () => {
    const manager = any('envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager', {
      http_filters: [{ name: 'filter/jwt', config_discovery: { config_source: ads, type_urls: ['type.googleapis.com/x'] } }],
    });
    const message = { name: 'listener/a', filter_chains: [{ filters: [{ name: 'http', typed_config: manager }] }] };
    expect(missing({ typeUrl: TYPE_URLS.Listener, name: 'listener/a', message })).toEqual([
      'TypedExtensionConfig filter/jwt <- listener/a filter_chains.0.filters.0.typed_config.http_filters.0.name',
    ]);
  });

  it('are route configurations and secrets of listeners', () => {
    expect(missing(listener({ routes: 'routes/a', certificate: 'certificate/a' }))).toEqual([
      'RouteConfiguration routes/a <- listener/a filter_chains.0.filters.0.typed_config.rds.route_config_name',
      'Secret certificate/a <- listener/a filter_chains.0.transport_socket.typed_config.common_tls_context.tls_certificate_sds_secret_configs.0.name',
    ]);
  });

  it('are clusters of routes: plain, weighted and mirrors', () => {
    const actions = [
      { route: { cluster: 'a', request_mirror_policies: [{ cluster: 'b' }] } },
      { route: { weighted_clusters: { clusters: [{ name: 'a' }, { name: 'c' }] } } },
      { route: { cluster_header: 'x' } },
      { redirect: {} },
    ];
    expect(missing(routes('r', actions))).toEqual([
      'Cluster a <- r virtual_hosts.0.routes.0.route.cluster',
      'Cluster b <- r virtual_hosts.0.routes.0.route.request_mirror_policies.0.cluster',
      'Cluster a <- r virtual_hosts.0.routes.1.route.weighted_clusters.clusters.0.name',
      'Cluster c <- r virtual_hosts.0.routes.1.route.weighted_clusters.clusters.1.name',
    ]);
  });

  it('are endpoints of clusters, by service name or else by the name of the cluster', () => {
    expect(
      missing(
        cluster('a', { eds_cluster_config: { eds_config: ads, service_name: 's' } }),
        cluster('b', { eds_cluster_config: {} }),
        cluster('c'),
      ),
    ).toEqual(['ClusterLoadAssignment s <- a eds_cluster_config', 'ClusterLoadAssignment b <- b eds_cluster_config']);
  });

  it('are found when a name goes, though what refers to it stayed the same object', () => {
    const table = routes('r', [{ route: { cluster: 'a' } }]);
    expect(missing(table, cluster('a'))).toEqual([]);
    expect(missing(table, cluster('a'))).toEqual([]);
    expect(missing(table, cluster('b'))).toEqual(['Cluster a <- r virtual_hosts.0.routes.0.route.cluster']);
    expect(missing(table, cluster('a'))).toEqual([]);
  });

  it('are told again for routes that were seen before, at the place they have now', () => {
    const known = { match: { prefix: '/' }, route: { cluster: 'a' } };
    const withRoutes = (list: readonly object[]): ResourceInput => ({
      typeUrl: TYPE_URLS.RouteConfiguration,
      name: 'r',
      message: { name: 'r', virtual_hosts: [{ name: 'v', domains: ['*'], routes: list }] },
    });
    expect(missing(withRoutes([known]))).toEqual(['Cluster a <- r virtual_hosts.0.routes.0.route.cluster']);
    expect(missing(withRoutes([{ match: { path: '/' }, redirect: {} }, known]))).toEqual([
      'Cluster a <- r virtual_hosts.0.routes.1.route.cluster',
    ]);
  });
});
