import { describe, expect, it } from 'vitest';
import { addressOf, endpointOf, isLocal, workerAddress } from '../../../src/companion/address.ts';

describe('addresses of workers (authz G14, G15)', () => {
  it('lie ten ports apart, so that the next companion fits between', () => {
    expect([0, 1, 2].map((index) => workerAddress({ host: '127.0.0.1', port: 18_001 }, index))).toEqual([
      { host: '127.0.0.1', port: 18_001 },
      { host: '127.0.0.1', port: 18_011 },
      { host: '127.0.0.1', port: 18_021 },
    ]);
    expect(workerAddress({ host: '::1', port: 0 }, 3)).toEqual({ host: '::1', port: 0 });
  });

  it('are socket files that are called alike', () => {
    expect([0, 1].map((index) => workerAddress({ path: '/run/a.b/authz.sock' }, index))).toEqual([
      { path: '/run/a.b/authz.sock' },
      { path: '/run/a.b/authz-1.sock' },
    ]);
    expect(workerAddress({ path: '/run/a.b/authz' }, 1)).toEqual({ path: '/run/a.b/authz-1' });
  });

  it('come back from their endpoints', () => {
    for (const address of [{ host: '::1', port: 7 }, { host: '10.0.0.7', port: 18_001 }, { path: '/run/x.sock' }])
      expect(addressOf(endpointOf(address, 'port' in address ? address.port : 0))).toEqual(address);
  });

  it('are local on loopback and as files', () => {
    expect(
      [{ path: '/x' }, { host: '127.0.0.9', port: 1 }, { host: '0.0.0.0', port: 1 }, { host: '10.0.0.1', port: 1 }].map(isLocal),
    ).toEqual([true, true, false, false]);
  });
});
