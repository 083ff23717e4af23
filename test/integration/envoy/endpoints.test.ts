// Where a service's requests go, against a real Envoy: kinds of endpoints, health checks, load balancers, weights, priorities.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { freePort } from '../../support/free-port.ts';
import { createGate } from '../../support/gate.ts';
import { type Gateway, startGateway } from '../../support/gateway.ts';
import { type HttpRequest, openConnection } from '../../support/http-client.ts';
import { routePerService } from '../../support/route-per-service.ts';
import { chiSquare } from '../../support/statistics.ts';
import { startUpstream, type Upstream } from '../../support/upstream.ts';
import type { Reply } from '../../support/upstream-exchange.ts';
import { createWorkspace, type Workspace } from '../../support/workspace.ts';

type Name = 'a' | 'b' | 'c' | 'unix' | 'g1' | 'g2';
let gateway: Gateway;
let upstreams: Readonly<Record<Name, Upstream>>;
let workspace: Workspace;
let port: number;

const config = (): string => {
  const { a, b, c, unix, g1, g2 } = upstreams;
  const all = `endpoints: ["${a.address}", "${b.address}", "${c.address}"]`;
  const checks = 'interval: 50ms, timeout: 500ms, unhealthyThreshold: 1, healthyThreshold: 1';
  const services = `
services:
  ip: {endpoints: ["${a.address}"]}
  unix: {endpoints: ["${unix.address}"]}
  dns: {endpoints: ["localhost:${b.port}"]}
  mixed: {endpoints: ["${a.address}", "localhost:${b.port}"]}
  empty: {endpoints: []}
  http-checked: {endpoints: ["${a.address}", "${b.address}"], healthCheck: {http: {path: /healthz, host: checked.internal}, ${checks}}}
  http-default: {endpoints: ["localhost:${a.port}"], healthCheck: {http: /ready, ${checks}}}
  tcp-checked: {endpoints: ["${a.address}", "${b.address}"], healthCheck: {tcp: true, ${checks}}}
  grpc-checked: {endpoints: ["${g1.address}", "${g2.address}"], protocol: grpc, healthCheck: {grpc: {service: shop.v1.Orders}, ${checks}}}
  round-robin: {${all}}
  weighted: {endpoints: [{address: "${a.address}", weight: 6}, {address: "${b.address}", weight: 3}, {address: "${c.address}", weight: 1}]}
  random: {${all}, loadBalancer: random}
  least-request: {${all}, loadBalancer: {leastRequest: {choices: 10}}}
  ring-hash: {${all}, loadBalancer: {ringHash: {by: {header: x-user}}}}
  maglev: {${all}, loadBalancer: {maglev: {by: {cookie: {name: sid, ttl: 1h, path: /}}}}}
  by-query: {${all}, loadBalancer: {maglev: {by: {query: user}}}}
  by-client: {${all}, loadBalancer: ringHash}
  split-a: {endpoints: ["${a.address}", "${b.address}"], loadBalancer: {ringHash: {by: {header: x-user}}}}
  failover:
    endpoints: [{address: "${a.address}"}, {address: "${b.address}", priority: 1}]
    healthCheck: {http: /healthz, ${checks}}
  zones:
    endpoints: [{address: "${a.address}", zone: north, metadata: {stage: blue}}, {address: "${b.address}", zone: south}]
`;
  return `
listeners:
  http: {port: ${port}}
${services}
${routePerService(services)}
  - {name: split, hostnames: [split.test], backends: [{service: split-a, weight: 1}, {service: ring-hash, weight: 1}]}
`;
};

beforeAll(async () => {
  workspace = await createWorkspace();
  upstreams = {
    a: await startUpstream({ name: 'a' }),
    b: await startUpstream({ name: 'b' }),
    c: await startUpstream({ name: 'c' }),
    unix: await startUpstream({ name: 'unix', unixPath: workspace.path('u.sock') }),
    g1: await startUpstream({ name: 'g1', protocol: 'h2' }),
    g2: await startUpstream({ name: 'g2', protocol: 'h2' }),
  };
  port = await freePort();
  gateway = await startGateway({ config: config() });
});
afterAll(async () => {
  await gateway?.stop();
  for (const upstream of Object.values(upstreams)) await upstream.close();
  await workspace.remove();
});
beforeEach(() => {
  for (const upstream of Object.values(upstreams)) upstream.reset();
});

/** Asks so many times on one connection and counts who answered; a status where nobody did. */
async function ask(service: string, times: number, request: (n: number) => HttpRequest = () => ({})): Promise<Map<string, number>> {
  const connection = await openConnection({ port });
  const seen = new Map<string, number>();
  for (let n = 0; n < times; n += 1) {
    const response = await connection.request({ host: `${service}.test`, ...request(n) });
    const who = response.headers['x-upstream'] ?? String(response.status);
    seen.set(who, (seen.get(who) ?? 0) + 1);
  }
  connection.close();
  return seen;
}
const who = async (service: string, times: number, request?: (n: number) => HttpRequest): Promise<string> =>
  [...(await ask(service, times, request)).keys()].sort().join();

describe('endpoints', () => {
  test.each([
    ['ip', 'a'],
    ['unix', 'unix'],
    ['dns', 'b'],
    // B24: both kinds in one service are reached.
    ['mixed', 'a,b'],
    ['zones', 'a,b'],
    // B20: 503, never 404.
    ['empty', '503'],
  ])('of the service %s are reached: %s', async (service, expected) => {
    expect(await who(service, 8)).toBe(expected);
  });

  test('carry their zone and metadata', async () => {
    const dump = JSON.stringify((await gateway.envoy.admin.configDump()).get('EndpointsConfigDump'));
    expect(dump).toContain('"zone":"north"');
    expect(dump).toContain('"envoy.lb":{"stage":"blue"}');
  });
});

describe('a health check', () => {
  test.each(['http-checked', 'grpc-checked'])('of %s takes an endpoint out while it is unwell, and back', async (service) => {
    const [first, second] = service === 'http-checked' ? ([upstreams.a, upstreams.b] as const) : ([upstreams.g1, upstreams.g2] as const);
    expect(await who(service, 8)).toBe(`${first.name},${second.name}`);
    second.isHealthy = false;
    await eventually(async () => (await who(service, 8)) === first.name);
    second.isHealthy = true;
    await eventually(async () => (await who(service, 8)) === `${first.name},${second.name}`);
  });

  test('by TCP takes an endpoint out while it does not listen, and back', async () => {
    expect(await who('tcp-checked', 8)).toBe('a,b');
    await upstreams.b.down();
    await eventually(async () => (await who('tcp-checked', 8)) === 'a');
    await upstreams.b.up();
    await eventually(async () => (await who('tcp-checked', 8)) === 'a,b');
  });

  test('by HTTP asks the path and host that were written, and else the host of the service (B29)', async () => {
    const seen = async (path: string): Promise<string | undefined> =>
      eventually(() => upstreams.a.healthChecks.find((check) => check.path === path)?.authority);
    expect(await seen('/healthz')).toMatch(/^(checked\.internal|failover|127)/);
    await eventually(() => upstreams.a.healthChecks.some((check) => check.authority === 'checked.internal'));
    expect((await seen('/ready'))?.replace(/:\d+$/, '')).toBe('localhost');
    expect(upstreams.a.healthChecks.filter(({ authority }) => authority.startsWith('service/'))).toEqual([]);
  });

  test('by gRPC asks for the service that was written', async () => {
    const check = await eventually(() => upstreams.g1.healthChecks[0]);
    expect(check.path).toBe('/grpc.health.v1.Health/Check');
    expect(check.body.toString('latin1')).toContain('shop.v1.Orders');
  });
});

describe('a load balancer', () => {
  test('roundRobin gives each endpoint the same number', async () => {
    expect([...(await ask('round-robin', 30)).values()]).toEqual([10, 10, 10]);
  });

  test('weights of endpoints give them their shares', async () => {
    const { value, limit } = chiSquare(await ask('weighted', 500), { a: 6, b: 3, c: 1 });
    expect(value).toBeLessThanOrEqual(limit);
  });

  test('random gives each endpoint a like share', async () => {
    const { value, limit } = chiSquare(await ask('random', 600), { a: 1, b: 1, c: 1 });
    expect(value).toBeLessThanOrEqual(limit);
  });

  test('leastRequest leaves a busy endpoint alone', async () => {
    const gate = createGate<Reply>();
    upstreams.a.reply = () => gate.promise;
    const busy: Promise<unknown>[] = [];
    await eventually(() => upstreams.a.requests.length > 0 || void busy.push(gateway.send({ host: 'least-request.test' })));
    expect(await who('least-request', 30)).not.toContain('a');
    gate.open({});
    await Promise.all(busy);
  });

  test('ringHash by header keeps a user on one endpoint and spreads users', async () => {
    const places = new Set<string>();
    for (let user = 0; user < 30; user += 1) {
      const place = await who('ring-hash', 3, () => ({ headers: { 'x-user': `user-${user}` } }));
      expect(['a', 'b', 'c']).toContain(place);
      places.add(place);
    }
    expect([...places].sort().join()).toBe('a,b,c');
  });

  test('maglev by cookie sets the cookie and keeps its owner on one endpoint', async () => {
    const places = new Set<string>();
    for (let user = 0; user < 20; user += 1) {
      const first = await gateway.send({ host: 'maglev.test' });
      const cookie = first.headers['set-cookie'] ?? '';
      expect(cookie).toMatch(/^sid="?[0-9a-f]+"?; Max-Age=3600; Path=\/; HttpOnly/);
      expect(await who('maglev', 3, () => ({ headers: { cookie: cookie.split(';')[0] ?? '' } }))).toBe(first.headers['x-upstream']);
      places.add(first.headers['x-upstream'] ?? '');
    }
    expect(places.size).toBeGreaterThan(1);
  });

  test('maglev by query parameter keeps a value on one endpoint and spreads values', async () => {
    const places = new Set<string>();
    for (let user = 0; user < 20; user += 1) places.add(await who('by-query', 3, (n) => ({ path: `/${n}?user=${user}&n=${n}` })));
    expect([...places].filter((place) => place.includes(','))).toEqual([]);
    expect(places.size).toBeGreaterThan(1);
  });

  test('by client address keeps a client on one endpoint', async () => {
    expect(['a', 'b', 'c']).toContain(await who('by-client', 20));
  });

  test('with a hash keeps a key on its side of a weighted split (B25)', async () => {
    const sides = new Set<string>();
    for (let user = 0; user < 20; user += 1) sides.add(await who('split', 4, () => ({ headers: { 'x-user': `user-${user}` } })));
    expect([...sides].filter((side) => side.includes(','))).toEqual([]);
  });
});

test('endpoints of priority 1 serve while those of priority 0 are unwell', async () => {
  await eventually(async () => (await who('failover', 6)) === 'a');
  upstreams.a.isHealthy = false;
  await eventually(async () => (await who('failover', 6)) === 'b');
  upstreams.a.isHealthy = true;
  await eventually(async () => (await who('failover', 6)) === 'a');
});
