// The handler with the verifier it runs with: tokens of every algorithm, good and bad, from bytes to bytes.
import { beforeAll, describe, expect, it } from 'vitest';
import { createJwtVerifier } from '../../../src/authz/identity/jwt-verifier.ts';
import { createInlineKeys } from '../../../src/authz/jwks/inline-keys.ts';
import type { KeySource } from '../../../src/authz/jwks/key-source.ts';
import { type EnvoyApi, loadEnvoyApi } from '../../../src/proto/api.ts';
import { checkRequest, jwtProvider, policyResource } from '../../support/auth-policy.ts';
import { NOW_MS, testHandling } from '../../support/check-handling.ts';
import { ASYMMETRIC_ALGORITHMS, type MintOptions, testIssuer, testKey } from '../../support/test-issuer.ts';

let api: EnvoyApi;
beforeAll(() => {
  api = loadEnvoyApi();
});

function inlineSource(): KeySource {
  const inline = createInlineKeys();
  const keysOf: KeySource['keysOf'] = (owner) => (owner.keys.kind === 'inline' ? inline(owner, owner.keys.jwks) : { kind: 'unavailable' });
  return { keysOf, wanted: keysOf };
}

const now = NOW_MS / 1000;
const issuer = testIssuer({ algorithms: ASYMMETRIC_ALGORITHMS });

function load() {
  const keys = inlineSource();
  const test = testHandling(api, { jwt: createJwtVerifier({ keys, secrets: () => undefined }) });
  const provider = jwtProvider({ algorithms: [...ASYMMETRIC_ALGORITHMS], inline_keys: JSON.stringify(issuer.jwks()) });
  const policy = policyResource(api, { rule: { jwt: { providers: ['main'], requirements: { all_scopes: ['read'] } } }, jwt: [provider] });
  expect(test.table.apply({ policies: [policy] }).refused).toEqual([]);
  const ask = async (token: string) => {
    const response = await test.check(checkRequest(api, { version: policy.version, headers: [['authorization', `Bearer ${token}`]] }));
    return { reason: response.dynamic_metadata?.fields?.['reason']?.string_value, user: response.ok_response?.headers?.[0]?.header?.value };
  };
  const mint = (options: MintOptions = {}) => issuer.mint({ now, ...options, claims: { scope: 'read', ...options.claims } });
  return { test, ask, mint };
}

describe('the handler with real tokens', () => {
  it.each(ASYMMETRIC_ALGORITHMS)(
    'lets a token of %s pass, the first time and from memory, and no forged one (authz A14, A15, S1)',
    async (algorithm) => {
      const { ask, mint } = load();
      const token = mint({ key: testKey(algorithm) });
      for (let index = 0; index < 3; index++) expect(await ask(token)).toEqual({ reason: 'ok', user: 'alice' });
      const forged = mint({ key: { ...testKey(algorithm, 2), kid: testKey(algorithm).kid } });
      for (let index = 0; index < 3; index++) expect((await ask(forged)).reason).toBe('jwt.signature');
    },
  );

  it.each<[string, MintOptions]>([
    ['jwt.expired', { claims: { exp: now - 31 } }],
    ['jwt.notYetValid', { claims: { nbf: now + 31 } }],
    ['jwt.audience', { claims: { aud: 'others' } }],
    ['jwt.issuer', { claims: { iss: 'https://evil.example/' } }],
    ['jwt.claims', { claims: { exp: undefined } }],
    ['jwt.type', { header: { typ: 'logout+jwt' } }],
    ['jwt.malformed', { header: { crit: ['x'] } }],
    ['jwt.key', { header: { kid: 'other' } }],
    ['scope.insufficient', { claims: { scope: 'Read' } }],
  ])('answers %s (authz §3)', async (reason, options) => {
    const { ask, mint } = load();
    for (let index = 0; index < 2; index++) expect((await ask(mint(options))).reason).toBe(reason);
  });

  it('remembers no token beyond its end (authz A17, S1)', async () => {
    const { test, ask, mint } = load();
    const token = mint({ claims: { exp: now + 10 } });
    expect((await ask(token)).reason).toBe('ok');
    test.clock.nowMs += 40_000;
    expect((await ask(token)).reason).toBe('ok');
    test.clock.nowMs += 2000;
    expect((await ask(token)).reason).toBe('jwt.expired');
  });
});
