// What nobody should send, sent over gRPC to the program as it is built, which counts in Redis; and what it must never tell (ratelimit R302, R410, R1009).
import { randomBytes } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { type LimitCaller, limitCaller, type RatelimitCompanionProcess, startRatelimitCompanion } from '../../support/ratelimit-process.ts';
import { type RedisServer, startRedis } from '../../support/redis-server.ts';
import { createWorkspace, type Workspace } from '../../support/workspace.ts';
import { type Descriptor, type Reply, requestBytes } from '../../unit/ratelimit/limiter-support.ts';

const FILES = `
domain: d
descriptors:
  - key: user
    rate_limit: {unit: year, requests_per_unit: 4000000000, name: per-user}
  - key: address
    rate_limit: {unit: hour, requests_per_unit: 2}
  - key: token
    detailed_metric: false
    rate_limit: {unit: minute, requests_per_unit: 3}
`;
const PLANTED = {
  address: '203.0.113.77',
  user: 'subject-4711@example.org',
  token: 'eyJhbGciOiJub25lIn0.planted-0815.x',
  keySecret: 'planted-secret-of-keys-1234567890',
  password: 'planted-password-42',
};
let redis: RedisServer;
let workspace: Workspace;
let running: RatelimitCompanionProcess;
let caller: LimitCaller;

beforeAll(async () => {
  redis = await startRedis({ password: PLANTED.password });
  workspace = await createWorkspace({ 'limits/a.yaml': FILES, '.key': PLANTED.keySecret });
  const files = ['--reference-config', workspace.path('limits'), '--key-secret-file', workspace.path('.key'), '--redis-timeout', '5s'];
  running = await startRatelimitCompanion([...files, '--redis', `redis://:${PLANTED.password}@127.0.0.1:${redis.port}/0`]);
  caller = limitCaller(running.endpoint, 'none');
  await eventually(async () => expect(await running.get('/readyz')).toMatchObject({ status: 200 }));
});
afterAll(async () => {
  caller?.close();
  await running?.child.stop();
  await workspace?.remove();
  await redis?.stop();
});

const ask = (descriptors: readonly Descriptor[], hits = 0): Promise<Reply | number> =>
  caller.send(requestBytes('d', descriptors, hits), 40_000);
const user = (value: string, parts: Partial<Descriptor> = {}): Descriptor => ({ entries: [['user', value]], ...parts });

describe('requests that nobody should send', () => {
  it('are answered by a status that says what is wrong (R302)', async () => {
    const { INVALID_ARGUMENT, RESOURCE_EXHAUSTED } = status;
    expect(await caller.send(requestBytes('', [user('u')]))).toBe(INVALID_ARGUMENT);
    expect(await caller.send(requestBytes('d', []))).toBe(INVALID_ARGUMENT);
    expect(await caller.send(Buffer.alloc(0))).toBe(INVALID_ARGUMENT);
    expect(await caller.send(Buffer.from('ffffffffff', 'hex'))).toBe(INVALID_ARGUMENT);
    expect(await ask(Array.from({ length: 65 }, () => user('u')))).toBe(RESOURCE_EXHAUSTED);
    expect(await ask(Array.from({ length: 1_000 }, () => user('u')))).toBe(RESOURCE_EXHAUSTED);
    expect(await ask([user('v'.repeat(2 ** 20))])).toBe(RESOURCE_EXHAUSTED);
    expect(await ask([user('v'.repeat(5 * 2 ** 20))])).toBe(RESOURCE_EXHAUSTED);
  });

  it('are counted where they are no more than large: 64 descriptors, 60 KB, any unicode, addends of 32 bits (R304)', async () => {
    const many = await ask(Array.from({ length: 64 }, (_, at) => user(`many ${at}`)));
    expect(many).toMatchObject({ overall_code: 'OK', statuses: { length: 64 } });
    expect(await ask([user('w'.repeat(60_000))])).toMatchObject({ overall_code: 'OK' });
    for (const text of ['\u0000', '🦊'.repeat(50), '\u202E\uFEFF', 'a\r\nb', '{}:*', '"\\', ' '])
      expect(await ask([user(text)]), JSON.stringify(text)).toMatchObject({
        overall_code: 'OK',
        statuses: [{ limit_remaining: 3_999_999_999 }],
      });
    expect(await ask([user('huge', { hits: 4_294_967_295 })])).toMatchObject({ overall_code: 'OVER_LIMIT' });
    expect(await ask([user('huge2')], 4_294_967_295)).toMatchObject({ overall_code: 'OVER_LIMIT' });
    // An addend of 64 bits is a lie of somebody: whatever it is, the answer is one, and the next request is answered.
    const lie = await ask([user('lie', { hits: Number.MAX_SAFE_INTEGER })]);
    expect(typeof lie === 'object' ? lie.overall_code : lie).toSatisfy((code) => code === 'OVER_LIMIT' || code === status.INVALID_ARGUMENT);
    expect(await ask([user('after')])).toMatchObject({ overall_code: 'OK' });
  });

  it('and bytes that are none never end it: it answers, and goes on', async () => {
    const good = requestBytes('d', [user('fuzz'), { entries: [['address', 'x']] }], 1);
    const answers = await Promise.all(
      Array.from({ length: 400 }, (_, at) => {
        const bytes = at % 2 === 0 ? randomBytes(at) : Buffer.from(good);
        const where = at % Math.max(1, bytes.length);
        if (at % 2 === 1) bytes[where] = (bytes[where] ?? 0) ^ (1 << (at % 8));
        return caller.send(bytes, 40_000);
      }),
    );
    const allowed: readonly number[] = [status.INVALID_ARGUMENT, status.RESOURCE_EXHAUSTED];
    expect(answers.filter((answer) => typeof answer === 'number' && !allowed.includes(answer))).toEqual([]);
    expect(running.child.isRunning()).toBe(true);
    expect(running.child.stderr()).not.toMatch(/"level":"(error|fatal)"/);
    expect((await running.get('/metrics')).text).toMatch(/chancery_ratelimit_refused_total\{status="INVALID_ARGUMENT"\} \d+/);
  });
});

it('tells no address, subject, token or secret: in no log, metric, answer of the API, nor name or content of a key in Redis', async () => {
  for (let time = 0; time < 5; time += 1) {
    await ask([user(PLANTED.user)]);
    await ask([{ entries: [['address', PLANTED.address]] }]);
    await ask([{ entries: [['token', PLANTED.token]] }]);
    await caller.send(requestBytes(PLANTED.user, [{ entries: [[PLANTED.token, PLANTED.address]] }]));
    await caller.askDomain('d', [[PLANTED.user, PLANTED.address]]);
  }
  const pages = ['/metrics', '/readyz', '/api/v1/limits', ...(await hotPages())];
  const answers = await Promise.all(pages.map(async (page) => (await running.get(page)).text));
  expect(answers.join('\n')).toMatch(/"hash": *"[\w-]{22}"/);
  const keys = await redis.client.keys('*');
  expect(keys.filter((key) => key.startsWith('crl:f:')).length).toBeGreaterThan(3);
  const contents = await Promise.all(keys.map((key) => redis.client.dumpBuffer(key)));
  const published = JSON.stringify(await redis.client.call('PUBSUB', 'CHANNELS'));
  const everything = [running.child.stdout(), running.child.stderr(), ...answers, ...keys, ...contents.map(String), published].join('\n');
  for (const [what, text] of Object.entries(PLANTED)) {
    const forms = [text, Buffer.from(text).toString('base64').slice(0, -3), Buffer.from(text).toString('hex')];
    for (const form of forms) expect(everything.includes(form), `${what} as ${form}`).toBe(false);
  }
});

async function hotPages(): Promise<readonly string[]> {
  const { rules } = JSON.parse((await running.get('/api/v1/limits')).text) as { readonly rules: readonly string[] };
  return rules.map((name) => `/api/v1/limits/hot?name=${encodeURIComponent(name)}`);
}
