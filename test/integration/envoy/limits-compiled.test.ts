// Limits compiled for a real Envoy, with the limiter of a companion behind it: from YAML to what the service is asked and what callers get.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startCompiledEnvoy } from '../../support/compiled-envoy.ts';
import { type CountingService, startCountingService } from '../../support/counting-service.ts';
import type { Envoy } from '../../support/envoy.ts';
import { eventually } from '../../support/eventually.ts';
import { freePort } from '../../support/free-port.ts';
import { compileGatewayFile } from '../../support/golden-gateway.ts';
import { type HttpResponse, request } from '../../support/http-client.ts';
import { testIssuer } from '../../support/test-issuer.ts';
import { startUpstream, type Upstream } from '../../support/upstream.ts';
import { createWorkspace, type Workspace } from '../../support/workspace.ts';

const issuer = testIssuer({ issuer: 'https://id.test/', algorithms: ['ES256'] });

function gatewayText(backend: string, limiter: number): string {
  return `version: v1
gateway: shop
listeners:
  http: {port: 10000, clientIp: {trustedHops: 1}}
accessLog: {json: stdout}
jwt:
  main:
    issuer: https://id.test/
    audiences: [shop]
    algorithms: [ES256]
    jwks: {inline: ${JSON.stringify(JSON.stringify(issuer.jwks()))}}
    forwardClaims: {x-weight: weight}
rateLimitService:
  endpoints: ["127.0.0.1:${limiter}"]
  timeout: 2s
rateLimits:
  claims: {key: [jwt.sub, jwt.tenant], rate: 1000000/second}
  scopes: {key: [jwt.scope], rate: 1000000/second}
  places: {key: [client.ip, client.net/24, route, service, const.all], rate: 1000000/second}
  words: {key: [header.X-Tier, query.q, method, path], rate: 1000000/second}
  all-or-none: {key: [header.x-tier], whenMissing: skip, rate: 1000000/second}
  named: {key: [header.x-tier], whenMissing: deny, rate: 1000000/second}
  plan: {key: [jwt.sub], rate: 2/hour, limitFrom: {jwt: plan, max: 1000/hour}}
  twice: {key: [header.x-case], rate: 2/hour, cost: 2, body: problem}
  rpc: {key: [grpc.method, header.x-case], rate: 1/hour}
  legacy: {key: [header.x-case], rate: 100/hour, headers: legacy}
  trial: {key: [header.x-case], rate: 1/hour, mode: shadow}
  login: {key: [header.x-case], rate: 1/hour, phase: early, onFailure: deny}
  tokens: {key: [header.x-case], rate: 10/hour, cost: {response: header.x-tokens-used}}
  weighed: {key: [jwt.sub], rate: 5/hour, cost: {request: header.x-weight}}
  shield: {key: [header.x-case, header.x-who], rate: 1/hour, burst: 2, scope: local}
  heavy: {key: [header.x-case], rate: 3/hour, burst: 7, cost: 3, scope: local}
services:
  backend: {endpoints: ["${backend}"]}
  streams: {endpoints: ["${backend}"]}
routes:
  - {name: claims, matches: [{path: {prefix: /claims}}], backends: [backend], auth: {jwt: main}, rateLimits: [claims]}
  - {name: scopes, matches: [{path: {prefix: /scopes}}], backends: [backend], auth: {jwt: main, scopes: [orders:read]}, rateLimits: [scopes]}
  - {name: places, matches: [{path: {prefix: /places}}], backends: [backend], auth: none, rateLimits: [places]}
  - {name: words, matches: [{path: {prefix: /words}}], backends: [backend], auth: none, rateLimits: [words, all-or-none]}
  - {name: named, matches: [{path: {prefix: /named}}], backends: [backend], auth: none, rateLimits: [named]}
  - {name: plan, matches: [{path: {prefix: /plan}}], backends: [backend], auth: {jwt: main}, rateLimits: [plan]}
  - {name: twice, matches: [{path: {prefix: /twice}}], backends: [backend], auth: none, rateLimits: [twice]}
  - {name: rpc, matches: [{path: {prefix: /shop.v1.Orders}}], backends: [backend], auth: none, rateLimits: [rpc]}
  - {name: legacy, matches: [{path: {prefix: /legacy}}], backends: [backend], auth: none, rateLimits: [legacy]}
  - {name: trial, matches: [{path: {prefix: /trial}}], backends: [backend], auth: none, rateLimits: [trial]}
  - {name: login, matches: [{path: {prefix: /login}}], backends: [backend], auth: {jwt: main}, rateLimits: [login]}
  - {name: tokens, matches: [{path: {prefix: /tokens}}], backends: [backend], auth: none, rateLimits: [tokens]}
  - {name: weighed, matches: [{path: {prefix: /weighed}}], backends: [backend], auth: {jwt: main}, rateLimits: [weighed]}
  - {name: shield, matches: [{path: {prefix: /shield}}, {path: {prefix: /also-shield}}], backends: [backend], auth: none, rateLimits: [shield]}
  - {name: heavy, matches: [{path: {prefix: /heavy}}], backends: [backend], auth: none, rateLimits: [heavy]}
`;
}

let workspace: Workspace;
let upstream: Upstream;
let service: CountingService;
let envoy: Envoy;
let port = 0;
let serial = 0;
/** A value that no test before has used, so that each has counters of its own. */
let fresh = '';

beforeAll(async () => {
  workspace = await createWorkspace();
  upstream = await startUpstream({ name: 'backend' });
  const limiter = await freePort();
  const file = await workspace.write('gateway.yaml', gatewayText(upstream.address, limiter));
  const compilation = await compileGatewayFile(file);
  service = await startCountingService(compilation, limiter);
  ({ envoy, port } = await startCompiledEnvoy(compilation));
});

afterAll(async () => {
  await envoy?.stop();
  await service?.stop();
  await upstream?.close();
  await workspace?.remove();
});

beforeEach(() => {
  serial += 1;
  fresh = `case-${serial}`;
  service.calls.length = 0;
  upstream.reset();
});

type Headers = Readonly<Record<string, string | readonly string[]>>;

async function get(requestPath: string, headers: Headers = {}): Promise<HttpResponse> {
  return request({ port, path: requestPath, headers });
}

function bearer(claims: Readonly<Record<string, unknown>>): Headers {
  return { authorization: `Bearer ${issuer.mint({ claims })}` };
}

/** All descriptors so far, of calls in order. */
const asked = (): readonly string[] => service.calls.flatMap(({ descriptors }) => descriptors);

describe('what the limiter is asked (R203, R204)', () => {
  test('claims of verified tokens, and nothing for those that the token lacks (authz H12)', async () => {
    expect((await get('/claims', bearer({ sub: 'alice', tenant: 'acme' }))).status).toBe(200);
    await get('/claims', bearer({ sub: 'bob' }));
    expect(service.calls[0]?.domain).toBe('chancery.shop');
    expect(asked()).toEqual(['limit=claims jwt.sub=alice jwt.tenant=acme', 'limit=claims jwt.sub=bob']);
  });

  test('the scopes as the token says them, where a rule has looked at them too; a list of them counts as missing (authz H12, M7)', async () => {
    const statuses = await Promise.all([
      get('/scopes', bearer({ scope: 'orders:read orders:write' })),
      get('/scopes', bearer({ scope: ['orders:read'] })),
      get('/scopes', bearer({ scope: 'orders:reader' })),
    ]);
    expect(statuses.map(({ status }) => status)).toEqual([200, 200, 403]);
    expect([...asked()].sort()).toEqual(['limit=scopes', 'limit=scopes jwt.scope=orders:read orders:write']);
  });

  test('addresses behind our own proxies, the route, the service and constants', async () => {
    await get('/places', { 'x-forwarded-for': '203.0.113.77' });
    await get('/places', { 'x-forwarded-for': '2001:db8:1:2::7' });
    expect(asked()).toEqual([
      'limit=places remote_address=203.0.113.77 masked_remote_address=203.0.113.0/24 route=places destination_cluster=service/backend const.all=all',
      'limit=places remote_address=2001:db8:1:2::7 masked_remote_address=2001:db8:1::/48 route=places destination_cluster=service/backend const.all=all',
    ]);
  });

  test('headers, query parameters, method and path without its query; of parts that are missing only the limits that skip are left out', async () => {
    await get('/words?q=shoes', { 'x-tier': 'gold' });
    await get('/words');
    expect(asked()).toEqual([
      'limit=words header.x-tier=gold query.q=shoes method=GET path=/words',
      'limit=all-or-none header.x-tier=gold',
      'limit=words method=GET path=/words',
    ]);
  });

  test('R109: a request that lacks a part is denied where the limit says so', async () => {
    expect((await get('/named', { 'x-tier': 'gold' })).status).toBe(200);
    expect((await get('/named')).status).toBe(429);
  });

  test('R205: a rate in the token counts instead of the static one', async () => {
    const statuses = async (claims: Readonly<Record<string, unknown>>): Promise<readonly number[]> => {
      const all: number[] = [];
      for (let index = 0; index < 4; index += 1) all.push((await get('/plan', bearer(claims))).status);
      return all;
    };
    expect(await statuses({ sub: `plain-${fresh}` })).toEqual([200, 200, 429, 429]);
    expect(await statuses({ sub: `paid-${fresh}`, plan: '3/hour' })).toEqual([200, 200, 200, 429]);
    expect(asked().at(-1)).toBe(`limit=plan jwt.sub=paid-${fresh} _rate=3/hour`);
  });

  test('R206: a cost from a header that only the gateway writes', async () => {
    const sub = `weighed-${fresh}`;
    expect((await get('/weighed', { ...bearer({ sub, weight: '4' }), 'x-weight': '1' })).status).toBe(200);
    expect((await get('/weighed', { ...bearer({ sub, weight: '4' }), 'x-weight': '1' })).status).toBe(429);
    expect(asked()[0]).toBe(`limit=weighed jwt.sub=${sub} hits=4`);
  });
});

describe('what callers get', () => {
  test('429 with the headers of the draft, retry-after and a body where the limit has one (R211, R308)', async () => {
    const first = await get('/twice', { 'x-case': fresh });
    expect([first.status, first.headers['ratelimit-policy']]).toEqual([200, '"twice";q=2;w=3600']);
    const denied = await get('/twice', { 'x-case': fresh });
    expect(denied.status).toBe(429);
    expect(denied.headers).toMatchObject({ 'retry-after': '3600', ratelimit: '"twice";r=0;t=3600' });
    expect(denied.headers['content-type']).toContain('application/problem+json');
  });

  test('RESOURCE_EXHAUSTED for gRPC callers, so that they do not try again (R202)', async () => {
    const call = { 'content-type': 'application/grpc', te: 'trailers', 'x-case': fresh };
    await request({ port, path: '/shop.v1.Orders/Get', method: 'POST', headers: call });
    const denied = await request({ port, path: '/shop.v1.Orders/Get', method: 'POST', headers: call });
    expect([denied.status, denied.headers['grpc-status']]).toEqual([200, '8']);
    expect(asked()[0]).toBe(`limit=rpc grpc.method=/shop.v1.Orders/Get header.x-case=${fresh}`);
  });

  test('x-ratelimit-* where a limit asks for the older form (R211)', async () => {
    const response = await get('/legacy', { 'x-case': fresh });
    expect(response.headers).toMatchObject({ 'x-ratelimit-limit': '100, 100;w=3600;name="legacy"', 'x-ratelimit-remaining': '99' });
  });

  test('nothing of limits in shadow mode, but the access log has them (R108, R210)', async () => {
    for (let index = 0; index < 2; index += 1) expect((await get('/trial', { 'x-case': fresh })).status).toBe(200);
    const told = await eventually(() => envoy.accessLog().find((line) => line['route'] === 'trial' && line['limit_shadow'] !== null));
    expect(told['limit_shadow']).toEqual(['trial']);
  });

  test('which limit denied stands in the access log (R210)', async () => {
    for (let index = 0; index < 2; index += 1) await get('/twice', { 'x-case': fresh });
    const told = await eventually(() => envoy.accessLog().find((line) => line['route'] === 'twice' && line['status'] === 429));
    expect(told).toMatchObject({ limit: 'twice', limit_reason: 'over_limit', flags: 'RL' });
  });
});

describe('where limits stand', () => {
  test('R201: early ones count before auth, also requests without any credential', async () => {
    expect((await get('/login', { 'x-case': fresh })).status).toBe(401);
    expect((await get('/login', { 'x-case': fresh })).status).toBe(429);
  });

  test('R207: what a response cost is taken when it is over', async () => {
    upstream.reply = () => ({ headers: { 'x-tokens-used': '10' } });
    expect((await get('/tokens', { 'x-case': fresh })).status).toBe(200);
    await eventually(() => asked().includes(`limit=tokens header.x-case=${fresh} _op=debit hits=10`));
    expect((await get('/tokens', { 'x-case': fresh })).status).toBe(429);
    expect(asked()[0]).toBe(`limit=tokens header.x-case=${fresh} _op=check hits=0`);
  });
});

describe('limits that the proxy counts itself (R212)', () => {
  test('each of 21 keys has a bucket of its own, which all matches of the route share, and which nothing pushes out', async () => {
    const statuses = async (who: string, requestPath = '/shield'): Promise<number> =>
      (await get(requestPath, { 'x-case': fresh, 'x-who': who })).status;
    for (let index = 0; index < 21; index += 1) {
      expect([await statuses(`${index}`), await statuses(`${index}`, '/also-shield'), await statuses(`${index}`)]).toEqual([200, 200, 429]);
    }
    expect(await statuses('0')).toBe(429);
    expect(service.calls).toEqual([]);
  });

  test('R109: requests that lack a part of the key share one bucket', async () => {
    const without = async (): Promise<number> => (await get('/shield', { 'x-case': fresh })).status;
    expect([await without(), await without(), await without()]).toEqual([200, 200, 429]);
  });

  test('R106: a request that costs three takes three of seven, and what is left is too little for a third one', async () => {
    const heavy = async (): Promise<number> => (await get('/heavy', { 'x-case': fresh })).status;
    expect([await heavy(), await heavy(), await heavy()]).toEqual([200, 200, 429]);
  });
});
