import { describe, expect, it } from 'vitest';
import { Secret } from '../../../../src/lib/secret.ts';
import { connectionOptions, credentialOptions, endpointOptions } from '../../../../src/ratelimit/redis/redis-settings.ts';

const middle = (): number => 0.5;

describe('what a client of Redis is made with (ratelimit R408)', () => {
  it('nothing is queued, sent again or repeated, and a link that says nothing is given up', () => {
    const options = connectionOptions({ endpoint: { kind: 'single', host: 'a', port: 1 } }, middle);
    expect(options).toMatchObject({
      lazyConnect: true,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      autoResendUnfulfilledCommands: false,
      socketTimeout: 1_500,
    });
  });

  it('it tries again after 50 ms at first, a second at last, never at the same moment as others', () => {
    const strategyOf = (random: number) => connectionOptions({ endpoint: { kind: 'socket', path: '/s' } }, () => random).retryStrategy;
    const waits = [1, 2, 3, 5, 50].map((times) => strategyOf(0.999)?.(times));
    expect(waits.map((wait) => Math.round(Number(wait)))).toEqual([100, 200, 400, 1000, 1000]);
    expect(strategyOf(0)?.(50)).toBe(500);
  });

  it('each kind of place has its own, and Sentinel is waited for no longer than a connection', () => {
    expect(endpointOptions({ endpoint: { kind: 'single', host: 'a', port: 1 } }, middle)).toEqual({ host: 'a', port: 1 });
    expect(endpointOptions({ endpoint: { kind: 'socket', path: '/s' } }, middle)).toEqual({ path: '/s' });
    expect(endpointOptions({ endpoint: { kind: 'cluster', hosts: [{ host: 'a', port: 1 }] } }, middle)).toEqual({});
    expect(endpointOptions({ endpoint: { kind: 'sentinel', name: 'n', hosts: [{ host: 'a', port: 1 }] }, tls: {} }, middle)).toMatchObject({
      name: 'n',
      sentinels: [{ host: 'a', port: 1 }],
      failoverDetector: true,
      enableTLSForSentinelMode: true,
      sentinelCommandTimeout: 1_000,
    });
  });

  it('credentials are what can be rotated: names, passwords, certificates, those of Sentinel too (R1008)', () => {
    const tls = { ca: 'CA', cert: 'CERT', key: new Secret('KEY'), serverName: 'limits.internal' };
    const endpoint = { kind: 'sentinel', name: 'n', hosts: [], password: new Secret('s') } as const;
    const shown = { ca: 'CA', cert: 'CERT', key: 'KEY', servername: 'limits.internal' };
    expect(credentialOptions({ endpoint, username: 'u', password: new Secret('p'), tls })).toEqual({
      username: 'u',
      password: 'p',
      tls: shown,
      sentinelTLS: shown,
      sentinelPassword: 's',
    });
    expect(credentialOptions({ endpoint: { kind: 'single', host: 'a', port: 1 } })).toEqual({});
  });
});
