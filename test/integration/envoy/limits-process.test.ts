// `chancery ratelimit` over a Redis as its operators run it, behind a real Envoy: what callers get while Redis or the limiter stands still, and when one of two
// limiters is told to end (ratelimit R801, R802, R808, R809).
import { Client, credentials } from '@grpc/grpc-js';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { bootstrapJson } from '../../../src/cli/bootstrap-json.ts';
import { QUOTA_SERVICE } from '../../../src/companion/quota-service.ts';
import { checkCaller } from '../../support/authz-process.ts';
import { type Chancery, startChancery } from '../../support/chancery-process.ts';
import { childrenOf } from '../../support/children-of.ts';
import { type Envoy, startEnvoy } from '../../support/envoy.ts';
import { eventually } from '../../support/eventually.ts';
import { freePort } from '../../support/free-port.ts';
import { request } from '../../support/http-client.ts';
import { startLoad } from '../../support/load.ts';
import { type RatelimitCompanionProcess, startRatelimitCompanion } from '../../support/ratelimit-process.ts';
import { type RedisServer, startRedis } from '../../support/redis-server.ts';
import { testApi } from '../../support/snapshots.ts';
import { startUpstream, type Upstream } from '../../support/upstream.ts';
import { createWorkspace, type Workspace } from '../../support/workspace.ts';

const RATELIMIT = 'envoy.service.ratelimit.v3.RateLimitService';
const NOT_SERVING = 2;
const UNAVAILABLE = 14;

let workspace: Workspace;
let backend: Upstream;
let redis: RedisServer;
let plane: Chancery;
let envoy: Envoy;
let port = 0;
const limiters: RatelimitCompanionProcess[] = [];
let serial = 0;
let fresh = '';

/** What Envoy waits is less than what the limiter waits for Redis: the deadline decides (R808). What it answers differs from what Envoy does without an answer. */
const config = (timeout: string): string => `
version: v1
gateway: edge
accessLog: {json: stdout}
listeners: {http: {port: ${port}}}
rateLimitService:
  store: redis
  redis: {url: "redis://127.0.0.1:${redis.port}/0", timeout: 10s}
  keySecret: "a secret of the test that nobody has"
  timeout: ${timeout}
services: {backend: {endpoints: ["${backend.address}"]}}
rateLimits:
  strict: {key: [header.x-case], rate: 1000/hour, algorithm: fixedWindow, onStoreFailure: deny}
  open: {key: [header.x-case], rate: 1000/hour, algorithm: fixedWindow, onStoreFailure: allow, onFailure: deny}
  leased: {key: [header.x-case], rate: 100000/hour, algorithm: fixedWindow, lease: {max: 200, ttl: 1s}, onFailure: deny}
  divided: {key: [], rate: 1000/second, scope: quota}
routes:
${['strict', 'open', 'leased', 'divided'].map((name) => `  - {name: ${name}, matches: [{path: {prefix: /${name}}}], backends: [backend], rateLimits: [${name}]}`).join('\n')}
`;

beforeAll(async () => {
  workspace = await createWorkspace();
  backend = await startUpstream({ name: 'backend' });
  redis = await startRedis();
  port = await freePort();
  const files = [await workspace.write('edge.yaml', config('500ms'))];
  plane = await startChancery({ files, state: workspace.path('state'), args: ['--companions', 'none'] });
  const join = async (id: string): Promise<void> => {
    const server = ['--server', `127.0.0.1:${plane.xdsPort}`, '--gateway', 'edge', '--node-id', id, '--workers', '1'];
    limiters.push(await startRatelimitCompanion(server));
  };
  await Promise.all([join('a'), join('b')]);
  const xds = { host: '127.0.0.1', port: plane.xdsPort };
  const bootstrap = bootstrapJson(testApi(), { nodeId: 'n1', gateway: 'edge', xds, admin: { host: '127.0.0.1', port: 0 } });
  envoy = await startEnvoy(bootstrap as object);
  await eventually(async () => expect(await ask('/open')).toBe(200), { timeoutMs: 20_000 });
}, 60_000);
afterAll(async () => {
  await envoy?.stop();
  await Promise.all(limiters.map(({ child }) => child.stop()));
  await plane?.stop();
  await redis?.stop();
  await backend?.close();
  await workspace?.remove();
});
beforeEach(() => {
  serial += 1;
  fresh = `case-${serial}`;
});

async function ask(path: string): Promise<number> {
  return (await request({ port, path, headers: { 'x-case': fresh } })).status;
}
async function call(path: string): Promise<string | undefined> {
  const headers = { 'content-type': 'application/grpc', te: 'trailers', 'x-case': fresh };
  const answer = await request({ port, path, method: 'POST', headers });
  return answer.headers['grpc-status'] ?? answer.trailers['grpc-status'];
}
/** The workers of the limiters stand still while `act` runs. */
async function whileWorkersPause(act: () => Promise<void>): Promise<void> {
  const workers = (await Promise.all(limiters.map(({ child }) => childrenOf(child.pid)))).flat();
  expect(workers).toHaveLength(2);
  for (const pid of workers) process.kill(pid, 'SIGSTOP');
  await act().finally(() => {
    for (const pid of workers) process.kill(pid, 'SIGCONT');
  });
}

test('while Redis stands still the limiter answers by onStoreFailure before Envoy gives up, HTTP and gRPC alike (R802, R804, R808)', async () => {
  await eventually(async () => expect([await ask('/strict'), await ask('/open')]).toEqual([200, 200]));
  redis.child.signal('SIGSTOP');
  try {
    // On a busy machine 3 ms may not be enough for the way back.
    await eventually(async () => expect(await Promise.all([ask('/strict'), ask('/open'), call('/strict')])).toEqual([429, 200, '8']));
  } finally {
    redis.child.signal('SIGCONT');
  }
  const told = await eventually(() => envoy.accessLog().find(({ route, status }) => route === 'strict' && status === 429));
  expect(told).toMatchObject({ limit: 'strict', limit_reason: 'store_failure', flags: 'RL' });
  await eventually(async () => expect(await ask('/strict')).toBe(200));
});

test('while the limiters stand still Envoy answers by onFailure, HTTP and gRPC alike, and asks them again as soon as they go on (R801)', async () => {
  await eventually(async () => expect([await ask('/strict'), await ask('/open')]).toEqual([200, 200]));
  await whileWorkersPause(async () => {
    const asked = ['/strict', '/open', '/strict', '/open'];
    expect(await Promise.all(asked.map(ask))).toEqual([200, 503, 200, 503]);
    expect(await call('/open')).toBe(String(UNAVAILABLE));
  });
  await eventually(async () => expect([await ask('/strict'), await ask('/open')]).toEqual([200, 200]));
});

test('one that gets SIGTERM says NOT_SERVING, answers what comes, gives back what it leased, ends its streams, and no request is lost (R809)', async () => {
  const [leaving] = limiters;
  if (leaving === undefined) throw new Error('no limiter');
  // A request that is answered late is none that was lost.
  await workspace.save('edge.yaml', config('25s'), 'rename');
  await eventually(async () => expect(await envoy.admin.text('/config_dump')).toContain('"25s"'), { timeoutMs: 20_000, intervalMs: 100 });
  await eventually(async () => expect(await ask('/divided')).toBe(200));
  const client = new Client(leaving.endpoint, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 });
  const health = checkCaller(leaving.endpoint);
  try {
    const stream = client.makeBidiStreamRequest(`/${QUOTA_SERVICE}/StreamRateLimitQuotas`, same, same);
    const ended = new Promise<number>((resolve) => stream.on('status', ({ code }) => resolve(code)));
    const answered = new Promise((resolve) => stream.on('data', resolve));
    stream.on('error', () => {});
    stream.write(
      testApi().encode('envoy.service.rate_limit_quota.v3.RateLimitQuotaUsageReports', {
        domain: 'chancery.edge',
        bucket_quota_usages: [{ bucket_id: { bucket: { limit: 'divided' } }, time_elapsed: { nanos: 1 }, num_requests_allowed: 1 }],
      }),
    );
    await answered;
    const headers = { 'x-case': fresh };
    const load = await startLoad({ target: { port }, request: () => ({ path: '/leased', headers }), perSecond: 100, lateAfterMs: 30_000 });
    await load.more(50);
    leaving.child.signal('SIGTERM');
    await eventually(async () => expect(await health.health(RATELIMIT)).toBe(NOT_SERVING), { intervalMs: 2 });
    expect(await ended).toBe(UNAVAILABLE);
    expect(await leaving.child.exited).toBe(0);
    await load.more(50);
    const { sent, failures } = await load.stop();
    expect(failures).toEqual([]);
    // What the other one holds goes back when its lease ends.
    await eventually(async () => expect(await used(fresh)).toBe(sent), { timeoutMs: 15_000, intervalMs: 100 });
  } finally {
    client.close();
    health.close();
  }
});

function same(bytes: Buffer): Buffer {
  return bytes;
}

/** Of the leased limit, as a limiter tells it on the machine. */
async function used(value: string): Promise<number> {
  const [, staying] = limiters;
  const response = await fetch(`http://127.0.0.1:${staying?.metricsPort}/api/v1/limits/counter`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ deed: 'show', gateway: 'edge', limit: 'leased', parts: { 'header.x-case': value } }),
  });
  const { counters = [] } = (await response.json()) as { counters?: { used: number }[] };
  return counters[0]?.used ?? -1;
}
