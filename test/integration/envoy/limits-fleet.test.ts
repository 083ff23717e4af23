// Limits of two real Envoys over one limiter (ratelimit R1011): by what they count, what requests get that lack it, and bounds that hold over both.
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type LimitedFleet, type LimitedProxy, startLimitedFleet } from '../../support/limited-fleet.ts';
import { testIssuer } from '../../support/test-issuer.ts';

const issuer = testIssuer({ issuer: 'https://id.test/', algorithms: ['ES256'] });
const KEYS = { acme: 'ck_acmeacme_0123456789abcdefghijABCDEFGHIJ01', bolt: 'ck_boltbolt_0123456789abcdefghijABCDEFGHIJ02' };
const MISSING = ['share', 'skip', 'deny'] as const;

/** Parts of keys that a request may lack, and those that it may not. */
const OPTIONAL = { header: 'header.x-who', query: 'query.q', claim: 'jwt.tenant', consumer: 'apiKey.id' } as const;
const PRESENT = {
  ip: 'client.ip',
  net: 'client.net/24',
  method: 'method',
  path: 'path',
  rpc: 'grpc.method',
  route: 'route',
  service: 'service',
  const: 'const.all',
} as const;

function config(backend: string): string {
  const auth = { header: 'none', query: 'none', claim: '{jwt: main}', consumer: '{policy: keyed}' } as const;
  const optional = Object.entries(OPTIONAL).flatMap(([name, part]) =>
    MISSING.map((whenMissing) => ({ name: `${name}-${whenMissing}`, part, whenMissing, auth: auth[name as keyof typeof auth] })),
  );
  const limits = [
    ...optional.map(
      ({ name, part, whenMissing }) => `  ${name}: {key: [header.x-case, ${part}], whenMissing: ${whenMissing}, rate: 1/hour}`,
    ),
    ...Object.entries(PRESENT).map(([name, part]) => `  ${name}: {key: [header.x-case, ${part}], rate: 2/hour}`),
  ];
  const route = (name: string, limit: string, rest: string): string =>
    `  - {name: ${name}, matches: [{path: {prefix: /${name}}}], rateLimits: [${limit}], ${rest}}`;
  const routes = [
    ...optional.map(({ name, auth: who }) => route(name, name, `backends: [backend], auth: ${who}`)),
    ...Object.keys(PRESENT).flatMap((name) => [
      route(`${name}-one`, name, 'backends: [backend], auth: none'),
      route(`${name}-two`, name, 'backends: [other], auth: none'),
    ]),
    route('hot', 'hot', 'backends: [backend], auth: none'),
    route('bucket', 'bucket', 'backends: [backend], auth: none'),
    route('pair', 'pair-a, pair-b', 'backends: [backend], auth: none'),
    route('own', 'own', 'backends: [backend], auth: none'),
    route('few', 'few', 'backends: [backend], auth: none'),
    route('vast', 'vast', 'backends: [backend], auth: none'),
    route('old', 'old', 'backends: [backend], auth: none'),
    route('mute', 'mute', 'backends: [backend], auth: none'),
  ];
  return `
listeners: {http: {port: 10000, clientIp: {trustedHops: 1}}}
jwt: {main: {issuer: "https://id.test/", audiences: [shop], algorithms: [ES256], jwks: {inline: ${JSON.stringify(JSON.stringify(issuer.jwks()))}}}}
apiKeys:
  partners:
    forward: {x-client-id: consumer}
    consumers: {acme: {plain: ["\${file:acme.key}"]}, bolt: {plain: ["\${file:bolt.key}"]}}
policies: {keyed: {apiKeys: partners, enforce: proxy}}
rateLimits:
${limits.join('\n')}
  hot: {key: [header.x-case], rate: 30/hour, algorithm: fixedWindow}
  bucket: {key: [header.x-case], rate: 1/hour, burst: 20}
  pair-a: {key: [header.x-case], rate: 20/hour, algorithm: slidingWindow, precision: exact}
  pair-b: {key: [const.all, header.x-case], rate: 10/hour}
  own: {key: [header.x-case, header.x-who], rate: 1/hour, burst: 3, scope: local, maxKeys: 2}
  few: {key: [header.x-case, header.x-who], rate: 1/hour, scope: local, maxKeys: 2}
  vast: {key: [header.x-case], rate: 9000000000/hour, algorithm: fixedWindow, cost: 1000000000}
  old: {key: [header.x-case], rate: 5000000000/hour, algorithm: fixedWindow, headers: legacy, onFailure: deny}
  mute: {key: [header.x-case], rate: 1/hour, headers: none}
services: {backend: {endpoints: ["${backend}"]}, other: {endpoints: ["${backend}"]}}
routes:
${routes.join('\n')}
`;
}

let fleet: LimitedFleet;
let one: LimitedProxy;
let two: LimitedProxy;
let serial = 0;
/** A value that no test before has used, so that each has counters of its own. */
let fresh = '';

beforeAll(async () => {
  fleet = await startLimitedFleet({ config, proxies: 2, files: { 'acme.key': KEYS.acme, 'bolt.key': KEYS.bolt } });
  [one, two] = fleet.proxies as [LimitedProxy, LimitedProxy];
});
afterAll(() => fleet?.stop());
beforeEach(() => {
  serial += 1;
  fresh = createHash('sha256').update(String(serial)).digest('hex').slice(0, 8);
});

type Headers = Readonly<Record<string, string>>;
/** Statuses of two requests by one proxy and two by the other, in order. */
async function statuses(path: string, headers: Headers = {}): Promise<readonly number[]> {
  const all: number[] = [];
  for (const proxy of [one, two, one, two]) all.push(await proxy.ask(path, { 'x-case': fresh, ...headers }));
  return all;
}

describe('counters that two proxies share', () => {
  test.each([
    ['hot', 30],
    ['bucket', 20],
    ['pair', 10],
  ])('%s: of requests that come at once exactly the limit passes (R111, R406)', async (name, limit) => {
    const asked = Array.from({ length: limit * 3 }, (_, index) => (index % 2 === 0 ? one : two).ask(`/${name}`, { 'x-case': fresh }));
    const answers = await Promise.all(asked);
    expect(answers.filter((status) => status === 200)).toHaveLength(limit);
    expect(answers.filter((status) => status === 429)).toHaveLength(limit * 2);
  });
});

describe('a part of the key (R203) that a request lacks (R109)', () => {
  const withPart: Readonly<Record<keyof typeof OPTIONAL, (value: 'acme' | 'bolt') => { path?: string; headers: Headers }>> = {
    header: (value) => ({ headers: { 'x-who': value } }),
    query: (value) => ({ path: `?q=${value}`, headers: {} }),
    claim: (tenant) => ({ headers: { authorization: `Bearer ${issuer.mint({ claims: { tenant } })}` } }),
    consumer: (value) => ({ headers: { 'x-api-key': KEYS[value] } }),
  };
  const without: Readonly<Record<keyof typeof OPTIONAL, Headers | undefined>> = {
    header: {},
    query: {},
    claim: { authorization: `Bearer ${issuer.mint({ claims: { tenant: 7 } })}` },
    // A route whose policy takes keys alone lets nobody through without one.
    consumer: undefined,
  };
  const expected = { share: [200, 429, 429, 429], skip: [200, 200, 200, 200], deny: [429, 429, 429, 429] } as const;

  for (const part of Object.keys(OPTIONAL) as (keyof typeof OPTIONAL)[]) {
    test.each(MISSING)(`${OPTIONAL[part]}: each value counts for itself; none: %s`, async (whenMissing) => {
      const path = `/${part}-${whenMissing}`;
      const missing = without[part];
      if (missing !== undefined) expect(await statuses(path, missing)).toEqual(expected[whenMissing]);
      for (const value of ['acme', 'bolt'] as const) {
        const { path: query = '', headers } = withPart[part](value);
        expect(await statuses(`${path}${query}`, headers)).toEqual([200, 429, 429, 429]);
      }
    });
  }
});

describe('a part of the key (R203) that every request has', () => {
  const [PASSES, SHARED, APART] = [
    [200, 200, 429, 429],
    [429, 429, 429, 429],
    [200, 200, 429, 429],
  ];
  /** The first question, one that counts with it, and one that counts apart. */
  const questions: readonly (readonly [keyof typeof PRESENT, Question, Question, Question])[] = [
    ['ip', ask('/ip-one', from('203.0.113.7')), ask('/ip-two', from('203.0.113.7')), ask('/ip-one', from('203.0.113.8'))],
    ['net', ask('/net-one', from('203.0.113.7')), ask('/net-one', from('203.0.113.250')), ask('/net-one', from('203.0.112.7'))],
    ['net', ask('/net-one', from('2001:db8:1:2::7')), ask('/net-one', from('2001:db8:1:9::7')), ask('/net-one', from('2001:db8:2::7'))],
    ['path', ask('/path-one/a?x=1'), ask('/path-one/a?x=2'), ask('/path-one/b')],
    ['rpc', ask('/rpc-one/Get'), ask('/rpc-one/Get?x'), ask('/rpc-one/List')],
    ['route', ask('/route-one'), ask('/route-one/deeper'), ask('/route-two')],
    ['service', ask('/service-one'), ask('/service-one/deeper'), ask('/service-two')],
  ];

  interface Question {
    readonly path: string;
    readonly headers: Headers;
  }
  function ask(path: string, headers: Headers = {}): Question {
    return { path, headers };
  }
  function from(address: string): Headers {
    return { 'x-forwarded-for': address };
  }

  test.each(questions)('%s', async (_name, first, same, other) => {
    expect(await statuses(first.path, first.headers)).toEqual(PASSES);
    expect(await statuses(same.path, same.headers)).toEqual(SHARED);
    expect(await statuses(other.path, other.headers)).toEqual(APART);
  });

  test('const, whatever the request', async () => {
    expect(await statuses('/const-one')).toEqual(PASSES);
    expect(await statuses('/const-two', { 'x-forwarded-for': '203.0.113.9' })).toEqual(SHARED);
  });

  test('method', async () => {
    expect(await statuses('/method-one')).toEqual(PASSES);
    const post = { method: 'POST', path: '/method-one', headers: { 'x-case': fresh } };
    expect((await two.send(post)).status).toBe(200);
  });
});

describe('limits that each proxy counts for itself (R212)', () => {
  test('each lets the whole burst pass (R111)', async () => {
    for (const proxy of fleet.proxies) {
      const all: number[] = [];
      for (let index = 0; index < 5; index += 1) all.push(await proxy.ask('/own', { 'x-case': fresh, 'x-who': 'a' }));
      expect(all).toEqual([200, 200, 200, 429, 429]);
    }
  });

  test('a proxy keeps maxKeys counters: the one that was asked least lately begins anew', async () => {
    const few = (who: string): Promise<number> => one.ask('/few', { 'x-case': fresh, 'x-who': who });
    expect([await few('a'), await few('b'), await few('a'), await few('b')]).toEqual([200, 200, 429, 429]);
    expect([await few('c'), await few('b'), await few('a')]).toEqual([200, 429, 200]);
  });
});

describe('what callers are told', () => {
  test('of a limit above uint32 the draft says all of it (R103, R211)', async () => {
    const first = await one.send({ path: '/vast', headers: { 'x-case': fresh } });
    expect(first.headers['ratelimit-policy']).toBe('"vast";q=9000000000;w=3600');
    expect(first.headers['ratelimit']).toMatch(/^"vast";r=8000000000;t=\d+$/);
    for (let index = 0; index < 8; index += 1) expect(await two.ask('/vast', { 'x-case': fresh })).toBe(200);
    expect(await one.ask('/vast', { 'x-case': fresh })).toBe(429);
  });

  test('the older headers are of 32 bits, and stay at the most that fits (R103)', async () => {
    const { status, headers } = await one.send({ path: '/old', headers: { 'x-case': fresh } });
    expect([status, headers['x-ratelimit-limit'], headers['x-ratelimit-remaining']]).toEqual([
      200,
      '4294967295, 4294967295;w=3600;name="old"',
      '4294967295',
    ]);
    expect(headers['ratelimit']).toBeUndefined();
  });

  test('nothing of a limit without headers but when to come again (R211, R308)', async () => {
    const send = () => one.send({ path: '/mute', headers: { 'x-case': fresh } });
    const [passed, denied] = [await send(), await send()];
    expect([passed.status, denied.status]).toEqual([200, 429]);
    const told = [passed, denied].flatMap(({ headers }) => Object.keys(headers).filter((name) => /^(x-)?ratelimit/.test(name)));
    expect(told).toEqual([]);
    expect(denied.headers['retry-after']).toBe('3600');
  });
});
