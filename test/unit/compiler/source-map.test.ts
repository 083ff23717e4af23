import { expect, test } from 'vitest';
import { createCompiler } from '../../../src/compiler/compile.ts';
import {
  aCertificate,
  aListener,
  aListenerTls,
  aMatch,
  aModel,
  anEndpoint,
  anUpstreamTls,
  aRoute,
  aService,
} from '../../support/model-builder.ts';

const endpoints = [
  anEndpoint('10.0.0.2:80', { path: ['services', 'a', 'endpoints', 0] }),
  anEndpoint('10.0.0.1:80', { path: ['services', 'a', 'endpoints', 1] }),
];
const healthCheck = {
  path: ['services', 'a', 'healthCheck'],
  check: { kind: 'tcp' },
  intervalMs: 1000,
  timeoutMs: 1000,
  unhealthyThreshold: 1,
  healthyThreshold: 1,
} as const;
const certificates = [
  { ...aCertificate('one'), path: ['certificates', 'one'] },
  { ...aCertificate('two'), path: ['certificates', 'two'] },
];
const { sourceMap } = createCompiler().compile(
  aModel({
    accessLog: { path: ['accessLog'], file: '/dev/stdout' },
    listeners: [aListener({ name: 'https', tls: aListenerTls({ certificates }) })],
    services: [
      aService('a', { endpoints, healthCheck, tls: anUpstreamTls({ path: ['services', 'a', 'tls'] }) }),
      aService('b', { endpoints: [anEndpoint('b.internal:80', { path: ['services', 'b', 'endpoints', 0] })] }),
    ],
    routes: [
      aRoute('a', { path: ['routes', 7], listeners: ['https'], matches: [{ ...aMatch('/a'), path: ['routes', 7, 'matches', 0] }] }),
      aRoute('b', { path: ['routes', 3], listeners: ['https'], matches: [{ ...aMatch('=/b'), path: ['routes', 3, 'matches', 0] }] }),
    ],
  }),
);

test.each([
  ['Cluster', 'service/a', [], ['services', 'a']],
  ['Cluster', 'service/a', ['health_checks', 0, 'timeout'], ['services', 'a', 'healthCheck']],
  ['Cluster', 'service/a', ['transport_socket'], ['services', 'a', 'tls']],
  ['Cluster', 'service/a', ['connect_timeout'], ['services', 'a']],
  ['Cluster', 'service/b', ['load_assignment', 'endpoints', 0, 'lb_endpoints', 0, 'endpoint'], ['services', 'b', 'endpoints', 0]],
  ['ClusterLoadAssignment', 'service/a', ['endpoints', 0, 'lb_endpoints', 0], ['services', 'a', 'endpoints', 1]],
  ['Listener', 'listener/https', ['address'], ['listeners', 'https']],
  ['Listener', 'listener/https', ['filter_chains', 0, 'filters', 0, 'typed_config', 'access_log', 0], ['accessLog']],
  [
    'Listener',
    'listener/https',
    ['filter_chains', 0, 'transport_socket', 'typed_config', 'common_tls_context', 'tls_certificate_sds_secret_configs', 1, 'name'],
    ['certificates', 'two'],
  ],
  ['RouteConfiguration', 'routes/https', ['virtual_hosts', 0, 'routes', 0, 'match', 'path'], ['routes', 3, 'matches', 0]],
  ['RouteConfiguration', 'routes/https', ['virtual_hosts', 0, 'routes', 1, 'route', 'timeout'], ['routes', 7]],
  ['RouteConfiguration', 'routes/https', ['name'], ['listeners', 'https']],
  ['Secret', 'certificate/one', ['tls_certificate', 'private_key'], ['certificates', 'one']],
] as const)('O5: %s %s %j leads to its place in the files', (kind, name, messagePath, place) => {
  expect(sourceMap.find(kind, name, messagePath)).toEqual(place);
});

test('an unknown resource has no place', () => {
  expect(sourceMap.find('Cluster', 'service/none')).toBeUndefined();
});
