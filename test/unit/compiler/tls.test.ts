import { describe, expect, test } from 'vitest';
import { createCompiler } from '../../../src/compiler/compile.ts';
import { compileDownstreamTls } from '../../../src/compiler/downstream-tls.ts';
import { compileUpstreamTls } from '../../../src/compiler/upstream-tls.ts';
import type { Protocol, UpstreamTls } from '../../../src/model/types.ts';
import { aCertificate, aListener, aListenerTls, aModel, anUpstreamTls, aRoute, aService, forwardTo } from '../../support/model-builder.ts';

const sds = (name: string) => ({ name, sds_config: { ads: {}, resource_api_version: 'V3' } });
const upstream = (tls: Partial<UpstreamTls> = {}, protocol: Protocol = 'http1') =>
  compileUpstreamTls(aService('orders', { protocol }), anUpstreamTls(tls)).typed_config;
const secretNames = (model: ReturnType<typeof aModel>) =>
  createCompiler()
    .compile(model)
    .resources.filter(({ kind }) => kind === 'Secret')
    .map(({ name }) => name);

describe('towards clients', () => {
  test('certificates come over SDS in the order written, because the first serves clients without SNI', () => {
    const tls = aListenerTls({ certificates: [aCertificate('shop'), aCertificate('api')] });
    expect(compileDownstreamTls('https', tls).typed_config).toMatchObject({
      common_tls_context: {
        tls_params: { tls_minimum_protocol_version: 'TLSv1_2', tls_maximum_protocol_version: 'TLSv1_3' },
        tls_certificate_sds_secret_configs: [sds('certificate/shop'), sds('certificate/api')],
        alpn_protocols: ['h2', 'http/1.1'],
      },
    });
  });

  test('client certificates can be asked for and be required', () => {
    const ca = { kind: 'pem', pem: 'an authority' } as const;
    const optional = compileDownstreamTls('https', aListenerTls({ clientAuth: { ca, mode: 'optional' } })).typed_config;
    expect(optional).toMatchObject({ common_tls_context: { validation_context_sds_secret_config: sds('ca/listener/https') } });
    expect(optional).toHaveProperty('require_client_certificate', { value: false });
    const required = compileDownstreamTls('https', aListenerTls({ clientAuth: { ca, mode: 'require' } })).typed_config;
    expect(required).toHaveProperty('require_client_certificate', { value: true });
  });
});

describe('towards services', () => {
  test('B6: the maximum is TLS 1.3, which Envoy would not offer by itself', () => {
    expect(upstream()).toMatchObject({
      common_tls_context: { tls_params: { tls_minimum_protocol_version: 'TLSv1_2', tls_maximum_protocol_version: 'TLSv1_3' } },
    });
  });

  test('the name is sent and checked, B23: without a final dot', () => {
    expect(upstream({ sni: 'orders.internal.', subjectAltNames: ['orders.internal.'] })).toMatchObject({
      sni: 'orders.internal',
      common_tls_context: {
        combined_validation_context: {
          default_validation_context: { match_typed_subject_alt_names: [{ san_type: 'DNS', matcher: { exact: 'orders.internal' } }] },
          validation_context_sds_secret_config: sds('ca/system'),
        },
      },
    });
  });

  test('names of other kinds are matched as what they are', () => {
    expect(upstream({ subjectAltNames: ['spiffe://shop/orders', '10.0.0.1', '::1'] })).toMatchObject({
      common_tls_context: {
        combined_validation_context: {
          default_validation_context: {
            match_typed_subject_alt_names: [
              { san_type: 'URI', matcher: { exact: 'spiffe://shop/orders' } },
              { san_type: 'IP_ADDRESS', matcher: { exact: '10.0.0.1' } },
              { san_type: 'IP_ADDRESS', matcher: { exact: '::1' } },
            ],
          },
        },
      },
    });
  });

  test('without a name the chain alone is checked', () => {
    const { sni: _, ...nameless } = anUpstreamTls({ subjectAltNames: [] });
    expect(compileUpstreamTls(aService('orders'), nameless).typed_config).toEqual({
      '@type': 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext',
      common_tls_context: {
        tls_params: { tls_minimum_protocol_version: 'TLSv1_2', tls_maximum_protocol_version: 'TLSv1_3' },
        validation_context_sds_secret_config: sds('ca/system'),
        alpn_protocols: ['http/1.1'],
      },
    });
  });

  test.each([
    ['http1', ['http/1.1']],
    ['h2', ['h2']],
    ['grpc', ['h2']],
    ['auto', undefined],
  ] as const)('ALPN for %s', (protocol, alpn) => {
    const context = upstream({}, protocol);
    if (alpn === undefined) expect(context).not.toHaveProperty('common_tls_context.alpn_protocols');
    else expect(context).toHaveProperty('common_tls_context.alpn_protocols', alpn);
  });

  test('the gateway’s own certificate is a secret too', () => {
    expect(upstream({ clientCertificate: 'gateway' })).toMatchObject({
      common_tls_context: { tls_certificate_sds_secret_configs: [sds('certificate/gateway')] },
    });
  });
});

describe('secrets', () => {
  test('B7: 5,000 services that trust the system share one', () => {
    const names = Array.from({ length: 5000 }, (_, index) => `s${index}`);
    const services = names.map((name) => aService(name, { tls: anUpstreamTls() }));
    const routes = names.map((name) => aRoute(name, { action: forwardTo(name) }));
    expect(secretNames(aModel({ services, routes }))).toEqual(['ca/system']);
  });

  test('a service’s own authority has a secret of its own, even where two wrote the same', () => {
    const ca = { kind: 'pem', pem: 'an authority' } as const;
    const services = [aService('a', { tls: anUpstreamTls({ ca }) }), aService('b', { tls: anUpstreamTls({ ca }) })];
    expect(secretNames(aModel({ services, routes: [aRoute('a'), aRoute('b')] }))).toEqual(['ca/service/a', 'ca/service/b']);
  });

  test('only what is used is a secret, and each once', () => {
    const shared = aCertificate('shared');
    const listeners = [
      aListener({ name: 'a', tls: aListenerTls({ certificates: [shared] }) }),
      aListener({ name: 'b', tls: aListenerTls({ certificates: [shared], clientAuth: { ca: { kind: 'system' }, mode: 'require' } }) }),
    ];
    const services = [aService('a', { tls: anUpstreamTls({ clientCertificate: 'gateway', ca: { kind: 'pem', pem: 'x' } }) })];
    const certificates = [shared, aCertificate('gateway'), aCertificate('unused')];
    expect(secretNames(aModel({ listeners, services, certificates, routes: [aRoute('a')] }))).toEqual([
      'ca/service/a',
      'ca/system',
      'certificate/gateway',
      'certificate/shared',
    ]);
  });

  test('the system’s authorities are a file on Envoy’s machine, which can be told', () => {
    const model = aModel({ services: [aService('a', { tls: anUpstreamTls() })], routes: [aRoute('a')] });
    const { resources } = createCompiler({ systemCaFile: '/etc/pki/tls/certs/ca-bundle.crt' }).compile(model);
    const secret = resources.find(({ kind }) => kind === 'Secret');
    expect(secret?.message).toEqual({
      name: 'ca/system',
      validation_context: { trusted_ca: { filename: '/etc/pki/tls/certs/ca-bundle.crt' } },
    });
  });

  test('B9: another key changes the secret and nothing else', () => {
    const compile = (key: string) => {
      const listeners = [aListener({ name: 'https', tls: aListenerTls({ certificates: [aCertificate('shop', 'a chain', key)] }) })];
      return createCompiler().compile(aModel({ listeners })).resources;
    };
    const [before, after] = [compile('one key'), compile('another key')];
    const changed = after.filter((resource, index) => JSON.stringify(resource.message) !== JSON.stringify(before[index]?.message));
    expect(changed.map(({ kind, name }) => `${kind} ${name}`)).toEqual(['Secret certificate/shop']);
  });
});
