// Hosts on demand (VHDS, R20-R22) against a real Envoy: a proxy has the routes of those hosts that somebody asked for, and of no others.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { freePort } from '../../support/free-port.ts';
import { type Gateway, startGateway } from '../../support/gateway.ts';
import type { HttpResponse } from '../../support/http-client.ts';
import { startLoad } from '../../support/load.ts';
import { startUpstream, type Upstream } from '../../support/upstream.ts';

const HOSTS = 1_000;

let gateway: Gateway;
let web: Upstream;
let port: number;

const route = (n: number | string, more = ''): string => `  - {name: h${n}, hostnames: [h${n}.test], backends: [web]${more}}`;
const config = (...more: readonly string[]): string => `
allowLargeRemoval: true
listeners:
  http: {port: ${port}, onDemandHosts: true}
services:
  web: {endpoints: ["${web.address}"]}
routes:
${Array.from({ length: HOSTS }, (_, n) => route(n)).join('\n')}
  - {name: tenants, hostnames: ["*.tenant.test"], backends: [web]}
  - {name: health, matches: [{path: {exact: /healthz}}], respond: {status: 200, body: fine}}
${more.join('\n')}`;
const edited = (n: number, more: string): string => config().replace(route(n), route(n, more));

const get = (host: string, path = '/'): Promise<HttpResponse> => gateway.send({ host, path, timeoutMs: 5_000 });
/** Names of the hosts that Envoy holds. */
const held = async (): Promise<readonly string[]> => {
  const dump = await gateway.envoy.admin.text('/config_dump?resource=dynamic_route_configs');
  return [...new Set([...dump.matchAll(/"((?:[a-z0-9*]+\.)+test)"/g)].map(([, name = '']) => name))].sort();
};

beforeAll(async () => {
  web = await startUpstream({ name: 'web' });
  port = await freePort();
  gateway = await startGateway({ config: config() });
});
beforeEach(() => gateway.apply(config()));
afterAll(async () => {
  await gateway?.stop();
  await web.close();
});

test('R20: of a thousand hosts a proxy gets the three that were asked for', async () => {
  expect(await held()).toEqual(['live.marker.test']);
  const answers = await Promise.all(['h1.test', 'h2.test', 'h999.test'].map((host) => get(host)));
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  expect(await held()).toEqual(['h1.test', 'h2.test', 'h999.test', 'live.marker.test']);
});

test('R21: a host is one host in every spelling: upper case, with a port, below a wildcard', async () => {
  for (const host of ['H3.test', `h4.test:${port}`, 'a.tenant.test', 'b.a.tenant.test']) expect((await get(host)).status).toBe(200);
  const names = await held();
  expect(names).toEqual(expect.arrayContaining(['h3.test', 'h4.test', '*.tenant.test']));
  expect(names).not.toContain('a.tenant.test');
});

test('R21: a host that nobody serves is answered 404 at once, and served from the moment that it is configured', async () => {
  const begun = performance.now();
  expect((await get('new.test')).status).toBe(404);
  expect(performance.now() - begun).toBeLessThan(2_000);
  expect((await get('new.test')).status).toBe(404);
  await gateway.apply(config('  - {name: new, hostnames: [new.test], backends: [web]}'));
  await eventually(async () => (await get('new.test')).status === 200, { what: 'the new host' });
  await gateway.apply(config());
  await eventually(async () => (await get('new.test')).status === 404, { what: 'the removal of the host' });
});

test('a request with a body waits for its host as one without', async () => {
  const answer = await gateway.send({ host: 'h5.test', method: 'POST', body: 'x'.repeat(100_000) });
  expect(answer.status).toBe(200);
  expect(web.requests.at(-1)?.body.length).toBe(100_000);
});

test('a route for any host is served within the hosts that are named, and makes no host of its own', async () => {
  await gateway.apply(config('  - {name: api, hostnames: [api.test], matches: [{path: {prefix: /api}}], backends: [web]}'));
  expect((await get('api.test', '/healthz')).text()).toBe('fine');
  expect((await get('api.test', '/other')).status).toBe(404);
  expect((await get('nobody.test', '/healthz')).status).toBe(404);
});

test('R22, B47: edited hosts reach the proxy, others stay, the route configuration is not sent again, and no request fails', async () => {
  const updates = (): Promise<number> => gateway.envoy.admin.stat('http.http.rds.routes/http.update_success');
  const before = await updates();
  const load = await startLoad({
    target: { port },
    request: (n) => ({ host: `h${10 + (n % 3)}.test`, timeoutMs: 5_000 }),
    perSecond: 100,
    lateAfterMs: 5_000,
  });
  for (let turn = 1; turn <= 5; turn += 1) {
    await gateway.apply(edited(10, `, responseHeaders: {set: {x-turn: "${turn}"}}`));
    await eventually(async () => (await get('h10.test')).headers['x-turn'] === String(turn), { what: `turn ${turn}` });
    await load.more(20);
  }
  expect((await load.stop()).failures).toEqual([]);
  expect(await updates()).toBe(before);
});

test('B47, D6: a host moves to a new service and the old one goes in one edit, back and forth, and no request fails', async () => {
  const moved = (turn: number): string =>
    config(`  - {name: move, hostnames: [move.test], backends: [s${turn}], responseHeaders: {set: {x-turn: "${turn}"}}}`).replace(
      'routes:',
      `  s${turn}: {endpoints: ["${web.address}"], connectTimeout: ${turn}s}\nroutes:`,
    );
  await gateway.apply(moved(1));
  await eventually(async () => (await get('move.test')).status === 200, { what: 'the host' });
  const load = await startLoad({
    target: { port },
    request: () => ({ host: 'move.test', timeoutMs: 5_000 }),
    perSecond: 100,
    lateAfterMs: 5_000,
  });
  for (let turn = 2; turn <= 5; turn += 1) {
    await gateway.apply(moved(turn));
    await eventually(async () => (await get('move.test')).headers['x-turn'] === String(turn), { what: `turn ${turn}` });
    await load.more(20);
  }
  expect((await load.stop()).failures).toEqual([]);
});

test('R22: without a control plane the hosts are served still, and one that the proxy lacks is 504; after its restart new ones are fetched', async () => {
  expect((await get('h20.test')).status).toBe(200);
  await gateway.chancery.stop();
  expect((await get('h20.test')).status).toBe(200);
  // A host that the proxy lacks cannot be fetched: that is told, not waited for without end.
  expect((await gateway.send({ host: 'h22.test', timeoutMs: 20_000 })).status).toBe(504);
  await gateway.restartChancery();
  await eventually(async () => (await gateway.send({ host: 'h21.test', timeoutMs: 20_000 })).status === 200, {
    what: 'a host after the restart',
    timeoutMs: 40_000,
  });
  expect((await get('h20.test')).status).toBe(200);
});
