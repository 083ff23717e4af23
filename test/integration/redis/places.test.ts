// Every kind of place that counters can be kept in, reached by the program as its users run it (ratelimit R325, R408, R1008): through `rateLimitService`
// of a gateway and through `--redis`. Passwords are rotated while it counts.
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { createAuthority } from '../../support/certificates.ts';
import { startChancery } from '../../support/chancery-process.ts';
import { eventually } from '../../support/eventually.ts';
import { type LimitCaller, limitCaller, startRatelimitCompanion } from '../../support/ratelimit-process.ts';
import { REDIS_RIGHTS } from '../../support/redis-rights.ts';
import {
  type RedisCluster,
  type RedisSentinel,
  type RedisServer,
  startCluster,
  startRedis,
  startSentinel,
} from '../../support/redis-server.ts';
import { startTcpProxy } from '../../support/tcp-proxy.ts';
import { createWorkspace, type Workspace } from '../../support/workspace.ts';

const KEY_SECRET = 'a-secret-of-the-test-that-nobody-else-has';
/** Each gateway takes seconds to start: all kinds of places by configuration only with LIMITS_FULL=1; by --redis always. */
const IS_FULL = process.env['LIMITS_FULL'] === '1';
const ends: (() => unknown)[] = [];
let socket: Workspace;
let server: RedisServer;
let sentinel: RedisSentinel;
let cluster: RedisCluster;

beforeAll(async () => {
  socket = await createWorkspace();
  [server, sentinel, cluster] = await Promise.all([
    startRedis({ args: ['--unixsocket', socket.path('r.sock')] }),
    startSentinel(),
    startCluster(),
  ]);
});
afterAll(async () => {
  await Promise.all([server, sentinel, cluster].map((started) => started?.stop()));
  await socket.remove();
});

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  await Promise.all([server, sentinel.master, ...cluster.nodes].map(({ client }) => client.flushall()));
});

function ending<T extends { stop(): unknown }>(started: T): T {
  ends.push(() => started.stop());
  return started;
}
async function workspaceWith(files: Readonly<Record<string, string>>): Promise<Workspace> {
  const workspace = await createWorkspace(files);
  ends.push(() => workspace.remove());
  return workspace;
}
/** Yaml of a gateway of its own port. */
function gateway(name: string, port: number, redis: string): string {
  return [
    'version: v1',
    `gateway: ${name}`,
    `listeners: {http: {port: ${port}}}`,
    `rateLimitService: {store: redis, keySecret: "${KEY_SECRET}", redis: ${redis}}`,
    'services: {orders: {endpoints: ["127.0.0.1:9000"]}}',
    'rateLimits: {per-user: {key: [header.x-user], rate: 100000/day, algorithm: fixedWindow, onStoreFailure: deny}}',
    'routes: [{name: orders, matches: [{path: {prefix: /orders}}], backends: [orders], rateLimits: [per-user]}]',
    '',
  ].join('\n');
}
const counters = async ({ client }: RedisServer): Promise<readonly string[]> => client.keys('crl:f:*');
async function used(server: RedisServer): Promise<number> {
  const [name = ''] = await counters(server);
  return Number(await server.client.get(name));
}

it('by the configuration: TLS with a user of the ACL, Sentinel, Cluster; a rotated password loses and degrades nothing (R408, R1008)', async () => {
  const authority = await createAuthority();
  const leaf = await authority.issue({ name: 'limits.internal' });
  const proxy = ending(await startTcpProxy(server.port, { cert: leaf.cert, key: leaf.key }));
  await server.client.call('ACL', 'SETUSER', 'chancery', 'on', 'resetpass', '>first-4711', ...REDIS_RIGHTS);
  const workspace = await workspaceWith({ 'ca.pem': authority.cert, 'redis.pw': 'first-4711' });
  const tls = 'tls: {ca: "${file:ca.pem}", serverName: limits.internal}';
  const nodes = cluster.nodes.map(({ port }) => `"127.0.0.1:${port}"`).join(', ');
  const kinds = {
    secured: `{url: "rediss://127.0.0.1:${proxy.port}/0", username: chancery, password: "\${file:redis.pw}", ${tls}, timeout: 4s}`,
    watched: `{sentinel: {name: ${sentinel.name}, hosts: ["127.0.0.1:${sentinel.sentinelPort}"]}, timeout: 4s}`,
    divided: `{cluster: [${nodes}], timeout: 4s}`,
  };
  const names = IS_FULL ? Object.keys(kinds) : ['secured'];
  const files = Object.entries(kinds)
    .slice(0, names.length)
    .map(([name, redis], at) => workspace.write(`${name}.yaml`, gateway(name, 10_000 + at, redis)));
  const plane = ending(
    await startChancery({ files: await Promise.all(files), state: workspace.path('state'), args: ['--companions', 'none'] }),
  );
  const gateways = names.flatMap((name) => ['--gateway', name]);
  const args = ['--server', `127.0.0.1:${plane.xdsPort}`, ...gateways, '--node-id', 'limiter', '--workers', '1'];
  const running = await startRatelimitCompanion(args);
  ends.push(() => running.child.stop());
  await eventually(async () => expect(await running.get('/readyz')).toMatchObject({ status: 200 }), { timeoutMs: 20_000 });
  const callers = names.map((name) => limitCaller(running.endpoint, name));
  for (const caller of callers) ends.push(() => caller.close());
  for (const caller of callers) expect(await hit(caller)).toBe('OK');
  expect((await counters(server)).length).toBe(1);
  expect((await counters(sentinel.master)).length).toBe(IS_FULL ? 1 : 0);
  expect((await Promise.all(cluster.nodes.map(counters))).flat()).toHaveLength(IS_FULL ? 1 : 0);

  // The password is rotated under load: first Redis knows both, then the file changes, then the old one goes and its connections with it.
  const [caller] = callers;
  const load = { isOn: true, sent: 1, codes: new Set<unknown>() };
  const loaded = (async () => {
    while (load.isOn && caller !== undefined) {
      load.codes.add(await hit(caller));
      load.sent += 1;
    }
  })();
  await server.client.call('ACL', 'SETUSER', 'chancery', '>second-0815');
  await workspace.write('redis.pw', 'second-0815');
  await running.child.waitFor(/ratelimit\.credentials/);
  await server.client.call('ACL', 'SETUSER', 'chancery', '<first-4711');
  const { sent } = load;
  await eventually(() => load.sent > sent + 20, { what: 'requests after the rotation' });
  load.isOn = false;
  await loaded;
  expect([...load.codes]).toEqual(['OK']);
  expect(await used(server)).toBe(load.sent);
  expect((await running.get('/metrics')).text).not.toMatch(/result="(degraded|fail)/);
  // And a new connection uses it too.
  await server.client.call('CLIENT', 'KILL', 'USER', 'chancery');
  await eventually(async () => (caller === undefined ? undefined : (await hit(caller)) === 'OK'), { what: 'a hit by the new password' });
  const told = [running.child.stderr(), running.child.stdout(), plane.logs(), (await running.get('/metrics')).text].join('\n');
  expect(told).not.toMatch(/first-4711|second-0815/);
}, 60_000);

it('by --redis: a socket, Sentinel, Cluster and a user with a password, beside files of the reference (R325)', async () => {
  const workspace = await workspaceWith({
    'limits/a.yaml': 'domain: d\ndescriptors:\n  - key: user\n    rate_limit: {unit: year, requests_per_unit: 50}\n',
    '.key': 'k'.repeat(32),
  });
  await server.client.call('ACL', 'SETUSER', 'chancery', 'on', 'resetpass', '>pass-4711', ...REDIS_RIGHTS);
  const urls: readonly (readonly [string, readonly RedisServer[]])[] = [
    [`unix:${socket.path('r.sock')}`, [server]],
    [`redis://chancery:pass-4711@127.0.0.1:${server.port}/0`, [server]],
    [`redis-sentinel://127.0.0.1:${sentinel.sentinelPort}/${sentinel.name}`, [sentinel.master]],
    [`redis-cluster://127.0.0.1:${cluster.nodes[0]?.port}`, cluster.nodes],
  ];
  const counted = urls.map(async ([url, servers]) => {
    const flags = [
      '--reference-config',
      workspace.path('limits'),
      '--redis',
      url,
      '--key-secret-file',
      workspace.path('.key'),
      '--redis-timeout',
      '5s',
    ];
    const running = await startRatelimitCompanion(flags);
    ends.push(() => running.child.stop());
    const caller = limitCaller(running.endpoint, 'none');
    ends.push(() => caller.close());
    await eventually(async () => expect(await running.get('/readyz')).toMatchObject({ status: 200 }), { what: url });
    const replies = await Promise.all(Array.from({ length: 8 }, () => caller.askDomain('d', [['user', 'u']])));
    expect(replies.every((reply) => typeof reply === 'object' && reply.overall_code === 'OK')).toBe(true);
    const found = await Promise.all(servers.map(async (each) => (await counters(each)).length));
    expect(found.filter((count) => count === 1)).toHaveLength(1);
    expect(running.child.stderr()).not.toContain('pass-4711');
  });
  await Promise.all(counted);
  // Two of them are one Redis, and count together.
  expect(await used(server)).toBe(16);
}, 60_000);

it('by --redis rediss://: with the right authority and name only, for either fault with its reason where operators look (R325, R408, R1008)', async () => {
  const [authority, stranger] = await Promise.all([createAuthority(), createAuthority()]);
  const leaf = await authority.issue({ name: 'limits.internal' });
  const proxy = ending(await startTcpProxy(server.port, { cert: leaf.cert, key: leaf.key }));
  const workspace = await workspaceWith({
    'limits/a.yaml': 'domain: d\ndescriptors:\n  - key: user\n    rate_limit: {unit: year, requests_per_unit: 50}\n',
    '.key': 'k'.repeat(32),
    'ca.pem': authority.cert,
    'other-ca.pem': stranger.cert,
  });
  const start = async (ca: string, name: string) => {
    const place = ['--redis', `rediss://127.0.0.1:${proxy.port}/0`, '--redis-ca', workspace.path(ca), '--redis-server-name', name];
    const files = ['--reference-config', workspace.path('limits'), '--key-secret-file', workspace.path('.key')];
    const running = await startRatelimitCompanion([...files, ...place, '--redis-timeout', '5s', '--on-store-failure', 'deny']);
    ends.push(() => running.child.stop());
    const caller = limitCaller(running.endpoint, 'none');
    ends.push(() => caller.close());
    return { ...running, code: async () => overallCode(await caller.askDomain('d', [['user', 'u']])) };
  };
  const [right, wrongName, wrongAuthority] = await Promise.all([
    start('ca.pem', 'limits.internal'),
    start('ca.pem', 'elsewhere.internal'),
    start('other-ca.pem', 'limits.internal'),
  ]);
  await eventually(async () => expect(await right.get('/readyz')).toMatchObject({ status: 200 }), { what: 'a store behind TLS' });
  expect([await right.code(), await used(server)]).toEqual(['OK', 1]);
  const isTold = async ({ get }: typeof right, reason: RegExp): Promise<void> => {
    await eventually(async () => expect(await get('/readyz')).toMatchObject({ status: 503, text: expect.stringMatching(reason) }));
  };
  await isTold(wrongName, /elsewhere\.internal/);
  await isTold(wrongAuthority, /certificate/);
  expect([await wrongName.code(), await wrongAuthority.code(), await used(server)]).toEqual(['OVER_LIMIT', 'OVER_LIMIT', 1]);
}, 60_000);

async function hit(caller: LimitCaller): Promise<unknown> {
  return overallCode(await caller.ask('per-user', { 'header.x-user': 'u' }));
}

function overallCode(reply: Awaited<ReturnType<LimitCaller['ask']>>): unknown {
  return typeof reply === 'object' ? reply.overall_code : reply;
}
