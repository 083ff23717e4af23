import { beforeAll, describe, expect, it } from 'vitest';
import { type CertificateAuthority, createAuthority } from '../../support/certificates.ts';
import { issueTexts, modelOf, resolveSections, serviceOf } from './support.ts';

let authority: CertificateAuthority;

beforeAll(async () => {
  authority = await createAuthority();
});

function serviceIssues(entry: object): readonly string[] {
  return issueTexts(resolveSections({ services: { orders: { endpoints: ['orders.internal:8080'], ...entry } } }).issues);
}

describe('a service that says little', () => {
  it('gets the defaults', () => {
    expect(serviceOf({})).toEqual({
      name: 'orders',
      path: ['services', 'orders'],
      endpoints: [
        {
          path: ['services', 'orders', 'endpoints', 0],
          address: { kind: 'dns', host: 'orders.internal', port: 8080 },
          weight: 1,
          priority: 0,
          metadata: {},
        },
      ],
      discovery: {
        path: ['services', 'orders', 'endpoints'],
        source: { kind: 'dns', ipFamily: 'preferV4' },
        drainForMs: 5_000,
        keepLastForMs: 300_000,
      },
      protocol: 'http1',
      loadBalancer: { kind: 'roundRobin' },
      circuitBreaker: { maxConnections: 1024, maxPendingRequests: 1024, maxRequests: 1024, maxRetries: 3 },
      connectTimeoutMs: 5000,
    });
  });

  it('takes connectTimeout and circuitBreaker from the defaults, key by key', () => {
    const defaults = { connectTimeout: '1s', circuitBreaker: { maxRequests: 10, maxRetries: 1, retryBudget: { percent: 10 } } };
    expect(serviceOf({ circuitBreaker: { maxRetries: 5 } }, { defaults })).toMatchObject({
      connectTimeoutMs: 1000,
      circuitBreaker: { maxConnections: 1024, maxRequests: 10, maxRetries: 5, retryBudget: { percent: 10, minConcurrency: 3 } },
    });
  });

  it('may have no endpoints (B20)', () => {
    expect(serviceOf({ endpoints: [] }).endpoints).toEqual([]);
  });
});

describe('endpoints', () => {
  it('have one form for every spelling (B23)', () => {
    const endpoints = [
      'Orders.Internal.:80',
      'orders:80',
      '10.0.0.1:80',
      { address: '[2001:DB8:0::1]:80', weight: 3, priority: 1, zone: 'a', metadata: { version: '2' } },
    ];
    expect(serviceOf({ endpoints }).endpoints).toMatchObject([
      { address: { kind: 'dns', host: 'orders.internal', port: 80 } },
      { address: { kind: 'dns', host: 'orders', port: 80 } },
      { address: { kind: 'ip', ip: '10.0.0.1', port: 80 } },
      { address: { kind: 'ip', ip: '2001:db8::1', port: 80 }, weight: 3, priority: 1, zone: 'a', metadata: { version: '2' } },
    ]);
  });

  it.each([
    [
      'one of them twice',
      ['a:80', 'A:80', '[::1]:80', '[0::1]:80'],
      ['warning CH2602 services/orders/endpoints/1', 'warning CH2602 services/orders/endpoints/3'],
    ],
    [
      'weights beyond 32 bits in one priority, over its zones',
      [
        { address: 'a:80', weight: 4_294_967_295 },
        { address: 'b:80', weight: 1, zone: 'b' },
      ],
      ['CH2603 services/orders/endpoints'],
    ],
  ])('are told of %s', (_what, endpoints, texts) => {
    expect(serviceIssues({ endpoints })).toEqual(texts);
  });

  it('are told of sockets and names together, where the proxy resolves the names (B24)', () => {
    const endpoints = ['unix:/run/a.sock', 'a:80'];
    expect(serviceIssues({ endpoints, resolve: 'proxy' })).toEqual(['CH2601 services/orders/endpoints']);
    expect(serviceIssues({ endpoints })).toEqual([]);
  });

  it('may mix sockets and addresses, and large weights in different priorities', () => {
    expect(serviceIssues({ endpoints: ['unix:/run/a.sock', '10.0.0.1:80'] })).toEqual([]);
    const far = { address: 'b:80', weight: 4_294_967_295, priority: 1 };
    expect(serviceIssues({ endpoints: [{ address: 'a:80', weight: 4_294_967_295 }, far] })).toEqual([]);
  });
});

describe('load balancers', () => {
  it.each([
    ['random', { kind: 'random' }],
    ['leastRequest', { kind: 'leastRequest', choices: 2 }],
    ['maglev', { kind: 'maglev', by: { kind: 'clientIp' }, tableSize: 65_537 }],
    ['ringHash', { kind: 'ringHash', by: { kind: 'clientIp' }, minRingSize: 1024, maxRingSize: 8_388_608 }],
    [{ leastRequest: { choices: 5 } }, { kind: 'leastRequest', choices: 5 }],
    [{ maglev: { by: { header: 'X-User' }, tableSize: 101 } }, { kind: 'maglev', by: { kind: 'header', name: 'x-user' }, tableSize: 101 }],
    [
      { ringHash: { by: { cookie: { name: 'sid', ttl: '1h', path: '/' } }, maxRingSize: 100 } },
      { kind: 'ringHash', by: { kind: 'cookie', name: 'sid', ttlMs: 3_600_000, cookiePath: '/' }, minRingSize: 100, maxRingSize: 100 },
    ],
    [{ maglev: { by: { cookie: 'sid' } } }, { kind: 'maglev', by: { kind: 'cookie', name: 'sid' }, tableSize: 65_537 }],
    [{ maglev: { by: { query: 'User' } } }, { kind: 'maglev', by: { kind: 'query', name: 'User' }, tableSize: 65_537 }],
  ])('read %j', (loadBalancer, expected) => {
    expect(serviceOf({ loadBalancer }).loadBalancer).toEqual(expected);
  });

  it('refuse sizes that Envoy refuses', () => {
    const { issues } = resolveSections({ services: { orders: { endpoints: ['a:80'], loadBalancer: { maglev: { tableSize: 100 } } } } });
    expect(issueTexts(issues)).toEqual(['CH2605 services/orders/loadBalancer/maglev/tableSize']);
    expect(issues[0]?.help).toBe('the next prime number is 101');
    expect(serviceIssues({ loadBalancer: { ringHash: { minRingSize: 10, maxRingSize: 5 } } })).toEqual([
      'CH2606 services/orders/loadBalancer/ringHash/minRingSize',
    ]);
  });
});

describe('protection', () => {
  it('fills in health checks', () => {
    expect(serviceOf({ healthCheck: { http: '/healthz' } }).healthCheck).toEqual({
      path: ['services', 'orders', 'healthCheck'],
      check: { kind: 'http', requestPath: '/healthz', expectedStatuses: [{ from: 200, to: 200 }] },
      intervalMs: 10_000,
      timeoutMs: 1000,
      unhealthyThreshold: 3,
      healthyThreshold: 2,
    });
    expect(serviceOf({ healthCheck: { tcp: true } }).healthCheck?.check).toEqual({ kind: 'tcp' });
    expect(serviceOf({ protocol: 'grpc', healthCheck: { grpc: true } }).healthCheck?.check).toEqual({ kind: 'grpc' });
    const http = { path: '/h', host: 'a.internal', statuses: [200, '300-399'] };
    expect(serviceOf({ healthCheck: { http } }).healthCheck?.check).toMatchObject({
      host: 'a.internal',
      expectedStatuses: [{ from: 200 }, { from: 300, to: 399 }],
    });
  });

  it('refuses a gRPC check over HTTP/1.1', () => {
    expect(serviceIssues({ healthCheck: { grpc: true } })).toEqual(['CH2604 services/orders/healthCheck/grpc']);
    // Without TLS there is nothing that could negotiate HTTP/2; Envoy refuses this cluster.
    expect(serviceIssues({ protocol: 'auto', healthCheck: { grpc: true } })).toEqual(['CH2604 services/orders/healthCheck/grpc']);
  });

  it('fills in outlier detection; the longest ejection is at least the first', () => {
    expect(serviceOf({ outlierDetection: {} }).outlierDetection).toEqual({
      consecutive5xx: 5,
      intervalMs: 10_000,
      baseEjectionTimeMs: 30_000,
      maxEjectionTimeMs: 300_000,
      maxEjectionPercent: 10,
    });
    expect(serviceOf({ outlierDetection: { baseEjectionTime: '10m' } }).outlierDetection?.maxEjectionTimeMs).toBe(600_000);
    expect(serviceIssues({ outlierDetection: { maxEjectionTime: '1s' } })).toEqual([
      'CH2607 services/orders/outlierDetection/maxEjectionTime',
    ]);
  });
});

describe('TLS towards a service', () => {
  it('expects the common host name of the endpoints', () => {
    expect(serviceOf({ endpoints: ['a.internal:1', 'A.internal:2'], tls: {} }).tls).toEqual({
      path: ['services', 'orders', 'tls'],
      ca: { kind: 'system' },
      sni: 'a.internal',
      subjectAltNames: ['a.internal'],
      minVersion: '1.2',
      maxVersion: '1.3',
    });
  });

  it('warns where no name can be expected', () => {
    expect(serviceIssues({ endpoints: ['10.0.0.1:80'], tls: {} })).toEqual(['warning CH2608 services/orders/tls']);
    expect(serviceIssues({ endpoints: ['a:80', 'b:80'], tls: {} })).toEqual(['warning CH2608 services/orders/tls']);
    expect(serviceIssues({ endpoints: ['10.0.0.1:80'], tls: { sni: 'orders.internal' } })).toEqual([]);
    expect(serviceIssues({ endpoints: ['10.0.0.1:80'], tls: { subjectAltNames: ['spiffe://a/b'] } })).toEqual([]);
  });

  it('reads its own authorities, and shares those of equal text', () => {
    const tls = { ca: authority.cert };
    const { services } = modelOf({ services: { a: { endpoints: ['a:80'], tls }, b: { endpoints: ['b:80'], tls } } });
    expect(services[0]?.tls?.ca).toEqual({ kind: 'pem', pem: authority.cert });
    expect(services[1]?.tls?.ca).toBe(services[0]?.tls?.ca);
  });

  it('is told of bad authorities, unknown certificates and versions', () => {
    const texts = serviceIssues({
      tls: { ca: '-----BEGIN CERTIFICATE-----', clientCertificate: 'gateway', minVersion: '1.3', maxVersion: '1.2' },
    });
    expect(texts).toEqual(['CH2310 services/orders/tls/ca', 'CH2103 services/orders/tls/clientCertificate']);
    expect(serviceIssues({ tls: { minVersion: '1.3', maxVersion: '1.2' } })).toEqual(['CH2204 services/orders/tls/minVersion']);
  });
});

describe('like (C5)', () => {
  const base = {
    endpoints: ['a.internal:80'],
    protocol: 'grpc',
    circuitBreaker: { maxRequests: 10, maxRetries: 1 },
    tls: { sni: 'a.internal', minVersion: '1.3' },
    loadBalancer: { maglev: { by: { header: 'x-a' } } },
  };

  it('takes everything and replaces what the service says itself', () => {
    const { services } = modelOf({
      services: { base, copy: { like: 'base' }, own: { like: 'base', endpoints: ['b.internal:80'], protocol: 'h2' } },
    });
    const [first, copy, own] = services;
    expect({ ...copy, name: 'base', path: first?.path, tls: { ...copy?.tls, path: first?.tls?.path } }).toEqual(first);
    expect(own).toMatchObject({ protocol: 'h2', endpoints: [{ address: { host: 'b.internal' } }], loadBalancer: { kind: 'maglev' } });
  });

  it('adds keys inside circuitBreaker, outlierDetection and tls, and replaces all other groups whole', () => {
    const own = { like: 'base', circuitBreaker: { maxRequests: 99 }, tls: { sni: 'b.internal' }, loadBalancer: 'maglev' };
    const { services } = modelOf({ services: { base, own } });
    expect(services[1]).toMatchObject({
      circuitBreaker: { maxRequests: 99, maxRetries: 1 },
      tls: { sni: 'b.internal', minVersion: '1.3' },
      loadBalancer: { by: { kind: 'clientIp' } },
    });
  });

  it('follows chains in any order of writing', () => {
    const { services } = modelOf({
      services: { c: { like: 'b' }, b: { like: 'a', protocol: 'h2' }, a: { endpoints: ['a:80'], connectTimeout: '1s' } },
    });
    expect(services.map((service) => [service.name, service.protocol, service.connectTimeoutMs])).toEqual([
      ['a', 'http1', 1000],
      ['b', 'h2', 1000],
      ['c', 'h2', 1000],
    ]);
  });

  it('tells where a mistake was written, not where it was taken', () => {
    const { issues } = resolveSections({
      services: {
        a: { endpoints: ['a:80'], outlierDetection: { maxEjectionTime: '1s' } },
        b: { like: 'a', outlierDetection: { interval: '1s' } },
      },
    });
    expect(issueTexts(issues)).toEqual(['CH2607 services/a/outlierDetection/maxEjectionTime']);
  });

  it('is told of circles once, and of unknown names, and goes on', () => {
    const services = {
      a: { like: 'b' },
      b: { like: 'c' },
      c: { like: 'a' },
      d: { like: 'a' },
      e: { like: 'orderz' },
      orders: { endpoints: ['a:80'] },
      self: { like: 'self' },
    };
    const routes = [{ name: 'r', backends: ['a', 'd', 'e', 'orders'] }];
    const { issues } = resolveSections({ services, routes });
    expect(issueTexts(issues)).toEqual(['CH2105 services/a/like', 'CH2104 services/e/like', 'CH2105 services/self/like']);
    expect(issues[0]?.message).toBe('services are like each other in a circle: "a" → "b" → "c" → "a"');
    expect(issues[1]?.help).toBe('did you mean "orders"?');
  });

  it('does not mind chains of any length', () => {
    const links = Array.from({ length: 20_000 }, (_, index) => [
      `s${index}`,
      index === 0 ? { endpoints: ['a:80'] } : { like: `s${index - 1}` },
    ]);
    expect(modelOf({ services: Object.fromEntries(links) }).services).toHaveLength(20_000);
  });
});
