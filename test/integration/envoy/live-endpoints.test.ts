// Endpoints that are found while real Envoys run: by name and by push, they come and leave without a failed request (D12, D18-D20).
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { dnsPorts } from '../../support/dns-ports.ts';
import { type DnsServer, startDnsServer } from '../../support/dns-server.ts';
import { eventually } from '../../support/eventually.ts';
import { type Fleet, startFleet } from '../../support/fleet.ts';
import { freePort } from '../../support/free-port.ts';
import { startUpstream, type Upstream } from '../../support/upstream.ts';

const PORT = 10_080;
/** Backends on one port of several loopback addresses, as DNS gives addresses without ports. */
const IPS = ['127.0.0.1', '127.0.0.2', '127.0.0.3'] as const;

let dns: DnsServer;
let fleet: Fleet;
let upstreams: readonly Upstream[];
let backendPort: number;

const config = (more = ''): string => `
listeners:
  http: {port: ${PORT}}
services:
  named: {endpoints: ["Orders.Test.:${backendPort}"]${more}}
  drained: {discovery: {dns: {name: drained.test, port: ${backendPort}}, drainFor: 1d}}
  mixed: {endpoints: ["mixed.test:${backendPort}", "127.0.0.3:${backendPort}"]}
  by-srv: {discovery: {dns: {name: _http._tcp.test, srv: true}}}
  pushed: {discovery: {push: {}, drainFor: 100ms}}
  nowhere: {endpoints: ["nowhere.test:80"]}
routes:
  - {name: named, hostnames: [named.test], backends: [named]}
  - {name: load, matches: [{path: {prefix: /orders}}], backends: [named]}
  - {name: drained, hostnames: [drained.test], backends: [drained]}
  - {name: mixed, hostnames: [mixed.test], backends: [mixed]}
  - {name: by-srv, hostnames: [by-srv.test], backends: [by-srv]}
  - {name: pushed, hostnames: [pushed.test], backends: [pushed]}
  - {name: nowhere, hostnames: [nowhere.test], backends: [nowhere]}
  - {name: share, hostnames: [share.test], backends: [{service: named, weight: 1}, {service: nowhere, weight: 1}]}
`;

beforeAll(async () => {
  backendPort = await freePort();
  upstreams = await Promise.all(IPS.map((host) => startUpstream({ name: host, host, port: backendPort })));
  dns = await startDnsServer({
    'orders.test': { a: ['127.0.0.1'], ttl: 1 },
    'drained.test': { a: [...IPS], ttl: 1 },
    'mixed.test': { a: ['127.0.0.1'] },
    '_http._tcp.test': {
      srv: [
        { host: 'mixed.test', port: backendPort, priority: 5, weight: 1 },
        { host: 'orders.test', port: 1, priority: 9, weight: 1 },
      ],
    },
  });
  fleet = await startFleet({ config: config(), proxies: { delta: {}, sotw: { variant: 'sotw' } }, discoveryPorts: dnsPorts(dns) });
});
afterAll(async () => {
  await fleet?.stop();
  await dns?.close();
  for (const upstream of upstreams ?? []) await upstream.close();
});
beforeEach(() => {
  for (const upstream of upstreams) upstream.reset();
});

/** Hosts of a service in each proxy: `127.0.0.1`, with `!` while it drains. */
async function hosts(service: string, proxy: string): Promise<string> {
  const clusters = await fleet.proxy(proxy).envoy.admin.clusters();
  const found = clusters.find(({ name }) => name === `service/${service}`)?.hosts ?? [];
  return found
    .map(({ address, health }) => `${address.split(':')[0]}${health['eds_health_status'] === 'DRAINING' ? '!' : ''}`)
    .sort()
    .join();
}

async function hold(service: string, wanted: string): Promise<void> {
  for (const name of fleet.proxies.keys()) {
    await eventually(async () => (await hosts(service, name)) === wanted, { what: `${name} to hold ${wanted} for ${service}` });
  }
}

/** Who answers so many requests; a status where nobody does. */
async function who(host: string, times = 12): Promise<string> {
  const seen = new Set<string>();
  for (let n = 0; n < times; n += 1) {
    const { status, headers } = await fleet.send({ host });
    seen.add(headers['x-upstream'] ?? String(status));
  }
  return [...seen].sort().join();
}

const push = async (method: string, body?: object): Promise<Response> =>
  fetch(`http://127.0.0.1:${fleet.control.adminPort}/api/v1/endpoints/pushed`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });

describe('a name that the control plane resolves', () => {
  test('is followed under load when its addresses change, and the old ones may end then (D20, D12, B23)', async () => {
    await hold('named', '127.0.0.1');
    await fleet.underLoad(
      async (more) => {
        dns.names.set('orders.test', { a: ['127.0.0.2'], ttl: 1 });
        await hold('named', '127.0.0.1!,127.0.0.2');
        await more(20);
        await hold('named', '127.0.0.2');
        await upstreams[0]?.down();
        await more(20);
      },
      { grpc: null },
    );
    await upstreams[0]?.up();
    expect(await who('named.test')).toBe('127.0.0.2');
  });

  test('keeps its addresses while its server fails, and when it is suddenly nowhere (D18, D20)', async () => {
    dns.names.set('orders.test', { fails: 'SERVFAIL' });
    const asked = dns.questions.length;
    await eventually(() => dns.questions.slice(asked).filter((question) => question === 'A orders.test').length >= 2);
    dns.names.delete('orders.test');
    await eventually(async () => JSON.stringify(await fleet.control.api('/api/v1/gateways/test/services')).includes('"kept"'));
    expect(await who('named.test')).toBe('127.0.0.2');
    dns.names.set('orders.test', { a: ['127.0.0.1'], ttl: 1 });
    await eventually(async () => (await who('named.test')) === '127.0.0.1');
  });

  test('goes on when its service changes and its endpoints do not (B56, X78)', async () => {
    await fleet.apply(config(', connectTimeout: 1s'));
    expect(await who('named.test')).toBe('127.0.0.1');
  });

  test('may stand beside addresses (B24), and come from SRV records with their priorities', async () => {
    expect([await who('mixed.test'), await who('by-srv.test')]).toEqual(['127.0.0.1,127.0.0.3', '127.0.0.1']);
  });
});

test('endpoints that drain get nothing, also when they are the greater part (D12)', async () => {
  await hold('drained', IPS.join());
  dns.names.set('drained.test', { a: ['127.0.0.3'], ttl: 1 });
  await hold('drained', '127.0.0.1!,127.0.0.2!,127.0.0.3');
  expect(await who('drained.test', 30)).toBe('127.0.0.3');
});

describe('a service without endpoints (B20)', () => {
  test('answers 503, never 404; beside another one its share alone fails', async () => {
    expect(await who('nowhere.test', 4)).toBe('503');
    expect(await who('share.test', 40)).toBe('127.0.0.1,503');
  });
});

describe('pushed endpoints (D19)', () => {
  test('are live in every proxy at once, and go when they are taken back', async () => {
    expect(await who('pushed.test', 2)).toBe('503');
    expect((await push('PUT', { endpoints: [`127.0.0.1:${backendPort}`] })).status).toBe(200);
    await hold('pushed', '127.0.0.1');
    expect(await who('pushed.test', 4)).toBe('127.0.0.1');
    expect((await push('DELETE')).status).toBe(204);
    await hold('pushed', '');
    expect(await who('pushed.test', 2)).toBe('503');
  });

  test('go when their time is over', async () => {
    await push('PUT', { endpoints: [`127.0.0.2:${backendPort}`], ttl: '300ms' });
    await hold('pushed', '127.0.0.2');
    await hold('pushed', '');
  });
});
