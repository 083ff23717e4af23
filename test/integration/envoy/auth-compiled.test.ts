// The compiled form of policies in a real Envoy: its own filters, from a configuration that a plain Envoy runs (authz §5).
import { once } from 'node:events';
import { connect as connectHttp2, createServer as createHttp2Server, type Http2Server } from 'node:http2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createCompiler } from '../../../src/compiler/compile.ts';
import { compileStaticBootstrap } from '../../../src/compiler/static-bootstrap.ts';
import type { AuthPolicy } from '../../../src/model/auth/types.ts';
import type { Route } from '../../../src/model/types.ts';
import { loadEnvoyApi } from '../../../src/proto/api.ts';
import { policyVersion } from '../../../src/proto/policy-version.ts';
import {
  ANONYMOUS,
  aJwtProvider,
  allOf,
  anAuthModel,
  anyOf,
  aPolicy,
  byMethods,
  byToken,
  fromLists,
  not,
} from '../../support/auth-model.ts';
import { type Envoy, startEnvoy } from '../../support/envoy.ts';
import { eventually } from '../../support/eventually.ts';
import { freePort } from '../../support/free-port.ts';
import { type HttpResponse, openConnection, request } from '../../support/http-client.ts';
import { aListener, aMatch, aModel, anEndpoint, aRoute, aService, forwardTo } from '../../support/model-builder.ts';
import { type MintOptions, testIssuer, testKey } from '../../support/test-issuer.ts';
import { startUpstream, type Upstream } from '../../support/upstream.ts';

const main = testIssuer({ issuer: 'https://id.test/', algorithms: ['RS256', 'ES256'] });
const partner = testIssuer({ issuer: 'https://partner.test/', algorithms: ['EdDSA'] });
const sick = testIssuer({ issuer: 'https://sick.test/', algorithms: ['RS256'] });

const PROVIDERS = [
  aJwtProvider({
    keys: { kind: 'inline', jwks: JSON.stringify(main.jwks()) },
    forwardClaims: [
      { header: 'x-level', claim: ['level'] },
      { header: 'x-tenant', claim: ['app', 'tenant'] },
      { header: 'x-user-id', claim: ['sub'] },
    ],
  }),
  aJwtProvider({
    name: 'partner',
    issuer: 'https://partner.test/',
    algorithms: ['EdDSA'],
    keys: { kind: 'inline', jwks: JSON.stringify(partner.jwks()) },
    forwardClaims: [{ header: 'x-user-id', claim: ['sub'] }],
  }),
  aJwtProvider({
    name: 'sick',
    issuer: 'https://sick.test/',
    keys: { kind: 'url', url: 'https://sick.test/jwks.json', cacheForMs: 300_000, timeoutMs: 2000, serveStaleForMs: 3_600_000 },
  }),
];

const POLICIES: readonly AuthPolicy[] = [
  aPolicy('token', byToken()),
  aPolicy(
    'orders',
    byToken('main', { scopes: ['orders:read'], claims: [{ claim: ['realm', 'roles'], kind: 'contains', value: 'admin' }] }),
  ),
  aPolicy('optional', anyOf(byToken(), ANONYMOUS)),
  aPolicy('office', allOf(byToken(), fromLists('office'))),
  aPolicy('local', allOf(byToken(), fromLists('local'), not(byMethods('DELETE')))),
  aPolicy('either', anyOf(byToken('main', { scopes: ['a'] }), byToken('partner', { scopes: ['b'] }))),
  aPolicy('sick', byToken(['main', 'sick'])),
  aPolicy('asked', allOf(byToken(), fromLists('local')), { enforce: 'companion' }),
  aPolicy('asked-open', byToken(), { onFailure: 'allow' }),
  aPolicy('described', byToken('main', { scopes: ['a'] }), { resourceMetadata: true }),
];

/** Answers when it has the trailers, with their names. */
const streams = createHttp2Server().on('stream', (stream) => {
  stream.resume();
  stream.on('trailers', (trailers) => {
    stream.respond({ ':status': 200, 'x-trailers': Object.keys(trailers).join(' ') });
    stream.end();
  });
});

async function listen(server: Http2Server): Promise<number> {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

let envoy: Envoy;
let upstream: Upstream;
let port = 0;

beforeAll(async () => {
  upstream = await startUpstream({ name: 'backend' });
  const api = loadEnvoyApi();
  const auth = anAuthModel({
    jwt: PROVIDERS,
    policies: POLICIES,
    ipLists: [
      { name: 'local', path: ['ipLists', 'local'], cidrs: ['127.0.0.0/8'] },
      { name: 'office', path: ['ipLists', 'office'], cidrs: ['203.0.113.0/24', '2001:db8::/32'] },
    ],
    identityHeaders: ['x-level', 'x-tenant', 'x-user-id'],
    companion: { path: ['authz'], timeoutMs: 250, endpoints: [{ kind: 'ip', ip: '127.0.0.1', port: await freePort() }] },
  });
  const routeOf = (name: string, route: Partial<Route>): Route =>
    aRoute(name, { matches: [aMatch(`/${name}`)], action: forwardTo('backend'), ...route });
  const model = aModel({
    auth,
    accessLog: { path: ['accessLog'], file: '/dev/stdout' },
    listeners: [aListener({ port: 0, underscores: 'keep', paths: { escapedSlashes: 'reject', mergeSlashes: true, parameters: 'reject' } })],
    services: [
      aService('backend', { endpoints: [anEndpoint(upstream.address)] }),
      aService('streams', { endpoints: [anEndpoint(`127.0.0.1:${await listen(streams)}`)], protocol: 'h2' }),
    ],
    routes: [
      ...POLICIES.map(({ name }) => routeOf(name, { auth: { kind: 'policy', policy: name, path: [] } })),
      routeOf('public', { auth: { kind: 'none' } }),
      routeOf('stream', { auth: { kind: 'none' }, action: forwardTo('streams') }),
      routeOf('lost', { auth: { kind: 'policy', policy: 'nowhere', path: [] } }),
    ],
  });
  const compilation = createCompiler({ versionOf: (policy) => policyVersion(api, policy) }).compile(model);
  envoy = await startEnvoy(api.toJson('envoy.config.bootstrap.v3.Bootstrap', compileStaticBootstrap(compilation)) as object);
  port = (await envoy.admin.listenerPorts()).get('listener/http')?.[0] ?? 0;
});

afterAll(async () => {
  await envoy.stop();
  await upstream.close();
  streams.close();
});

type Headers = Readonly<Record<string, string | readonly string[]>>;

async function get(path: string, headers: Headers = {}, method = 'GET'): Promise<HttpResponse> {
  upstream.reset();
  return request({ port, path, headers, method });
}

function bearer(options: MintOptions = {}, issuer = main): Headers {
  return { authorization: `Bearer ${issuer.mint(options)}` };
}

/** Status and reason; without a reason for what the backend answered. */
async function outcome(path: string, headers: Headers = {}, method = 'GET'): Promise<string> {
  const response = await get(path, headers, method);
  return response.headers['content-type'] === 'application/problem+json'
    ? `${response.status} ${String(response.json()['code'])}`
    : `${response.status}`;
}

const seen = (): Readonly<Record<string, string | readonly string[] | undefined>> => upstream.requests[0]?.headers ?? {};

describe('tokens', () => {
  test('G5, G6, G8: without a token 401 as problem+json with a challenge, with one 200', async () => {
    const denied = await get('/token');
    expect(denied.status).toBe(401);
    expect(denied.headers).toMatchObject({
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
      'www-authenticate': 'Bearer realm="edge"',
    });
    expect(denied.json()).toEqual({
      type: 'urn:chancery:auth:jwt.missing',
      title: 'A token is required',
      status: 401,
      code: 'jwt.missing',
      requestId: denied.headers['x-request-id'],
    });
    expect((await get('/token', bearer())).status).toBe(200);
  });

  test('H11: an id that a client gives its request is replaced, for backends and in answers', async () => {
    const mine = '0b1f3c5e-1111-4222-8333-444455556666';
    expect((await get('/token', { 'x-request-id': mine })).json()['requestId']).not.toBe(mine);
    const { headers } = await get('/token', { ...bearer(), 'x-request-id': mine });
    expect(headers['x-request-id']).not.toBe(mine);
    expect(seen()['x-request-id']).toBe(headers['x-request-id']);
  });

  test('G8: a bad token is told apart from a missing one', async () => {
    const denied = await get('/token', bearer({ claims: { exp: 1_000_000_000 } }));
    expect([denied.status, denied.json()['code'], denied.headers['www-authenticate']]).toEqual([
      401,
      'jwt.expired',
      'Bearer realm="edge", error="invalid_token"',
    ]);
  });

  test.each<[string, string, () => Headers]>([
    ['A12', '401 jwt.notYetValid', () => bearer({ claims: { nbf: 4_000_000_000 } })],
    ['A10', '401 jwt.issuer', () => bearer({ claims: { iss: 'https://else.test/' } })],
    ['A14', '401 jwt.key', () => bearer({ header: { kid: 'unknown' } })],
    ['A6', '401 jwt.algorithm', () => bearer({ header: { alg: 'none' } })],
    ['A16', '401 jwt.audience', () => bearer({ claims: { aud: ['other', 'shop '] } })],
    ['A16', '200', () => bearer({ claims: { aud: ['other', 'shop'] } })],
    ['A8', '401 jwt.type', () => bearer({ header: { typ: 'dpop+jwt' } })],
    ['A8', '200', () => bearer({ header: { typ: 'application/AT+JWT' } })],
    ['A8', '200', () => bearer({ header: { typ: undefined } })],
    ['A8', '401 jwt.type', () => bearer({ claims: { events: {} } })],
    ['A8', '401 jwt.type', () => bearer({ claims: { token_use: 'id' } })],
    ['A7', '401 jwt.malformed', () => bearer({ header: { crit: ['x'] } })],
    ['A11', '401 jwt.claims', () => bearer({ claims: { exp: 'tomorrow' } })],
    ['A15', '200', () => bearer({ key: testKey('ES256') })],
  ])('%s: %s', async (_rule, expected, headers) => {
    expect(await outcome('/token', headers())).toBe(expected);
  });

  test('T10, A4, A15: a token that is spelt in another way is another token, and none of ours', async () => {
    const token = main.mint({ key: testKey('ES256') });
    const [header = '', payload = '', signature = ''] = token.split('.');
    const raw = Buffer.from(signature, 'base64url');
    const zeros = Buffer.concat([Buffer.alloc(1), raw.subarray(0, 32), Buffer.alloc(1), raw.subarray(32)]).toString('base64url');
    const spellings = [
      `${token}=`,
      `${token}A`,
      `${token}AA`,
      `${header}.${payload}.${zeros}`,
      `${header}.${payload}.`,
      ` ${token}`,
      `${token} `,
    ];
    const answers = await Promise.all(
      spellings.map((each) => request({ port, path: '/token', headers: { authorization: `Bearer ${each}` } })),
    );
    expect(answers.slice(0, -1).map(({ status }) => status)).toEqual([401, 401, 401, 401, 401, 401]);
    // A space at the end is no part of a header's value.
    expect(answers.at(-1)?.status).toBe(200);
  });

  test('A1, A2, A3, T5: one credential in one form', async () => {
    const token = main.mint();
    expect(await outcome('/token', { authorization: `bearer ${token}` })).toBe('200');
    expect(await outcome('/token', { authorization: `BEARER ${token}` })).toBe('401 jwt.malformed');
    expect(await outcome('/token', { authorization: `Basic x Bearer ${token}` })).toBe('401 jwt.malformed');
    expect(await outcome('/token', { authorization: 'Basic dXNlcg==' })).toBe('401 jwt.malformed');
    expect(await outcome('/token', { authorization: `Bearer ${token}, Bearer ${token}` })).toBe('400 auth.multiple');
    expect(await outcome('/token', { authorization: [`Bearer ${token}`, `Bearer ${token}`] })).toBe('400 auth.multiple');
    expect(await outcome('/token', bearer({ claims: { fill: 'x'.repeat(9000) } }))).toBe('401 jwt.oversized');
  });

  test('G4, J5: an issuer whose keys are not known is 503, and others are served', async () => {
    const down = await get('/sick', bearer({}, sick));
    expect([down.status, down.json()['code'], down.headers['retry-after']]).toEqual([503, 'jwks.unavailable', '1']);
    expect(down.headers).not.toHaveProperty('www-authenticate');
    expect(await outcome('/sick', bearer())).toBe('200');
    expect(await outcome('/sick')).toBe('401 jwt.missing');
  });
});

describe('rules', () => {
  test('M7: scopes and claims, exact and by type', async () => {
    const claims = { scope: 'orders:write orders:read', realm: { roles: ['user', 'admin'] } };
    expect(await outcome('/orders', bearer({ claims }))).toBe('200');
    expect(await outcome('/orders', bearer({ claims: { ...claims, scope: ['orders:read'] } }))).toBe('200');
    expect(await outcome('/orders', bearer({ claims: { ...claims, realm: { roles: 'admin' } } }))).toBe('403 claim.mismatch');
    const lacking = await get('/orders', bearer({ claims: { ...claims, scope: 'orders:reading' } }));
    expect([lacking.status, lacking.headers['www-authenticate']]).toEqual([
      403,
      'Bearer realm="edge", error="insufficient_scope", scope="orders:read"',
    ]);
  });

  test('M4: anonymous holds only where no token is shown', async () => {
    expect(await outcome('/optional')).toBe('200');
    expect(await outcome('/optional', bearer())).toBe('200');
    expect(await outcome('/optional', bearer({ claims: { exp: 1 } }))).toBe('401 jwt.expired');
    expect(await outcome('/optional', bearer({}, partner))).toBe('401 jwt.issuer');
  });

  test('M9: addresses and methods; what came least far is told', async () => {
    expect(await outcome('/office', bearer())).toBe('403 ip.denied');
    expect(await outcome('/office')).toBe('401 jwt.missing');
    expect(await outcome('/office', { ...bearer(), 'x-forwarded-for': '203.0.113.1' })).toBe('403 ip.denied');
    expect(await outcome('/local', bearer())).toBe('200');
    expect(await outcome('/local', bearer(), 'DELETE')).toBe('403 method.denied');
  });

  test('M6, G9: the issuer chooses among providers; of branches the furthest is told, with its scopes', async () => {
    expect(await outcome('/either', bearer({ claims: { scope: 'a' } }))).toBe('200');
    expect(await outcome('/either', bearer({ claims: { scope: 'b' } }, partner))).toBe('200');
    expect(await outcome('/either')).toBe('401 jwt.missing');
    const lacking = await get('/either', bearer({ claims: { scope: 'a' } }, partner));
    expect([lacking.status, lacking.headers['www-authenticate']]).toEqual([
      403,
      'Bearer realm="edge", error="insufficient_scope", scope="b"',
    ]);
  });

  test('M2: a policy that is not there is no way in', async () => {
    expect((await get('/lost', bearer())).status).toBe(500);
    expect(upstream.requests).toEqual([]);
  });
});

describe('identity', () => {
  test('claims are told, once; the credential is removed (H5, H8)', async () => {
    const claims = { sub: 'bob', level: 5, app: { tenant: 't-1' } };
    expect((await get('/token', { ...bearer({ claims }), 'x-user-id': 'eve' })).status).toBe(200);
    expect(seen()).toMatchObject({ 'x-user-id': 'bob', 'x-level': '5', 'x-tenant': 't-1' });
    expect(seen()).not.toHaveProperty('authorization');
  });

  test.each(['/public', '/optional', '/token'])('T1: client copies do not survive on %s, however they are written', async (path) => {
    const copies = {
      'X-User-Id': ['eve', 'mallory'],
      x_user_id: 'eve',
      'x-user_id': 'eve',
      'x.user.id': 'eve',
      'x-tenant': 'evil',
      'X-Chancery-Client-Ip': '10.0.0.1',
      x_chancery_a: '1',
    };
    const headers = path === '/token' ? { ...copies, ...bearer() } : copies;
    expect((await get(path, { ...headers, connection: 'x-user-id' })).status).toBe(200);
    const names = Object.keys(seen()).filter((name) => /user|tenant|chancery/.test(name));
    expect(names).toEqual(path === '/token' ? ['x-user-id'] : []);
    if (path === '/token') expect(seen()['x-user-id']).toBe('alice');
  });

  test('T1: nor do they over HTTP/2', async () => {
    upstream.reset();
    const connection = await openConnection({ port, http: '2' });
    const answer = await connection.request({
      path: '/token',
      headers: { ...bearer(), 'x-user-id': ['eve', 'mallory'], x_user_id: 'eve', 'x-chancery-a': '1' },
    });
    connection.close();
    expect(answer.status).toBe(200);
    expect(seen()['x-user-id']).toBe('alice');
    expect(Object.keys(seen()).filter((name) => /user|chancery/.test(name))).toEqual(['x-user-id']);
  });

  test('H3: nor in the trailers of a request', async () => {
    const session = connectHttp2(`http://127.0.0.1:${port}`);
    const stream = session.request({ ':path': '/stream', ':method': 'POST' }, { waitForTrailers: true });
    stream.once('wantTrailers', () => stream.sendTrailers({ 'x-user-id': 'eve', x_user_id: 'eve', 'x-chancery-a': '1', 'x-kept': 'yes' }));
    stream.end('body');
    const [answer]: unknown[] = await once(stream, 'response');
    session.destroy();
    expect(answer).toMatchObject({ ':status': 200, 'x-trailers': 'x-kept' });
  });

  test('T4: methods and paths are not overridden by headers', async () => {
    const overrides = {
      'x-http-method-override': 'DELETE',
      'x-original-url': '/admin',
      x_rewrite_url: '/admin',
      'x-method-override': 'PUT',
    };
    expect((await get('/public', overrides)).status).toBe(200);
    expect(Object.keys(seen()).filter((name) => /override|url/.test(name))).toEqual([]);
  });

  test.each<[string, unknown]>([
    ['a list', ['a', 'b']],
    ['an object', { a: 1 }],
    ['a fraction', 1.5],
    ['a negative number, which Envoy would write with a fraction', -12],
    ['too long', 'x'.repeat(1001)],
    ['a line break', 'a\nb'],
    ['outside of ASCII', 'zoé'],
    ['a space before', ' a'],
    ['empty', ''],
  ])('H7, T2: a claim that cannot be told as it is denies: %s', async (_what, level) => {
    expect(await outcome('/token', bearer({ claims: { level } }))).toBe('403 identity.unforwardable');
    expect(upstream.requests).toEqual([]);
  });

  test.each<[unknown, string]>([
    [true, 'true'],
    [0, '0'],
    [9_007_199_254_740_991, '9007199254740991'],
    ['a b', 'a b'],
  ])('H7: %j is told as %s', async (level, told) => {
    expect(await outcome('/token', bearer({ claims: { level } }))).toBe('200');
    expect(seen()['x-level']).toBe(told);
  });
});

describe('the companion is away', () => {
  test('G3, G17: what it would decide is 503, or passes without identity where that was asked for', async () => {
    expect((await get('/asked', bearer())).status).toBe(503);
    expect(upstream.requests).toEqual([]);
    expect((await get('/asked-open', { 'x-user-id': 'eve' })).status).toBe(200);
    expect(seen()).toMatchObject({ 'x-envoy-auth-failure-mode-allowed': 'true' });
    expect(seen()).not.toHaveProperty('x-user-id');
  });

  test('G8: what a resource asks for is told to everybody (RFC 9728)', async () => {
    const told = await request({ port, path: '/.well-known/oauth-protected-resource/described', host: 'api.example.com' });
    expect([told.status, told.headers['content-type']]).toEqual([200, 'application/json']);
    expect(told.json()).toEqual({
      resource: 'https://api.example.com/described',
      authorization_servers: ['https://id.test/'],
      scopes_supported: ['a'],
      bearer_methods_supported: ['header'],
    });
    expect((await get('/described')).status).toBe(503);
  });

  test('C3: strange paths are refused all the same', async () => {
    expect(await outcome('/asked-open/;x')).toBe('400 request.path');
  });
});

describe('paths and callers', () => {
  test.each(['/token;x', '/token/%2e%2e%2fadmin', '/token/a%5cb', '/token/%3b', '/token/a%00', '/token/..%3b/x', '/token/;/x'])(
    'T3, C3: %s is never served',
    async (path) => {
      const { status } = await get(path, bearer());
      expect([400, 404]).toContain(status);
      expect(upstream.requests).toEqual([]);
    },
  );

  test('T3: what Envoy takes for another spelling of a path goes to the backend in the one that was judged', async () => {
    expect((await get('/token/a/..//\\x/./y', bearer())).status).toBe(200);
    expect(upstream.requests[0]?.path).toBe('/token/x/y');
    expect((await get('/public/../token')).status).toBe(401);
  });

  test('C3: what the query holds is not a path', async () => {
    expect((await get('/token?a=;%2f%00', bearer())).status).toBe(200);
  });

  test('G7: callers of gRPC get statuses of gRPC', async () => {
    const call = async (headers: Headers): Promise<unknown[]> => {
      const { status, headers: answer } = await get('/orders', { 'content-type': 'application/grpc', ...headers }, 'POST');
      return [status, answer['grpc-status'], answer['grpc-message']];
    };
    expect(await call({})).toEqual([200, '16', 'jwt.missing: A token is required']);
    expect(await call(bearer())).toEqual([200, '7', 'scope.insufficient: The scopes are not sufficient']);
    expect(await call({ authorization: 'a,b' })).toEqual([200, '16', 'auth.multiple: More than one credential was sent']);
  });

  test('the access log says which policy decided, in which form, and why (O5)', async () => {
    await get('/orders', { ...bearer(), 'user-agent': 'log-test' });
    const line = await eventually(
      () => envoy.accessLog().find(({ user_agent }) => user_agent === 'log-test') ?? Promise.reject(new Error('not yet')),
    );
    expect(line).toMatchObject({
      route: 'orders',
      auth_policy: 'orders',
      auth_form: 'proxy',
      auth_rule: '40.scope.insufficient',
      status: 403,
    });
  });
});
