// Where issuers may be, in every spelling of an address, and names that lead elsewhere (authz J2, T11).
import type { LookupAddress } from 'node:dns';
import { describe, expect, it } from 'vitest';
import { guardedLookup, isAllowedAddress } from '../../../../src/authz/issuer/issuer-address.ts';

describe('the address of an issuer', () => {
  it.each([
    '169.254.169.254',
    '169.254.0.1',
    '0.0.0.0',
    '0.1.2.3',
    '224.0.0.1',
    '239.255.255.250',
    '255.255.255.255',
    '::',
    'fe80::1',
    'fe80::1%eth0',
    'febf::1',
    'ff02::1',
    'ff0e::1',
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    '0:0:0:0:0:ffff:a9fe:a9fe',
    '::ffff:0.0.0.0',
    '::ffff:224.0.0.1',
    '64:ff9b::169.254.169.254',
    '64:ff9b::a9fe:a9fe',
    '64:ff9b:0:0:0:0:a9fe:a9fe',
    '64:ff9b::',
    '64:ff9b::e000:1',
    '64:ff9b:1::a9fe:a9fe',
  ])('%s is never allowed (authz J2)', (address) => {
    expect([isAllowedAddress(address, false), isAllowedAddress(address, true)]).toEqual([false, false]);
  });

  it.each(['127.0.0.1', '127.255.255.254', '::1', '0:0:0:0:0:0:0:1', '::ffff:127.0.0.1', '::ffff:7f00:1', '64:ff9b::7f00:1'])(
    '%s is allowed in --dev alone (authz J2)',
    (address) => {
      expect([isAllowedAddress(address, false), isAllowedAddress(address, true)]).toEqual([false, true]);
    },
  );

  it.each([
    '10.0.0.1',
    '172.16.0.1',
    '192.168.1.1',
    '100.64.0.1',
    '203.0.113.7',
    '1.1.1.1',
    '223.255.255.255',
    '169.253.255.255',
    '169.255.0.0',
    'fd00::1',
    '2001:db8::1',
    '::ffff:10.0.0.1',
    '64:ff9b::808:808',
    '64:ff9b:1::a00:1',
    '64:ff9b:2::a9fe:a9fe',
  ])('%s is allowed (authz J2)', (address) => {
    expect(isAllowedAddress(address, false)).toBe(true);
  });
});

describe('the name of an issuer', () => {
  const looked = (addresses: readonly string[], options: { readonly dev?: boolean; readonly all?: boolean } = {}): Promise<unknown> => {
    const found: LookupAddress[] = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
    const lookup = guardedLookup(options.dev ?? false, (_name, _options, callback) => callback(null, found));
    return new Promise((resolve, reject) => {
      lookup('id.example.com', { all: options.all ?? true }, (error, address) => (error === null ? resolve(address) : reject(error)));
    });
  };

  it('that leads to forbidden addresses alone cannot be reached: no rebinding (authz J2, T11)', async () => {
    for (const addresses of [['169.254.169.254'], ['127.0.0.1', '::1'], ['64:ff9b::a9fe:a9fe', '::ffff:169.254.1.1'], []])
      await expect(looked(addresses)).rejects.toMatchObject({ reason: 'address' });
    await expect(looked(['169.254.169.254'], { dev: true, all: false })).rejects.toMatchObject({ reason: 'address' });
  });

  it('that leads to others too is reached at those (authz J2)', async () => {
    expect(await looked(['169.254.169.254', '10.1.2.3', '127.0.0.1', '2001:db8::1'])).toEqual([
      { address: '10.1.2.3', family: 4 },
      { address: '2001:db8::1', family: 6 },
    ]);
    expect(await looked(['127.0.0.1', '10.1.2.3'], { all: false })).toBe('10.1.2.3');
    expect(await looked(['127.0.0.1'], { dev: true, all: false })).toBe('127.0.0.1');
  });

  it('that leads nowhere fails as it failed', async () => {
    const lookup = guardedLookup(false, (_name, _options, callback) => callback(new Error('ENOTFOUND'), []));
    const failed = new Promise((_resolve, reject) => {
      lookup('id.example.com', {}, (error) => reject(error ?? new Error('no error')));
    });
    await expect(failed).rejects.toThrow('ENOTFOUND');
  });
});
