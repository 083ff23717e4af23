// A limiter that is slow, gone, or killed in the middle of a request, behind a real Envoy (ratelimit R801, R207, R309, R1011): what HTTP and gRPC callers get, and
// what the access log says.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { type LimitedFleet, type LimitedProxy, startLimitedFleet } from '../../support/limited-fleet.ts';

const config = (backend: string): string => `
accessLog: {json: stdout}
listeners: {http: {port: 10000}}
rateLimits:
  open: {key: [header.x-case], rate: 5/hour}
  shut: {key: [header.x-case], rate: 5/hour, onFailure: deny}
  early: {key: [header.x-case], rate: 5/hour, phase: early, onFailure: deny}
  trial: {key: [header.x-case], rate: 1/hour, mode: shadow}
  named: {key: [header.x-who], whenMissing: deny, rate: 5/hour}
  closed: {key: [header.x-case], rate: 0/hour}
  bytes: {key: [header.x-case], rate: 1000/hour, algorithm: fixedWindow, cost: {response: bytes}}
  time: {key: [header.x-case], rate: 40/hour, algorithm: fixedWindow, cost: {response: durationMs}, onFailure: deny}
  tokens: {key: [header.x-case], rate: 10/hour, algorithm: fixedWindow, cost: {response: header.x-tokens}}
services: {backend: {endpoints: ["${backend}"]}}
routes:
${[
  ['open', 'open'],
  ['shut', 'shut'],
  ['both', 'open, shut'],
  ['early', 'early'],
  ['trial', 'open, trial'],
  ['named', 'named'],
  ['closed', 'closed'],
  ['bytes', 'bytes'],
  ['time', 'time'],
  ['tokens', 'tokens'],
]
  .map(([name, limits]) => `  - {name: ${name}, matches: [{path: {prefix: /${name}}}], backends: [backend], rateLimits: [${limits}]}`)
  .join('\n')}
`;

let fleet: LimitedFleet;
let proxy: LimitedProxy;
let serial = 0;
let fresh = '';

beforeAll(async () => {
  const logged = { limit_metadata: '%DYNAMIC_METADATA(envoy.filters.http.ratelimit)%' };
  fleet = await startLimitedFleet({ config, logged, timeout: '600ms' });
  [proxy] = fleet.proxies as [LimitedProxy];
});
afterAll(() => fleet?.stop());
beforeEach(() => {
  serial += 1;
  fresh = `case-${serial}`;
  fleet.backend.reset();
});

type Headers = Readonly<Record<string, string>>;
const ask = (path: string, headers: Headers = {}): Promise<number> => proxy.ask(path, { 'x-case': fresh, ...headers });
/** `grpc-status` of the answer. */
async function call(path: string): Promise<string | undefined> {
  const { headers, trailers } = await proxy.send({
    path,
    method: 'POST',
    headers: { 'content-type': 'application/grpc', te: 'trailers', 'x-case': fresh },
  });
  return headers['grpc-status'] ?? trailers['grpc-status'];
}
/** The line of the access log of the newest request that fits. */
const logged = (fields: Readonly<Record<string, unknown>>): Promise<Readonly<Record<string, unknown>>> =>
  eventually(() => proxy.envoy.accessLog().findLast((line) => Object.entries(fields).every(([name, value]) => line[name] === value)), {
    what: `a line with ${JSON.stringify(fields)}`,
  });
const debits = (): readonly string[] =>
  fleet.service.calls.flatMap(({ descriptors }) => descriptors.filter((told) => told.includes(fresh) && told.includes('_op=debit')));

describe('a limiter that answers later than `timeout` (R801)', () => {
  test.each([
    ['open', 200, undefined],
    ['shut', 503, '14'],
    ['both', 503, '14'],
    ['early', 503, '14'],
  ])('/%s: %i, and grpc-status %s', async (name, status, grpcStatus) => {
    fleet.service.pause();
    try {
      expect(await Promise.all([ask(`/${name}`), call(`/${name}`)])).toEqual([status, grpcStatus]);
    } finally {
      fleet.service.resume();
    }
    const { flags } = await logged({ route: name, status });
    expect(flags).toBe(status === 503 ? 'RLSE' : '-');
    expect(await ask(`/${name}`)).toBe(200);
  });

  test('answers that come too late hold up nobody, and are counted: a limit never lets more pass', async () => {
    fleet.service.pause();
    expect(await Promise.all(Array.from({ length: 5 }, () => ask('/open')))).toEqual([200, 200, 200, 200, 200]);
    fleet.service.resume();
    await eventually(async () => expect(await ask('/open')).toBe(429));
  });
});

describe('what a decision leaves in the access log (R309)', () => {
  test('nothing where all is well', async () => {
    expect(await ask('/open')).toBe(200);
    expect(await logged({ route: 'open', status: 200 })).toMatchObject({ limit_metadata: null, limit: null, limit_reason: null });
  });

  test('of a limit in shadow mode that it would have denied, and nothing of that to the caller (R108)', async () => {
    await ask('/trial');
    const { status, headers } = await proxy.send({ path: '/trial', headers: { 'x-case': fresh } });
    expect([status, headers['retry-after'], headers['ratelimit-policy']]).toEqual([200, undefined, '"open";q=5;w=3600']);
    const line = await eventually(() =>
      proxy.envoy.accessLog().find(({ route, limit_metadata: told }) => route === 'trial' && told !== null),
    );
    expect(line).toMatchObject({
      limit: null,
      limit_shadow: ['trial'],
      limit_metadata: { shadow: ['trial'], revision: expect.any(String) },
    });
  });

  test.each([
    ['open', 'over_limit'],
    ['named', 'missing_key'],
    ['closed', 'blocked'],
  ])('/%s: why it was denied, and by whom, without the value that was counted by', async (name, reason) => {
    await eventually(async () => (await ask(`/${name}`)) === 429);
    const { limit_metadata: told, ...line } = await logged({ route: name, status: 429 });
    expect(line).toMatchObject({ limit: name, limit_reason: reason, flags: 'RL' });
    expect(told).toMatchObject({ limit: name, reason, revision: expect.any(String) });
    expect(JSON.stringify(told)).not.toContain(fresh);
  });

  test('where it was counted: what is left, when it is full again, and a salted hash', async () => {
    for (let index = 0; index < 6; index += 1) await ask('/shut');
    const { limit_metadata: told } = await logged({ route: 'shut', status: 429 });
    expect(told).toMatchObject({ remaining: 0, resetMs: expect.any(Number), keyHash: expect.stringMatching(/^[\w-]{22}$/) });
  });
});

describe('costs that a response tells (R207)', () => {
  test('bytes: taken when it is over, of what the client was sent', async () => {
    fleet.backend.reply = () => ({ body: 'x'.repeat(1_500) });
    expect(await ask('/bytes')).toBe(200);
    await eventually(() => debits().length === 1);
    expect(debits()[0]).toMatch(/^limit=bytes .* _op=debit hits=1500$/);
    expect(await ask('/bytes')).toBe(429);
  });

  test('milliseconds: slow answers use more of it', async () => {
    fleet.backend.reply = () => ({ delayMs: 60 });
    expect(await ask('/time')).toBe(200);
    await eventually(() => debits().length === 1);
    expect(Number(/hits=(\d+)$/.exec(debits()[0] ?? '')?.[1])).toBeGreaterThanOrEqual(60);
    expect(await ask('/time')).toBe(429);
  });

  test('a response without the header, or with one that is no number, costs nothing and hurts nobody', async () => {
    for (const headers of [
      {},
      { 'x-tokens': 'many' },
      { 'x-tokens': '-3' },

      { 'x-tokens': '99999999999999999999' },
    ]) {
      fleet.backend.reply = () => ({ headers });
      expect(await ask('/tokens')).toBe(200);
    }
    // The access log is written after the debits are sent.
    await eventually(() => proxy.envoy.accessLog().filter(({ route }) => route === 'tokens').length === 4);
    expect(debits()).toEqual([]);
    fleet.backend.reply = () => ({ headers: { 'x-tokens': '10' } });
    expect(await ask('/tokens')).toBe(200);
    await eventually(async () => (await ask('/tokens')) === 429);
    expect(proxy.envoy.isRunning()).toBe(true);
  });
});

describe('a limiter that is killed (R801, R207)', () => {
  test('between the check and the debit: the response comes whole, Envoy lives, and the next requests are answered by onFailure', async () => {
    let isAsked = false;
    let release = (): void => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    fleet.backend.reply = async () => {
      isAsked = true;
      await gate;
      return { headers: { 'x-tokens': '3' }, body: 'whole' };
    };
    const pending = ['/tokens', '/bytes', '/time'].map((path) => proxy.send({ path, headers: { 'x-case': fresh } }));
    await eventually(() => isAsked && fleet.backend.requests.length === 3);
    await fleet.service.stop();
    release();
    for (const answer of await Promise.all(pending)) expect([answer.status, answer.text()]).toEqual([200, 'whole']);
    fleet.backend.reset();
    await eventually(async () => expect([await ask('/time'), await ask('/tokens'), await ask('/bytes')]).toEqual([503, 200, 200]));
    expect([await ask('/open'), await ask('/shut'), await ask('/both'), await ask('/early')]).toEqual([200, 503, 503, 503]);
    expect([await call('/open'), await call('/both')]).toEqual([undefined, '14']);
    expect(proxy.envoy.isRunning()).toBe(true);
    const stats = await proxy.envoy.admin.stats('ratelimit');
    const sum = (end: string): number => [...stats].reduce((all, [name, value]) => (name.endsWith(end) ? all + value : all), 0);
    expect(sum('.failure_mode_allowed')).toBeGreaterThan(0);
    expect(sum('.error')).toBeGreaterThan(0);
  });

  test('while calls are under way: each is answered once, by onFailure; when it is back it is asked again', async () => {
    await fleet.restartService();
    await eventually(async () => (await ask('/shut')) === 200, { timeoutMs: 15_000 });
    fleet.service.pause();
    const asked = ['/open', '/shut', '/both', '/tokens', '/early'].map((path) => ask(path));
    await eventually(() => fleet.service.calls.length >= 5);
    await fleet.service.stop();
    expect(await Promise.all(asked)).toEqual([200, 503, 503, 200, 503]);
    await fleet.restartService();
    await eventually(async () => (await ask('/shut')) === 200, { timeoutMs: 15_000 });
    expect(proxy.envoy.isRunning()).toBe(true);
  });
});
