import { expect, test } from 'vitest';
import { createCompiler } from '../../../src/compiler/compile.ts';
import { compileStaticBootstrap } from '../../../src/compiler/static-bootstrap.ts';
import { aListener, aListenerTls, aModel, anEndpoint, anUpstreamTls, aRoute, aService, forwardTo } from '../../support/model-builder.ts';

const COMPILATION = createCompiler().compile(
  aModel({
    listeners: [aListener({ name: 'https', tls: aListenerTls() }), aListener({ name: 'many', port: 1, onDemandHosts: true })],
    services: [aService('a', { tls: anUpstreamTls() }), aService('b', { endpoints: [anEndpoint('b.internal:80')] })],
    routes: [
      aRoute('a', { listeners: ['https'] }),
      aRoute('b', { listeners: ['https'], hostnames: ['b.example.com'] }),
      aRoute('c', { listeners: ['many'], hostnames: ['c.example.com'], action: forwardTo('a') }),
    ],
    runtime: { path: [], values: [['a.b', 1]] },
  }),
);
const BOOTSTRAP = compileStaticBootstrap(COMPILATION);

test('nothing is left that would be fetched', () => {
  expect(JSON.stringify(BOOTSTRAP)).not.toMatch(/"(ads|rds|sds_config|eds_cluster_config|config_discovery|vhds|rtds_layer)":/);
});

test('routes, endpoints and secrets stand in it', () => {
  expect(BOOTSTRAP).toMatchObject({
    static_resources: {
      listeners: [
        { filter_chains: [{ filters: [{ typed_config: { route_config: { name: 'routes/https' } } }] }] },
        {
          filter_chains: [
            { filters: [{ typed_config: { route_config: { name: 'routes/many', virtual_hosts: [{ domains: ['c.example.com'] }] } } }] },
          ],
        },
      ],
      clusters: [
        { name: 'service/a', type: 'STATIC', load_assignment: { cluster_name: 'service/a' } },
        { name: 'service/b', cluster_type: { name: 'envoy.clusters.dns' } },
      ],
      secrets: [{ name: 'ca/system' }, { name: 'certificate/shop' }],
    },
  });
});

test('secrets are referred to by name alone', () => {
  expect(BOOTSTRAP).toMatchObject({
    static_resources: {
      listeners: [
        {
          filter_chains: [
            {
              transport_socket: {
                typed_config: { common_tls_context: { tls_certificate_sds_secret_configs: [{ name: 'certificate/shop' }] } },
              },
            },
          ],
        },
        {},
      ],
    },
  });
});

test('places of filters that nothing fills are left out, and runtime values are a layer', () => {
  const { static_resources, layered_runtime } = JSON.parse(JSON.stringify(BOOTSTRAP));
  const filters = static_resources.listeners[1].filter_chains[0].filters[0].typed_config.http_filters;
  expect(filters.map(({ name }: { name: string }) => name)).toEqual([
    'envoy.filters.http.cors',
    'filter/identity',
    'filter/hygiene',
    'filter/rbac',
    'envoy.filters.http.fault',
    'envoy.filters.http.router',
  ]);
  expect(layered_runtime.layers[1]).toEqual({ name: 'runtime', static_layer: { fields: { 'a.b': { number_value: 1 } } } });
});

test('the compilation stays as it was', () => {
  expect(JSON.stringify(COMPILATION.resources)).toMatch(/"rds":/);
});

test('the admin interface is there only when asked for', () => {
  expect(BOOTSTRAP).not.toHaveProperty('admin');
  expect(compileStaticBootstrap(COMPILATION, { admin: { host: '127.0.0.1', port: 9901 } })).toHaveProperty('admin');
});
