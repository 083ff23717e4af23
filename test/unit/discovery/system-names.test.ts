import { Resolver } from 'node:dns/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createSystemNames, TTL_UNKNOWN_MS } from '../../../src/discovery/system-names.ts';
import { type DnsServer, startDnsServer } from '../../support/dns-server.ts';

let server: DnsServer;
let hosts = '';
let searched: string[] = [];
const found = new Map<string, readonly string[]>();
const names = createSystemNames({
  servers: () => {
    const resolver = new Resolver({ timeout: 200, tries: 1 });
    resolver.setServers([server.address]);
    return resolver;
  },
  search: async (name) => {
    searched.push(name);
    const ips = found.get(name);
    if (ips === undefined) throw Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' });
    return ips.map((address) => ({ address, family: 4 }));
  },
  readHosts: async () => hosts,
});

beforeAll(async () => {
  server = await startDnsServer({
    'both.test': { a: ['10.0.0.2', '10.0.0.1'], aaaa: ['fd00::1'], ttl: 7 },
    'six.test': { aaaa: ['fd00::1'], ttl: 9 },
    'sick.test': { fails: 'SERVFAIL' },
    'silent.test': { fails: 'silence' },
    '_http._tcp.test': { srv: [{ host: 'b.test', port: 81, priority: 10, weight: 5 }] },
    orders: { a: ['10.0.0.9'], ttl: 600 },
  });
});
afterAll(() => server.close());

describe('a host name (D20)', () => {
  test.each([
    ['preferV4', ['10.0.0.1', '10.0.0.2']],
    ['v4', ['10.0.0.1', '10.0.0.2']],
    ['v6', ['fd00::1']],
    ['both', ['10.0.0.1', '10.0.0.2', 'fd00::1']],
  ] as const)('gives by %s: %j, with its TTL', async (family, ips) => {
    const answer = await names.addresses('both.test', family);
    expect([answer.ips.toSorted(), answer.ttlMs]).toEqual([ips, 7_000]);
  });

  test('without IPv4 addresses gives those of IPv6 where IPv4 is preferred', async () => {
    expect(await names.addresses('six.test', 'preferV4')).toEqual({ ips: ['fd00::1'], ttlMs: 9_000 });
  });

  test('of a single label is asked of the servers, as in a Compose network (B23)', async () => {
    expect(await names.addresses('orders', 'preferV4')).toEqual({ ips: ['10.0.0.9'], ttlMs: 600_000 });
  });

  test('in the hosts file is taken from there, and no server is asked', async () => {
    hosts = '127.0.0.1 localhost\n10.1.1.1\tdb.test db # the database\nfd00::9 db.test\n';
    const before = server.questions.length;
    expect(await names.addresses('db.test', 'preferV4')).toEqual({ ips: ['10.1.1.1'], ttlMs: TTL_UNKNOWN_MS });
    expect((await names.addresses('db', 'both')).ips).toEqual(['10.1.1.1']);
    expect(server.questions.length).toBe(before);
    hosts = '';
  });

  test('that the servers do not know is searched as the system does', async () => {
    found.set('searched', ['10.2.2.2']);
    expect(await names.addresses('searched', 'preferV4')).toEqual({ ips: ['10.2.2.2'], ttlMs: TTL_UNKNOWN_MS });
  });

  test('that exists nowhere has no addresses', async () => {
    expect((await names.addresses('nowhere.test', 'preferV4')).ips).toEqual([]);
  });

  test.each(['sick.test', 'silent.test'])('%s, whose server fails, gives no answer: nothing is searched', async (name) => {
    searched = [];
    await expect(names.addresses(name, 'preferV4')).rejects.toThrow(/ESERVFAIL|ETIMEOUT/);
    expect(searched).toEqual([]);
  });

  test('that is an address is itself', async () => {
    expect((await names.addresses('10.0.0.5', 'preferV4')).ips).toEqual(['10.0.0.5']);
  });
});

test('SRV records give hosts, ports, priorities and weights; none is no failure', async () => {
  expect(await names.services('_http._tcp.test')).toEqual([{ host: 'b.test', port: 81, priority: 10, weight: 5 }]);
  expect(await names.services('_none._tcp.test')).toEqual([]);
  await expect(names.services('sick.test')).rejects.toThrow(/ESERVFAIL/);
});
