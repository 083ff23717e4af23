// Endpoints come and go while load runs (D12, D18, D19): a backend may end as soon as it is out of the proxies, and only endpoints are sent.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { type Fleet, startFleet } from '../support/fleet.ts';
import { startUpstream, type Upstream } from '../support/upstream.ts';

type Name = 'a' | 'b' | 'g1' | 'g2';

const PORT = 10_080;
let upstreams: Readonly<Record<Name, Upstream>>;
let fleet: Fleet;

/** The lists that the gateway watches. */
const lists = (web: readonly Name[], rpc: readonly Name[]): Readonly<Record<string, string>> => ({
  'web.yaml': JSON.stringify(web.map((name) => upstreams[name].address)),
  'rpc.yaml': JSON.stringify(rpc.map((name) => upstreams[name].address)),
});
const found = async (web: readonly Name[], rpc: readonly Name[]): Promise<void> => {
  for (const [name, text] of Object.entries(lists(web, rpc))) await fleet.workspace.save(name, text, 'rename');
};

const config = `
accessLog: {json: stdout}
listeners:
  http: {port: ${PORT}}
services:
  web: {discovery: {file: web.yaml, drainFor: 300ms}}
  rpc: {discovery: {file: rpc.yaml, drainFor: 300ms}, protocol: grpc}
routes:
  - {name: web, matches: [{path: {prefix: /orders}}], backends: [web]}
  - {name: rpc, matches: [{grpc: {service: shop.v1.Orders}}], backends: [rpc]}
`;

beforeAll(async () => {
  upstreams = {
    a: await startUpstream({ name: 'a' }),
    b: await startUpstream({ name: 'b' }),
    g1: await startUpstream({ name: 'g1', protocol: 'h2' }),
    g2: await startUpstream({ name: 'g2', protocol: 'h2' }),
  };
  fleet = await startFleet({ config, files: lists(['a'], ['g1']), proxies: { delta: {}, sotw: { variant: 'sotw' } } });
});
afterAll(async () => {
  await fleet?.stop();
  for (const upstream of Object.values(upstreams)) await upstream.close();
});
beforeEach(() => {
  for (const upstream of Object.values(upstreams)) upstream.reply = () => ({ delayMs: 40 });
});

/** Waits until every proxy has exactly these endpoints. */
async function hold(...names: readonly Name[]): Promise<void> {
  const wanted = names.map((name) => upstreams[name].address).sort();
  for (const { name, envoy } of fleet.proxies.values()) {
    const held = async (): Promise<readonly string[]> =>
      (await envoy.admin.clusters())
        .filter((cluster) => cluster.name.startsWith('service/'))
        .flatMap(({ hosts }) => hosts.map(({ address }) => address))
        .sort();
    await eventually(async () => JSON.stringify(await held()) === JSON.stringify(wanted), { what: `${name} to hold ${names.join()}` });
  }
}

test('backends come, go and end, again and again, and only endpoints are sent (D12, D19)', async () => {
  await hold('a', 'g1');
  const told = [...fleet.proxies.values()].map(({ relay }) => relay.responses.length);
  // Once in each run of the file: endpoints that come and go more often than this are damped (D21).
  const reached = await fleet.underLoad(async (more) => {
    for (const [old, next] of [
      [
        ['a', 'g1'],
        ['b', 'g2'],
      ],
      [
        ['b', 'g2'],
        ['a', 'g1'],
      ],
    ] as const) {
      await found([old[0], next[0]], [old[1], next[1]]);
      await hold(...old, ...next);
      await found([next[0]], [next[1]]);
      await hold(...next);
      for (const name of old) await upstreams[name].down();
      await more(5);
      for (const name of old) await upstreams[name].up();
    }
  });
  expect(reached).toBe('a,b,g1,g2');
  const kinds = [...fleet.proxies.values()].flatMap(({ relay }, index) => relay.responses.slice(told[index]).map(({ kind }) => kind));
  expect(new Set(kinds)).toEqual(new Set(['ClusterLoadAssignment']));
});

test('a source that turns empty, garbled or absent keeps the last endpoints (D18)', async () => {
  await hold('a', 'g1');
  await fleet.underLoad(async (more) => {
    for (const text of ['[]', '- "nowhere', '["not an address"]']) {
      await fleet.workspace.save('web.yaml', text, 'truncate');
      await more(5);
    }
    await found(['b'], ['g1']);
    await hold('b', 'g1');
  });
});

test('endpoints that were pushed outlive a kill of the control plane and a file that is broken meanwhile (D17, D18, D25)', async () => {
  const pushed = config.replaceAll(/\{file: \w+\.yaml, /g, '{push: {}, ');
  const own = await startFleet({ config: pushed, control: 'process', proxies: { delta: {}, sotw: { variant: 'sotw' } } });
  const push = async (service: string, ...names: readonly Name[]): Promise<void> => {
    const response = await fetch(`http://127.0.0.1:${own.control.adminPort}/api/v1/endpoints/${service}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ endpoints: names.map((name) => upstreams[name].address) }),
    });
    expect([response.status, await response.text()]).toEqual([expect.toSatisfy((status: number) => status < 300), expect.anything()]);
  };
  const connected = (): Promise<boolean> =>
    eventually(async () => {
      const states = [...own.proxies.values()].map(({ envoy }) => envoy.admin.stat('control_plane.connected_state'));
      return (await Promise.all(states)).every((state) => state === 1);
    });
  try {
    await push('web', 'a', 'b');
    await push('rpc', 'g1');
    for (const proxy of own.proxies.keys()) await eventually(async () => (await own.send({ proxy, path: '/orders' })).status === 200);
    await own.underLoad(async (more) => {
      await push('web', 'a');
      await own.control.kill();
      await own.restart();
      await connected();
      await more(5);
      await own.control.kill();
      await own.saveText('routes: [');
      await own.restart();
      await connected();
      await more(5);
      await own.apply(pushed);
      await push('web', 'b');
      await eventually(async () => (await own.send({ path: '/orders' })).headers['x-upstream'] === 'b');
    });
  } finally {
    await own.stop();
  }
});
