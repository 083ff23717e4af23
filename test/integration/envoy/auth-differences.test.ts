// The differences that remain between the two forms, as docs/auth-parity.md lists them: each is made to happen with one policy in both forms, and
// none lets in whom the other would refuse for what a client can cause (authz C9).
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AuthGateway, startAuthGateway } from '../../support/auth-gateway.ts';
import { type JwksServer, signedToken, startJwksServer, testIssuer, testKey } from '../../support/test-issuer.ts';
import { startUpstream, type Upstream } from '../../support/upstream.ts';

const main = testIssuer({ issuer: 'https://id.test/' });
const small = testIssuer({ issuer: 'https://small.test/' });
const silent = testIssuer({ issuer: 'https://silent.test/' });
const bearer = (token: string): Readonly<Record<string, string>> => ({ authorization: `Bearer ${token}` });
const FORMS = ['companion', 'proxy'] as const;
const MANY_MEMBERS = Array.from({ length: 300 }, (_, index) => `"m${index}":1`).join(',');

/** Of one meaning, written as the issuer never should. */
function odd(payload: string): string {
  const now = Math.floor(Date.now() / 1_000);
  const key = testKey('ES256');
  const claims = `"iss":"${main.issuer}","aud":"shop","sub":"alice","exp":${now + 600}`;
  return signedToken(key, { header: { alg: 'ES256', kid: key.kid, typ: 'JWT' }, payload: `{${claims},${payload}}` });
}

describe('the differences that are left (docs/auth-parity.md)', () => {
  let upstream: Upstream;
  let servers: readonly JwksServer[] = [];
  let gateway: AuthGateway;

  beforeAll(async () => {
    upstream = await startUpstream({ name: 'backend' });
    const [mainKeys, smallKeys, silentKeys] = await Promise.all([startJwksServer(main), startJwksServer(small), startJwksServer(silent)]);
    servers = [mainKeys, smallKeys, silentKeys];
    silentKeys.fault = 'error';
    const provider = (issuer: string, { url }: JwksServer, more: object = {}): object => ({
      issuer,
      audiences: ['shop'],
      algorithms: ['ES256'],
      jwks: { url },
      ...more,
    });
    const rules: Readonly<Record<string, object>> = {
      user: { anyOf: [{ jwt: 'main' }] },
      sized: { anyOf: [{ jwt: ['main', 'small'] }] },
      silent: { anyOf: [{ jwt: 'silent' }] },
      far: { allOf: [{ jwt: 'silent' }, { ips: ['office'] }] },
    };
    const policies = Object.entries(rules).flatMap(([name, rule]) =>
      FORMS.map((form): [string, object] => [`${name}-${form}`, { ...rule, enforce: form }]),
    );
    gateway = await startAuthGateway({
      config: {
        services: { backend: { endpoints: [upstream.address] } },
        jwt: {
          main: provider(main.issuer, mainKeys, { maxLifetime: '1h', forwardClaims: { 'x-user-id': 'sub', 'x-tenant': 'tenant' } }),
          small: provider(small.issuer, smallKeys, { maxTokenBytes: 512 }),
          silent: provider(silent.issuer, silentKeys),
        },
        ipLists: { office: ['203.0.113.0/24'] },
        policies: Object.fromEntries(policies),
        routes: policies.map(([name]) => ({
          name,
          matches: [{ path: { exact: `/${name}` } }],
          backends: ['backend'],
          auth: { policy: name },
        })),
      },
    });
    for (const form of FORMS) await gateway.becomes('200', `/user-${form}`, bearer(main.mint()));
    for (const form of FORMS) await gateway.becomes('200', `/sized-${form}`, bearer(small.mint()));
  }, 60_000);
  afterAll(async () => {
    await gateway?.stop();
    await Promise.all([...servers.map((server) => server.stop()), upstream?.close()]);
  });

  const far = { exp: 9_999_999_999 };
  it.each<[string, string, () => string, string, string]>([
    ['an algorithm that is not taken', 'user', () => main.mint({ key: testKey('RS256') }), '401 jwt.algorithm', '401 jwt.key'],
    ['no end', 'user', () => main.mint({ claims: { exp: undefined } }), '401 jwt.claims', '401 jwt.signature'],
    ['too long a life', 'user', () => main.mint({ claims: far }), '401 jwt.lifetime', '401 jwt.signature'],
    [
      'several faults',
      'user',
      () => main.mint({ header: { typ: 'dpop+jwt' }, claims: { aud: 'other', exp: 1 } }),
      '401 jwt.type',
      '401 jwt.expired',
    ],
    ['an expired token of a silent issuer', 'silent', () => silent.mint({ claims: { exp: 1 } }), '401 jwt.expired', '401 jwt.expired'],
    ['any other of a silent issuer', 'silent', () => silent.mint(), '503 jwks.unavailable', '503 jwks.unavailable'],
    ['a silent issuer and an address that is not allowed', 'far', () => silent.mint(), '403 ip.denied', '503 jwks.unavailable'],
    ['a member twice', 'user', () => odd('"note":1,"note":2'), '401 jwt.malformed', '401 jwt.malformed'],
    ['a member twice inside another', 'user', () => odd('"note":{"a":1,"a":2}'), '401 jwt.malformed', '401 jwt.malformed'],
    ['a claim of an odd type', 'user', () => odd('"iat":"1"'), '401 jwt.claims', '401 jwt.claims'],
    ['a list of scopes that are no texts', 'user', () => odd('"scope":[7]'), '401 jwt.claims', '200'],
    ['more members than are taken', 'user', () => odd(MANY_MEMBERS), '401 jwt.malformed', '200'],
    ['a deep claim that nobody reads', 'user', () => odd(`"note":${'['.repeat(20)}${']'.repeat(20)}`), '401 jwt.malformed', '200'],
    ['a list that is told', 'user', () => odd('"tenant":["a","b"]'), '200', '403 identity.unforwardable'],
    ['a negative integer that is told', 'user', () => odd('"tenant":-5'), '200', '403 identity.unforwardable'],
    ['an object that is told', 'user', () => odd('"tenant":{"a":1}'), '403 identity.unforwardable', '403 identity.unforwardable'],
    [
      'more than the smaller of two sizes',
      'sized',
      () => small.mint({ claims: { fill: 'x'.repeat(600), exp: 1 } }),
      '401 jwt.oversized',
      '401 jwt.expired',
    ],
  ])('%s', async (_what, policy, token, companion, proxy) => {
    const text = token();
    const answers = await Promise.all(FORMS.map((form) => gateway.ask(`/${policy}-${form}`, bearer(text))));
    expect(answers).toEqual([companion, proxy]);
  });

  it('a large token of a provider with the smaller size is refused by both, whatever else it says', async () => {
    const text = small.mint({ claims: { fill: 'x'.repeat(600) } });
    for (const form of FORMS) expect(await gateway.ask(`/sized-${form}`, bearer(text))).toBe('401 jwt.oversized');
    const large = main.mint({ claims: { fill: 'x'.repeat(600) } });
    for (const form of FORMS) expect(await gateway.ask(`/sized-${form}`, bearer(large))).toBe('200');
  });
});
