// The decision from bytes to bytes, with verifiers that the test holds.
import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { Secret } from '../../../src/lib/secret.ts';
import { type EnvoyApi, loadEnvoyApi } from '../../../src/proto/api.ts';
import type { AuthPolicy } from '../../../src/proto/generated/chancery/policy/v1/AuthPolicy.ts';
import type { CheckResponseOutput } from '../../../src/proto/generated/envoy/service/auth/v3/CheckResponse.ts';
import { AUTHORIZATION, type CheckShape, checkRequest, jwtProvider, policyResource } from '../../support/auth-policy.ts';
import { NOW_MS, type TestHandling, testHandling, valid } from '../../support/check-handling.ts';

let api: EnvoyApi;
beforeAll(() => {
  api = loadEnvoyApi();
});

const KEY = 'ck_abcdefgh_0123456789abcdefghijklmnopqrstuv';
const KEY_DIGEST = `sha256:${createHash('sha256').update(KEY).digest('hex')}`;

interface Loaded {
  readonly test: TestHandling;
  ask(shape?: Omit<CheckShape, 'version'>): Promise<CheckResponseOutput>;
}

function load(changes: AuthPolicy = {}): Loaded {
  const test = testHandling(api);
  const { name, version, bytes } = policyResource(api, changes);
  const keys = api.encode('chancery.policy.v1.ApiKeySet', {
    name: 'edge/partners',
    consumers: [{ name: 'acme', digests: [KEY_DIGEST], scopes: ['orders:read'] }],
  });
  expect(test.table.apply({ policies: [{ name, bytes }], apiKeys: [{ name: 'edge/partners', bytes: keys }] }).refused).toEqual([]);
  test.jwts.set('good', valid({ sub: 'u1', scope: 'orders:read orders:write', tenant: 't1' }));
  return { test, ask: (shape = {}) => test.check(checkRequest(api, { ...shape, version })) };
}

const bearer = (token: string): readonly [string, string] => ['authorization', `Bearer ${token}`];
const headersOf = (response: CheckResponseOutput) =>
  Object.fromEntries(
    (response.ok_response ?? response.denied_response ?? response.error_response)?.headers?.map(({ header }) => [
      header?.key,
      header?.value,
    ]) ?? [],
  );
const reasonOf = (response: CheckResponseOutput) => response.dynamic_metadata?.fields?.['reason']?.string_value;
const apiKeys = (changes = {}) => [
  { name: 'partners', from: [{ header: { name: 'x-api-key' } }], consumer_headers: ['x-client-id'], ...changes },
];
const EITHER = {
  any_of: {
    rules: [{ jwt: { providers: ['main'], requirements: { all_scopes: ['orders:write'] } } }, { api_keys: { source: 'partners' } }],
  },
};

describe('a request that is let through', () => {
  it('gets each identity header once: stamped where it is known, removed where not (authz H5, H6)', async () => {
    const { ask } = load();
    const response = await ask({ headers: [bearer('good')] });
    // Present, with the code OK: no bytes at all would mean ALLOW too (authz G2).
    expect(response.status).toEqual({});
    expect(response.ok_response?.headers).toEqual([
      { header: { key: 'x-user-id', value: 'u1' }, append_action: 'OVERWRITE_IF_EXISTS_OR_ADD' },
    ]);
    expect(response.ok_response?.headers_to_remove).toEqual(['authorization', 'x-client-id', 'x-tenant']);
  });

  it('is answered from memory the second time, with the same bytes (authz S1)', async () => {
    const { test, ask } = load();
    const first = await ask({ headers: [bearer('good')] });
    expect(await ask({ headers: [bearer('good')] })).toEqual(first);
    expect(test.verified).toEqual(['good']);
  });

  it('is checked again when the keys have changed (authz J10) and when the token has ended (authz A17)', async () => {
    const { test, ask } = load();
    await ask({ headers: [bearer('good')] });
    test.clock.generation = 2;
    await ask({ headers: [bearer('good')] });
    expect(test.verified).toEqual(['good', 'good']);
    test.jwts.set('short', valid({ sub: 'u1', exp: NOW_MS / 1000 + 1 }));
    await ask({ headers: [bearer('short')] });
    test.clock.nowMs += 31_500;
    test.jwts.set('short', { kind: 'refused', reason: 'jwt.expired' });
    expect(reasonOf(await ask({ headers: [bearer('short')] }))).toBe('jwt.expired');
  });

  it('keeps its credential where the provider says so (authz H8)', async () => {
    const { ask } = load({ jwt: [jwtProvider({ keep_credential: true })] });
    expect((await ask({ headers: [bearer('good')] })).ok_response?.headers_to_remove).not.toContain('authorization');
  });

  it('loses the cookie and the query parameter that held the credential, and nothing else of them (authz H8)', async () => {
    const { test, ask } = load({ jwt: [jwtProvider({ from: [{ cookie: 'session' }, { query: 'access_token' }] })] });
    const cookie = await ask({ headers: [['cookie', 'a=1; session=good; b=2']] });
    expect(headersOf(cookie)['cookie']).toBe('a=1; b=2');
    const alone = await ask({ headers: [['cookie', 'session=good']] });
    expect(alone.ok_response?.headers_to_remove).toContain('cookie');
    const query = await ask({ path: '/orders?x=1&access_token=good' });
    expect(query.ok_response?.query_parameters_to_remove).toEqual(['access_token']);
    expect(test.verified).toEqual(['good']);
  });

  it('is told to later filters without the subject itself (authz G10, S4)', async () => {
    const { ask } = load({ told_claims: [{ steps: ['tenant'] }] });
    const fields = (await ask({ headers: [bearer('good')] })).dynamic_metadata?.fields ?? {};
    expect(fields['subject_hash']?.string_value).toMatch(/^[0-9a-f]{16}$/);
    expect(fields['identity']?.string_value).toBe('jwt/main');
    expect(fields['claims']?.struct_value?.fields?.['tenant']?.string_value).toBe('t1');
    expect(JSON.stringify(fields)).not.toContain('u1');
  });

  it('has the same hash from all companions that have the gateway’s key, and another one as soon as that changes (authz S4)', async () => {
    const [one, two] = [load(), load()];
    const hash = async ({ ask }: typeof one) =>
      (await ask({ headers: [bearer('good')] })).dynamic_metadata?.fields?.['subject_hash']?.string_value;
    const own = await hash(one);
    const secrets = [{ name: 'edge/secret/subjects', value: new Secret('of all companions') }];
    for (const { test } of [one, two]) test.table.apply({ secrets });
    const [shared] = [await hash(one), await hash(two)];
    expect(shared).not.toBe(own);
    expect(await hash(two)).toBe(shared);
    two.test.table.apply({ secrets: [{ name: 'edge/secret/subjects', value: new Secret('of all companions') }] });
    expect([await hash(two), two.test.verified]).toEqual([shared, ['good']]);
    two.test.table.apply({ secrets: [{ name: 'edge/secret/subjects', value: new Secret('another') }] });
    expect(await hash(two)).not.toBe(shared);
    one.test.table.apply({ removed: ['edge/secret/subjects'] });
    expect(await hash(one)).toBe(own);
  });

  it('with a key is told by the name of its owner (authz K3)', async () => {
    const { ask } = load({ rule: EITHER, api_keys: apiKeys() });
    const response = await ask({ headers: [['x-api-key', KEY]] });
    expect(headersOf(response)).toEqual({ 'x-client-id': 'acme' });
    expect(response.ok_response?.headers_to_remove).toEqual(['x-api-key', 'x-tenant', 'x-user-id']);
  });
});

describe('a request that is denied', () => {
  it.each<[string, readonly (readonly [string, string])[], string, number, string | undefined]>([
    ['nothing was presented', [], 'jwt.missing', 401, 'Bearer realm="edge", ApiKey realm="edge"'],
    ['the token is refused', [bearer('bad')], 'jwt.signature', 401, 'Bearer realm="edge", error="invalid_token", ApiKey realm="edge"'],
    [
      'a scope is missing',
      [bearer('poor')],
      'scope.insufficient',
      403,
      'Bearer realm="edge", error="insufficient_scope", scope="orders:write"',
    ],
    ['the key is unknown', [['x-api-key', 'ck_x']], 'apiKey.invalid', 401, 'Bearer realm="edge", ApiKey realm="edge"'],
    [
      'two tokens came',
      [bearer('good'), bearer('good')],
      'auth.multiple',
      400,
      'Bearer realm="edge", error="invalid_request", ApiKey realm="edge"',
    ],
    [
      'joined tokens came',
      [bearer('good, Bearer good')],
      'auth.multiple',
      400,
      'Bearer realm="edge", error="invalid_request", ApiKey realm="edge"',
    ],
    [
      'the header holds something else',
      [['authorization', 'Basic eDp5']],
      'jwt.malformed',
      401,
      'Bearer realm="edge", error="invalid_token", ApiKey realm="edge"',
    ],
  ])('says so when %s (authz A1, A2, G5, G6, G8, G9)', async (_, headers, reason, status, challenge) => {
    const { test, ask } = load({ rule: EITHER, api_keys: apiKeys() });
    test.jwts.set('poor', valid({ sub: 'u1', scope: 'orders:read' }));
    const response = await ask({ headers });
    expect(reasonOf(response)).toBe(reason);
    expect(response.status?.code).not.toBe(0);
    expect(headersOf(response)).toEqual({
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
      'www-authenticate': challenge,
    });
    const problem: unknown = JSON.parse(response.denied_response?.body ?? '');
    expect(problem).toMatchObject({
      type: `urn:chancery:auth:${reason}`,
      status,
      code: reason,
      requestId: '0b1f3c5e-1111-4222-8333-444455556666',
    });
  });

  it('for one bad credential beside a good one (authz M4)', async () => {
    const { ask } = load({ rule: EITHER, api_keys: apiKeys() });
    expect(reasonOf(await ask({ headers: [bearer('bad'), ['x-api-key', KEY]] }))).toBe('jwt.signature');
    expect(reasonOf(await ask({ headers: [bearer('good'), ['x-api-key', 'ck_no']] }))).toBe('apiKey.invalid');
  });

  it('gives gRPC callers a status that becomes their code, and a message (authz G7)', async () => {
    const { ask } = load();
    const response = await ask({ headers: [['content-type', 'application/grpc+proto'], bearer('a'), bearer('b')] });
    expect(response.denied_response?.status?.code).toBe('Unauthorized');
    expect(response.denied_response?.body).toBe('auth.multiple: More than one credential was sent');
    expect(headersOf(response)['content-type']).toBeUndefined();
  });

  it('for a path that others could read differently, with no credential looked at (authz C3)', async () => {
    const { test, ask } = load();
    for (const path of ['/a;b', '/a%2fb', '/a%5Cb', '/a%00', '/a\\b', '/a#b', 'a', '', '*', '/%3Bx']) {
      expect([path, reasonOf(await ask({ path, headers: [bearer('good')] }))]).toEqual([path, 'request.path']);
    }
    expect(test.verified).toEqual([]);
    expect(reasonOf(await ask({ path: '/a?b=;%2f#', headers: [bearer('good')] }))).toBe('ok');
  });

  it('when a claim cannot be told as it is (authz H7)', async () => {
    const { test, ask } = load();
    for (const sub of ['a\nb', ' a', 'ü', 'x'.repeat(1001), '', 1.5, null, { a: 1 }, [['a']]]) {
      test.jwts.set('odd', valid({ sub }));
      test.clock.generation++;
      expect(reasonOf(await ask({ headers: [bearer('odd')] }))).toBe('identity.unforwardable');
    }
  });

  it('names where the metadata of the resource is, unless the host could lead elsewhere (authz G8)', async () => {
    const { ask } = load({ resource_metadata: true });
    expect(headersOf(await ask())['www-authenticate']).toBe(
      'Bearer realm="edge", resource_metadata="https://shop.example.com/.well-known/oauth-protected-resource"',
    );
  });
});

describe('a request that nobody can decide', () => {
  it('is an error of 503 to be tried again, never a denial (authz G4, G5)', async () => {
    const { test, ask } = load();
    test.jwts.set('later', { kind: 'unknown', reason: 'jwks.unavailable' });
    const response = await ask({ headers: [bearer('later')] });
    expect(response.http_response).toBe('error_response');
    expect(response.status?.code).toBe(14);
    expect(response.error_response?.status?.code).toBe('ServiceUnavailable');
    expect(headersOf(response)['retry-after']).toBe('1');
    expect(reasonOf(response)).toBe('jwks.unavailable');
  });

  it('where the version is not here, whatever other versions are; the log names both (authz D7)', async () => {
    const { test } = load();
    const [held] = [...test.table.current().policies.values()].map(({ settings }) => settings.version);
    const response = await test.check(checkRequest(api, { version: '0000000000000000' }));
    expect(reasonOf(response)).toBe('policy.unknown');
    expect(response.http_response).toBe('error_response');
    expect(test.denied).toMatchObject([{ reason: 'policy.unknown', version: '0000000000000000', held: [held] }]);
    await test.check(checkRequest(api, { policy: 'edge/of-nobody', version: '0000000000000000' }));
    expect(test.denied.at(-1)).not.toHaveProperty('held');
  });

  it('when the answer comes too late (authz G11)', async () => {
    const { test, ask } = load();
    let answer: (outcome: ReturnType<typeof valid>) => void = () => undefined;
    test.jwts.set('slow', new Promise((resolve) => (answer = resolve)));
    const asked = ask({ headers: [bearer('slow')] });
    test.clock.nowMs += 2_000_000_000;
    answer(valid({ sub: 'u1' }));
    expect(reasonOf(await asked)).toBe('authz.deadline');
  });

  it('is told with an id when the verifier breaks (authz G4)', async () => {
    const { test, ask } = load();
    test.jwts.set('broken', Promise.reject(new Error('no')));
    const response = await ask({ headers: [bearer('broken')] });
    expect(reasonOf(response)).toBe('authz.internal');
    expect(JSON.parse(response.error_response?.body ?? '')).toMatchObject({ requestId: 'error-1' });
    expect(test.failed).toHaveLength(1);
  });

  it('where keys are asked for that are not here (authz D4)', async () => {
    const { ask } = load({ rule: { api_keys: { source: 'others' } }, jwt: [], api_keys: apiKeys({ name: 'others' }) });
    expect(reasonOf(await ask({ headers: [['x-api-key', KEY]] }))).toBe('policy.unknown');
  });
});

it('a route without a policy is denied (authz G1)', async () => {
  const { test } = load();
  const response = await test.check(checkRequest(api, { policy: '', version: '' }));
  expect(reasonOf(response)).toBe('policy.missing');
  expect(response.denied_response?.status?.code).toBe('Forbidden');
});

it('anonymous holds only when nothing is presented (authz M4)', async () => {
  const { ask } = load({ rule: { any_of: { rules: [{ jwt: { providers: ['main'] } }, { anonymous: {} }] } } });
  const response = await ask();
  expect(reasonOf(response)).toBe('ok');
  expect(response.ok_response?.headers_to_remove).toEqual(['x-client-id', 'x-tenant', 'x-user-id']);
  expect(reasonOf(await ask({ headers: [bearer('bad')] }))).toBe('jwt.signature');
});

it('addresses are those that the proxy tells; without one nobody can decide, even of `not` (authz H10, M9)', async () => {
  const { ask } = load({ rule: { not: { ips: { cidrs: ['198.51.100.0/24', '2001:db8::/32'] } } }, jwt: [] });
  const from = (...addresses: string[]) => ask({ headers: addresses.map((address) => ['x-chancery-client-ip', address] as const) });
  expect(reasonOf(await from('203.0.113.1'))).toBe('ok');
  expect((await from('203.0.113.1')).ok_response?.headers_to_remove).toContain('x-chancery-client-ip');
  expect(reasonOf(await from('198.51.100.7'))).toBe('ip.denied');
  expect(reasonOf(await from('::ffff:198.51.100.7'))).toBe('ip.denied');
  expect(reasonOf(await from('2001:db8::1'))).toBe('ip.denied');
  for (const addresses of [[], ['x'], ['198.51.100.7', '203.0.113.1'], ['203.0.113.1, 1.1.1.1']])
    expect(reasonOf(await from(...addresses))).toBe('authz.internal');
});

it('in shadow everything passes without identity, counted as what it would have been (authz M11)', async () => {
  const { test, ask } = load({ mode: 'SHADOW' });
  for (const headers of [[], [bearer('good')], [bearer('bad')]]) {
    const response = await ask({ headers });
    expect(response.http_response).toBe('ok_response');
    expect(response.ok_response?.headers ?? []).toEqual([]);
    expect(response.ok_response?.headers_to_remove).toEqual(['x-client-id', 'x-tenant', 'x-user-id']);
  }
  expect(test.decided.map(({ reason, mode }) => [reason, mode])).toEqual([
    ['jwt.missing', 'shadow'],
    ['ok', 'shadow'],
    ['jwt.signature', 'shadow'],
  ]);
});

it('verifications of one token at a time are merged (authz S1)', async () => {
  const { test, ask } = load();
  test.jwts.set('slow', Promise.resolve(valid({ sub: 'u1' })));
  const responses = await Promise.all([1, 2, 3].map(() => ask({ headers: [bearer('slow')] })));
  expect(responses.map(reasonOf)).toEqual(['ok', 'ok', 'ok']);
  expect(test.verified).toEqual(['slow']);
});

it('a hundred checks of ten tokens verify ten times (authz S1, P31)', async () => {
  const { test, ask } = load();
  const tokens = Array.from({ length: 10 }, (_, serial) => `token-${serial}`);
  for (const token of tokens) test.jwts.set(token, valid({ sub: token }));
  for (let round = 0; round < 10; round++) for (const token of tokens) expect(reasonOf(await ask({ headers: [bearer(token)] }))).toBe('ok');
  expect(test.verified).toEqual(tokens);
});

const OPAQUE = {
  name: 'legacy',
  url: 'https://id.example.com/introspect',
  issuer: 'https://id.example.com/',
  client_id: 'gateway',
  client_secret_name: 'secret/introspection/legacy',
  timeout_ms: 150,
  cache_for_ms: 60_000,
  deny_for_ms: 5000,
  max_token_bytes: 8192,
  from: [AUTHORIZATION],
  scope_claim: { steps: ['scope'] },
};
const OPAQUE_RULE = { any_of: { rules: [{ jwt: { providers: ['main'] } }, { introspection: { provider: 'legacy' } }] } };

it('answers of introspection are remembered, failures are not (authz I3, I5)', async () => {
  const { test, ask } = load({ rule: OPAQUE_RULE, introspection: [OPAQUE] });
  test.introspections.set('opaque', { kind: 'active', claims: { sub: 'u2' }, bytes: 30 });
  for (let index = 0; index < 3; index++) expect(reasonOf(await ask({ headers: [bearer('opaque')] }))).toBe('ok');
  for (let index = 0; index < 3; index++) expect(reasonOf(await ask({ headers: [bearer('gone')] }))).toBe('token.inactive');
  test.introspections.set('down', { kind: 'unknown', reason: 'introspection.unavailable' });
  for (let index = 0; index < 2; index++) expect(reasonOf(await ask({ headers: [bearer('down')] }))).toBe('introspection.unavailable');
  expect(test.introspected).toEqual(['opaque', 'gone', 'down', 'down']);
  expect(reasonOf(await ask({ headers: [bearer('a.b.c')] }))).toBe('jwt.signature');
});

it('questions about one token at a time are one, and its answer ends with the token, however long it may be remembered (authz I1, I4)', async () => {
  const { test, ask } = load({ rule: OPAQUE_RULE, introspection: [OPAQUE] });
  test.introspections.set('opaque', { kind: 'active', claims: { sub: 'u2', exp: NOW_MS / 1000 + 10 }, bytes: 50 });
  const opaque = async (): Promise<unknown> => reasonOf(await ask({ headers: [bearer('opaque')] }));
  expect(await Promise.all([opaque(), opaque(), opaque()])).toEqual(['ok', 'ok', 'ok']);
  test.clock.nowMs += 9_000;
  expect([await opaque(), test.introspected]).toEqual(['ok', ['opaque']]);
  test.introspections.set('opaque', { kind: 'inactive' });
  test.clock.nowMs += 2_000;
  expect([await opaque(), test.introspected]).toEqual(['token.inactive', ['opaque', 'opaque']]);
});

it('at most 100 denials a second and reason are logged, and none holds a credential (authz S4, S5)', async () => {
  const { test, ask } = load();
  for (let index = 0; index < 150; index++) await ask({ headers: [bearer(`canary-${index}`)] });
  expect(test.denied).toHaveLength(100);
  test.clock.nowMs += 1000;
  await ask({ headers: [bearer('canary-x')] });
  expect(test.denied).toHaveLength(101);
  expect(test.denied[100]).toMatchObject({
    gateway: 'edge',
    policy: 'users',
    route: 'list-orders',
    reason: 'jwt.signature',
    tokenHash: expect.stringMatching(/^[0-9a-f]{8}$/),
  });
  expect(JSON.stringify([test.denied, test.decided])).not.toContain('canary');
});

it('two headers that name different owners are not told (authz H6, H7)', async () => {
  const { test, ask } = load({
    rule: { all_of: { rules: [{ jwt: { providers: ['main'] } }, { api_keys: { source: 'partners' } }] } },
    jwt: [jwtProvider({ forward_claims: [{ header: 'x-client-id', claim: { steps: ['azp'] } }] })],
    api_keys: apiKeys(),
  });
  test.jwts.set('acme', valid({ azp: 'acme' }));
  test.jwts.set('other', valid({ azp: 'other' }));
  expect(reasonOf(await ask({ headers: [bearer('acme'), ['x-api-key', KEY]] }))).toBe('ok');
  expect(reasonOf(await ask({ headers: [bearer('other'), ['x-api-key', KEY]] }))).toBe('identity.unforwardable');
});
