// Large and deep credentials hold up nobody else: each is refused within the time that a thread may be away (authz A3, A5, A7, T8).
import { describe, expect, it } from 'vitest';
import { createJwtVerifier } from '../../../../src/authz/identity/jwt-verifier.ts';
import { createInlineKeys } from '../../../../src/authz/jwks/inline-keys.ts';
import type { KeySource } from '../../../../src/authz/jwks/key-source.ts';
import { jwtProvider, policyResource } from '../../../support/auth-policy.ts';
import { NOW_MS, testHandling } from '../../../support/check-handling.ts';
import { testApi } from '../../../support/snapshots.ts';
import { segment, signedToken, testIssuer, testKey } from '../../../support/test-issuer.ts';

const MOST_MS = 50;
const issuer = testIssuer();
const now = NOW_MS / 1_000;
const SOUND = { iss: issuer.issuer, aud: 'shop', exp: now + 300 };
const signed = (header: object, payload: object | string): string => signedToken(testKey('ES256'), { header, payload });

const HOSTILE: readonly (readonly [what: string, value: string])[] = [
  ['a header of 60 KiB', `Bearer ${'a'.repeat(60_000)}`],
  ['60 KiB of dots', `Bearer ${'.'.repeat(60_000)}`],
  ['60 KiB of commas', `Bearer ${','.repeat(60_000)}`],
  ['60 KiB of spaces', ' '.repeat(60_000)],
  ['a token without an end', `Bearer ${signed({}, SOUND)}${'A'.repeat(50_000)}`],
  ['a large kid', `Bearer ${signed({ kid: 'k'.repeat(1_500) }, SOUND)}`],
  ['depth in the claims', `Bearer ${signed({}, `{"a":${'['.repeat(2_900)}${']'.repeat(2_900)}}`)}`],
  ['depth in the header', `Bearer ${segment(`{"a":${'['.repeat(900)}${']'.repeat(900)}}`)}.${segment('{}')}.${'A'.repeat(86)}`],
  ['many members', `Bearer ${signed({}, `{${Array.from({ length: 700 }, (_, index) => `"${index}":0`).join(',')}}`)}`],
  ['many audiences', `Bearer ${signed({}, { ...SOUND, aud: Array.from({ length: 900 }, (_, index) => String(index)) })}`],
  ['a long number', `Bearer ${signed({}, `{"iss":"${issuer.issuer}","exp":${'9'.repeat(5_000)}}`)}`],
  ['many escapes', `Bearer ${signed({}, `{"sub":"${'\\u0041'.repeat(900)}"}`)}`],
];

describe('a credential with', () => {
  const inline = createInlineKeys();
  const keysOf: KeySource['keysOf'] = (owner) => (owner.keys.kind === 'inline' ? inline(owner, owner.keys.jwks) : { kind: 'unavailable' });
  const jwt = createJwtVerifier({ keys: { keysOf, wanted: keysOf }, secrets: () => undefined });
  const api = testApi();
  const test = testHandling(api, { jwt });
  const provider = jwtProvider({
    issuer: issuer.issuer,
    algorithms: ['ES256'],
    inline_keys: JSON.stringify(issuer.jwks()),
    max_token_bytes: 8_192,
  });
  const policy = policyResource(api, { jwt: [provider] });
  expect(test.table.apply({ policies: [policy] }).refused).toEqual([]);

  /** In the map of texts, whose size nobody limits. */
  const requestWith = (authorization: string): Buffer =>
    api.encode('envoy.service.auth.v3.CheckRequest', {
      attributes: {
        request: { http: { method: 'GET', path: '/orders', host: 'shop.example.com', headers: { authorization } } },
        context_extensions: { 'chancery.policy': 'edge/users', 'chancery.version': policy.version, 'chancery.route': 'orders' },
      },
    });

  it.each(HOSTILE)('%s is refused at once (authz T8)', async (_what, value) => {
    const request = requestWith(value);
    // The best of three: the machine has other work too.
    let bestMs = Number.POSITIVE_INFINITY;
    for (let round = 0; round < 3; round += 1) {
      const begun = performance.now();
      const { denied_response: denied } = await test.check(request);
      bestMs = Math.min(bestMs, performance.now() - begun);
      expect(denied?.status?.code).toMatch(/Unauthorized|BadRequest/);
    }
    expect(bestMs).toBeLessThan(MOST_MS);
    expect(test.failed).toEqual([]);
  });

  it('nothing odd passes (control)', async () => {
    expect((await test.check(requestWith(`Bearer ${signed({}, SOUND)}`))).ok_response).toBeDefined();
  });
});
