// What explain says of limits: which concern a request, in which order, by which rate, and who denies before any counter is asked.
import { describe, expect, it } from 'vitest';
import { policyForm } from '../../../src/compiler/auth/form.ts';
import { FILTER_SLOTS } from '../../../src/compiler/filters/slot.ts';
import { type AskedRequest, type Explained, explained } from '../../../src/explain/explained.ts';
import { LIMIT_STEPS } from '../../../src/explain/limits-view.ts';
import { BASE, modelOf, NOW, tokenOf } from './support.ts';

const LIMITED = `${BASE.replace('{port: 10000}', '{port: 10000, clientIp: {trustedHops: 1}}')}apiKeys:
  partners: {from: [{header: x-api-key}], consumers: {acme: {keys: ["sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"]}}}
ipLists: {office: [203.0.113.0/24]}
rateLimitService: {timeout: 80ms, deniedStatus: 503}
rateLimits:
  per-user: {key: [jwt.sub], rate: 100/minute, burst: 20}
  editor: {key: [jwt.sub, jwt.editor], whenMissing: skip, rate: 500/minute, replaces: [per-user]}
  login: {key: [client.net/24, route], phase: early, rate: 5/hour, algorithm: slidingWindow, precision: exact, onFailure: deny}
  plan:
    key: [jwt.tenant]
    rate: 1000/month
    algorithm: fixedWindow
    limitFrom: {jwt: plan_rate, max: 9000/month}
    overrides:
      - {match: {jwt.tenant: acme}, rate: 9000/month}
      - {match: {jwt.tenant: "trial-*"}, rate: 10/month, shared: true}
      - {match: {jwt.tenant: internal}, rate: unlimited}
      - {match: {jwt.tenant: banned}, rate: 0/day}
  trial: {key: [client.ip], rate: 20/second, mode: shadow}
  shield: {key: [client.ip], rate: 50/second, scope: local}
  named: {key: [header.x-name], whenMissing: deny, rate: 5/second}
  watched: {key: [header.x-name], whenMissing: deny, rate: 5/second, mode: shadow}
  words: {key: [header.x-case, query.q, method, path, const.all, service], rate: 5/second}
  partner: {key: [apiKey.id], rate: 5/second, overrides: [{match: {apiKey.id: acme}, rate: 9/second}]}
  divided: {key: [route], rate: 2000/second, scope: quota}
  tier: {key: [service, {header: x-tier, in: [gold, free]}], rate: 2000/second, scope: quota}
routes:
  - {name: orders, matches: [{path: {prefix: /orders}}], backends: [orders], auth: {jwt: main}, rateLimits: [trial, plan, per-user, editor, shield, login]}
  - {name: named, matches: [{path: {prefix: /named}}], backends: [orders], auth: none, rateLimits: [words, named, watched]}
  - {name: keys, matches: [{path: {prefix: /keys}}], backends: [orders], auth: {apiKeys: partners}, rateLimits: [partner]}
  - {name: either, matches: [{path: {prefix: /either}}], backends: [orders], auth: {anyOf: [{ips: [office]}, {jwt: main}]}, rateLimits: [divided]}
  - {name: tiers, matches: [{path: {prefix: /tiers}}], backends: [orders], auth: none, rateLimits: [tier]}
`;
const GOOD = { iss: 'https://id.example.com/', aud: 'shop', exp: NOW / 1000 + 60 };

interface LimitJson {
  readonly name: string;
  readonly filter: string;
  readonly outcome: { readonly kind: string };
  readonly rate: string | null;
  readonly rateFrom: string;
  readonly takesNothing?: string;
  readonly key: readonly object[];
  readonly overrides: readonly { readonly standing: string; readonly why?: string; readonly match: object }[];
  readonly limitFrom?: { readonly standing: string; readonly why: string };
}

interface Json {
  readonly limits: readonly LimitJson[];
  readonly answer: object;
}

async function ask(url: string, details: Partial<AskedRequest> = {}, hidesValues = false): Promise<Explained & { readonly json: Json }> {
  const model = await modelOf(LIMITED);
  const asked = { method: 'GET', url: `http://shop.example.com:10000${url}`, headers: [], ...details };
  const answer = explained(model, asked, { nowMs: NOW, formOf: policyForm, placeOf: (at) => at.join('.'), hidesValues });
  if (!answer.ok) throw new Error(answer.problem);
  return { text: answer.value.text, json: answer.value.json as Json };
}

async function limitOf(name: string, url: string, details: Partial<AskedRequest> = {}): Promise<LimitJson> {
  const { json } = await ask(url, details);
  const found = json.limits.find((limit) => limit.name === name);
  if (found === undefined) throw new Error(`no limit ${name}`);
  return found;
}

const as = (claims: object): Partial<AskedRequest> => ({ token: tokenOf({ ...GOOD, ...claims }) });

describe('limits in explain', () => {
  it('whose values of a header are listed pass over others (ratelimit R111)', async () => {
    const tier = async (value: string) => (await limitOf('tier', '/tiers', { headers: [`x-tier: ${value}`] })).outcome.kind;
    expect([await tier('gold'), await tier('lead'), await tier('')]).toEqual(['counted', 'skipped', 'skipped']);
  });

  it('stand in the order of the filters that ask them, whatever order the route names them in (ratelimit R201)', async () => {
    const { json } = await ask('/orders', as({ sub: 'alice' }));
    expect(json.limits.map(({ name, filter }) => `${filter} ${name}`)).toEqual([
      'early-deny login',
      'local shield',
      'main-allow trial',
      'main-allow plan',
      'main-allow per-user',
      'main-allow editor',
    ]);
    const slots = FILTER_SLOTS.map(({ name }) => name.replace(/^limit-/, '')).filter((name) => LIMIT_STEPS.some((step) => step === name));
    expect(LIMIT_STEPS).toEqual(slots);
  });

  it('replace others only where they concern the request (ratelimit R110)', async () => {
    expect((await limitOf('per-user', '/orders', as({ sub: 'alice' }))).outcome).toEqual({ kind: 'counted' });
    expect((await limitOf('editor', '/orders', as({ sub: 'alice' }))).outcome).toEqual({ kind: 'skipped' });
    expect((await limitOf('per-user', '/orders', as({ sub: 'alice', editor: 'x' }))).outcome).toEqual({ kind: 'replaced', by: 'editor' });
  });

  it.each([
    ['acme', 'override', '9000/month, fixedWindow of UTC', 'counted'],
    ['trial-7', 'override', '10/month, fixedWindow of UTC', 'counted'],
    ['internal', 'override', 'unlimited', 'unlimited'],
    ['banned', 'override', '0/day, fixedWindow of UTC', 'denied'],
    ['other', 'limit', '1000/month, fixedWindow of UTC', 'counted'],
  ])('say which override holds for the tenant %s (ratelimit R107)', async (tenant, rateFrom, rate, kind) => {
    expect(await limitOf('plan', '/orders', as({ tenant }))).toMatchObject({ rateFrom, rate, outcome: { kind } });
  });

  it('say why other overrides do not hold, and what the claim of limitFrom comes to (ratelimit R107, R205)', async () => {
    const trial = await limitOf('plan', '/orders', as({ tenant: 'trial-7', plan_rate: '2000/month' }));
    expect(trial.overrides.map(({ standing, why }) => `${standing} ${why ?? ''}`)).toEqual([
      'fails jwt.tenant is another',
      'fails jwt.tenant is another',
      'fails jwt.tenant is another',
      'holds ',
    ]);
    expect(trial.limitFrom).toEqual({ standing: 'fails', why: 'an override holds' });
    const bought = await limitOf('plan', '/orders', as({ tenant: 'x', plan_rate: '2000/month' }));
    expect(bought).toMatchObject({ rate: '2000/month, fixedWindow of UTC', rateFrom: 'claim', limitFrom: { standing: 'holds' } });
    expect((await limitOf('plan', '/orders', as({ tenant: 'x', plan_rate: '9001/month' }))).limitFrom?.why).toBe(
      'what the claim says is above max',
    );
    expect((await limitOf('plan', '/orders', as({ tenant: 'x', plan_rate: 'much' }))).limitFrom?.why).toMatch(/no rate/);
    expect((await limitOf('plan', '/orders', as({ tenant: 'x' }))).limitFrom?.why).toBe('the token has no claim plan_rate');
  });

  it('say who denies before a counter is asked, and that the others then take nothing (ratelimit R103, R307)', async () => {
    const { json } = await ask('/orders', as({ tenant: 'banned', sub: 'alice' }));
    expect(json.answer).toEqual({ kind: 'refused', status: 503, reason: 'blocked', limit: 'plan' });
    expect(json.limits.find(({ name }) => name === 'per-user')?.takesNothing).toBe('limit plan denies the request');
    expect(json.limits.find(({ name }) => name === 'trial')?.takesNothing).toBeUndefined();
    expect(json.limits.find(({ name }) => name === 'login')?.takesNothing).toBeUndefined();
  });

  it('are not asked after a policy refused, but for those before auth (ratelimit R201)', async () => {
    const { json } = await ask('/orders');
    expect(json.answer).toEqual({ kind: 'refused', status: 401, reason: 'jwt.missing' });
    expect(json.limits.filter(({ takesNothing }) => takesNothing === undefined).map(({ name }) => name)).toEqual(['login']);
  });

  it('deny requests that lack a part where whenMissing says so, but for shadow ones (ratelimit R108, R109)', async () => {
    const { json, text } = await ask('/named');
    expect(json.answer).toEqual({ kind: 'refused', status: 503, reason: 'missing_key', limit: 'named' });
    expect(text).toContain('would be denied, but for mode: shadow');
    expect((await ask('/named', { headers: ['x-name: a'] })).json.answer).toMatchObject({ kind: 'forwarded', services: ['orders'] });
  });

  it('count by what Envoy reads of the request (ratelimit R203)', async () => {
    const { key } = await limitOf('words', '/named/a?x=1&q=a%20b', { method: 'POST', headers: ['X-Case: 7'] });
    expect(key).toEqual([
      { part: 'header.x-case', value: '7' },
      { part: 'query.q', value: 'a b' },
      { part: 'method', value: 'POST' },
      { part: 'path', value: '/named/a' },
      { part: 'const.all', value: 'all' },
      { part: 'service', value: 'orders' },
    ]);
  });

  it('take the address from the connection, or from our own proxies (ratelimit R203)', async () => {
    const login = (details: Partial<AskedRequest>): Promise<LimitJson> => limitOf('login', '/orders', details);
    expect((await login({})).key[0]).toMatchObject({ part: 'client.net/24', open: expect.stringContaining('--ip') as string });
    expect((await login({ ip: '203.0.113.77' })).key[0]).toEqual({ part: 'client.net/24', value: '203.0.113.0/24' });
    expect((await login({ ip: '10.0.0.1', headers: ['x-forwarded-for: 1.1.1.1, 2001:db8:1:2::7'] })).key[0]).toEqual({
      part: 'client.net/24',
      value: '2001:db8:1::/48',
    });
    expect((await login({ ip: '::ffff:198.51.100.9' })).key[0]).toEqual({ part: 'client.net/24', value: '198.51.100.0/24' });
  });

  it('leave open what only the gateway can tell (ratelimit R107)', async () => {
    const partner = await limitOf('partner', '/keys', { headers: ['x-api-key: secret'] });
    expect(partner).toMatchObject({ outcome: { kind: 'open' }, rate: null, rateFrom: 'override' });
    expect(partner.overrides[0]).toMatchObject({ standing: 'open', why: 'depends on apiKey.id' });
  });

  it('say what happens while nobody counts (ratelimit R801)', async () => {
    const { text } = await ask('/orders', { ...as({ sub: 'alice' }), ip: '203.0.113.7' });
    expect(text).toContain('no answer within 80 ms: 503 (onFailure: deny)');
    expect(text).toContain('no answer within 80 ms: it passes (onFailure: allow)');
    expect((await ask('/either', { ip: '203.0.113.7' })).text).toContain('without a part of the rate: it passes (onFailure: allow)');
  });

  it('never repeat values of keys to others, nor credentials to anybody (ratelimit R1009)', async () => {
    const details = { ...as({ sub: 'planted-subject', tenant: 'planted-tenant' }), headers: ['x-forwarded-for: 203.0.113.99'] };
    const { text, json } = await ask('/orders', details, true);
    for (const planted of ['planted', '203.0.113.99', '203.0.113.0']) expect(text + JSON.stringify(json)).not.toContain(planted);
    expect(text).toContain('jwt.sub = given');
  });

  it('refuse what is no address and no listener', async () => {
    await expect(ask('/orders', { ip: '1.2.3' })).rejects.toThrow('"1.2.3" is no address');
    await expect(ask('/orders', { listener: 'other' })).rejects.toThrow('gateway edge has no listener other; there are http');
  });
});

describe('the answer that explain foretells (authz G9)', () => {
  it.each([
    ['/either', { ip: '203.0.113.7' }, { kind: 'forwarded', services: ['orders'], unless: ['limit divided'] }],
    ['/either', { ip: '198.51.100.7' }, { kind: 'refused', status: 403, reason: 'ip.denied' }],
    ['/either', {}, { kind: 'forwarded', services: ['orders'], unless: ['policy route/either', 'limit divided'] }],
    ['/either', { headers: ['authorization: Bearer x'], ip: '203.0.113.7' }, { kind: 'refused', status: 401, reason: 'jwt.malformed' }],
    // M4: a broken credential is what the caller is told, whatever else refuses him.
    ['/either', { headers: ['authorization: Bearer x'], ip: '198.51.100.7' }, { kind: 'refused', status: 401, reason: 'jwt.malformed' }],
    [
      '/either',
      { headers: ['authorization: Bearer a.b.c', 'authorization: Bearer a.b.c'] },
      { kind: 'refused', status: 400, reason: 'auth.multiple' },
    ],
    ['/a%2fb', {}, { kind: 'refused', status: 400 }],
    ['/keys', {}, { kind: 'refused', status: 401, reason: 'apiKey.missing' }],
    ['/orders;x', {}, { kind: 'refused', status: 400, reason: 'request.path' }],
    ['/nothing', {}, { kind: 'refused', status: 404 }],
  ] as const)('of %s with %j', async (url, details, answer) => {
    expect((await ask(url, details)).json.answer).toEqual(answer);
  });
});
