import { describe, expect, test } from 'vitest';
import type { Service } from '../../../src/model/types.ts';
import { issueTexts, modelOf, resolveSections } from './support.ts';

const servicesOf = (services: Record<string, object>): readonly Service[] => modelOf({ services: services as never }).services;
const discoveryOf = (service: object): Service['discovery'] => servicesOf({ orders: service })[0]?.discovery;

describe('discovery', () => {
  test('has defaults for draining and keeping (D12, D18)', () => {
    expect(discoveryOf({ discovery: { push: {} } })).toEqual({
      path: ['services', 'orders', 'discovery'],
      source: { kind: 'push' },
      drainForMs: 5_000,
      keepLastForMs: 300_000,
    });
    const own = discoveryOf({ discovery: { http: { url: 'http://registry/x' }, drainFor: '1s', keepLastFor: '2m' } });
    expect(own).toMatchObject({
      drainForMs: 1_000,
      keepLastForMs: 120_000,
      source: { kind: 'http', url: 'http://registry/x', intervalMs: 10_000, timeoutMs: 2_000, headers: {} },
    });
  });

  test('of host names among endpoints is the control plane’s, unless the proxy is to resolve them (D20)', () => {
    expect(discoveryOf({ endpoints: ['a:80', '10.0.0.1:80'] })?.source).toEqual({
      kind: 'dns',
      ipFamily: 'preferV4',
    });
    expect(discoveryOf({ resolve: 'proxy', endpoints: ['a:80'] })).toBeUndefined();
    expect(discoveryOf({ resolve: 'controlPlane', endpoints: ['10.0.0.1:80', 'unix:/a'] })).toBeUndefined();
  });

  test('takes names with a final dot and in upper case (B23)', () => {
    const [service] = servicesOf({ orders: { discovery: { dns: { name: 'Orders.Internal.', port: 80 } } } });
    expect(service?.endpoints).toMatchObject([{ address: { kind: 'dns', host: 'orders.internal', port: 80 } }]);
  });

  test('keeps of a push token its hash alone (C7)', () => {
    const discovery = discoveryOf({ discovery: { push: { token: 'canary-token', ttl: '30s' } } });
    expect(discovery?.source).toEqual({ kind: 'push', ttlMs: 30_000, tokenHash: expect.stringMatching(/^[0-9a-f]{64}$/) });
  });

  test('takes the place of endpoints that come by like, and the other way round', () => {
    const [found, listed, tuned] = servicesOf({
      a: { discovery: { push: {} } },
      b: { like: 'a', endpoints: ['10.0.0.1:80'] },
      c: { like: 'b', discovery: { file: 'c.yaml' } },
    });
    expect([found?.discovery?.source.kind, listed?.discovery, tuned?.discovery?.source.kind]).toEqual(['push', undefined, 'file']);
    expect(tuned?.endpoints).toEqual([]);
  });

  test('gives TLS the name that all endpoints share', () => {
    const sniOf = (discovery: object): string | undefined => servicesOf({ orders: { discovery, tls: {} } })[0]?.tls?.sni;
    expect(sniOf({ dns: { name: 'orders.internal', port: 443 } })).toBe('orders.internal');
    expect(sniOf({ dns: { name: '_https._tcp.orders.internal', srv: true } })).toBeUndefined();
    expect(issueTexts(resolveSections({ services: { orders: { discovery: { push: {} }, tls: {} } } }).issues)).toEqual([
      'warning CH2608 services/orders/tls',
    ]);
  });
});
