// The compiled rules against the companion's own: the same random rules, the same callers, the same answers.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { addressKey } from '../../../src/authz/policy/address-set.ts';
import { compileRule, type RuleFacts } from '../../../src/authz/policy/compile-rule.ts';
import { decodePolicy } from '../../../src/authz/policy/decode-policy.ts';
import { ProvenIdentity } from '../../../src/authz/proven-identity.ts';
import { denialsOf } from '../../../src/compiler/auth/denials.ts';
import { compilePolicy } from '../../../src/compiler/auth/policy-message.ts';
import { jwtProvidersOf } from '../../../src/compiler/auth/policy-parts.ts';
import type { AuthModel, AuthRule } from '../../../src/model/auth/types.ts';
import { loadEnvoyApi } from '../../../src/proto/api.ts';
import type { Principal } from '../../../src/proto/generated/envoy/config/rbac/v3/Principal.ts';
import type { ValueMatcher } from '../../../src/proto/generated/envoy/type/matcher/v3/ValueMatcher.ts';
import { policyVersion } from '../../../src/proto/policy-version.ts';
import { ANONYMOUS, aJwtProvider, anAuthModel, aPolicy, byMethods, byToken, fromLists, not } from '../../support/auth-model.ts';

const api = loadEnvoyApi();

const AUTH: AuthModel = anAuthModel({
  jwt: [aJwtProvider({ name: 'a' }), aJwtProvider({ name: 'b', issuer: 'https://b.test/' })],
  ipLists: [
    { name: 'home', path: [], cidrs: ['10.0.0.0/8'] },
    { name: 'office', path: [], cidrs: ['203.0.113.0/24'] },
  ],
});

interface Caller {
  readonly provider: 'a' | 'b' | undefined;
  /** A list, or a text as most issuers write it. */
  readonly scopes: readonly string[] | string;
  readonly level: unknown;
  readonly method: string;
  readonly ip: '10.1.1.1' | '203.0.113.9' | '192.0.2.1';
}

const caller: fc.Arbitrary<Caller> = fc.record({
  provider: fc.constantFrom('a', 'b', undefined),
  scopes: fc
    .tuple(fc.subarray(['r', 'w', 'x', 'rw', 'w:r']), fc.constantFrom(undefined, ' ', '  '))
    .map(([scopes, between]) => (between === undefined ? scopes : scopes.join(between))),
  level: fc.constantFrom(undefined, 1, '1', true, ['gold'], 'gold'),
  method: fc.constantFrom('GET', 'PUT'),
  ip: fc.constantFrom('10.1.1.1', '203.0.113.9', '192.0.2.1'),
});

const requirements = fc.record({
  scopes: fc.subarray(['r', 'w']),
  anyScope: fc.subarray(['w', 'x']),
  claims: fc.subarray([
    { kind: 'equals', claim: ['level'], value: 1 },
    { kind: 'contains', claim: ['level'], value: 'gold' },
    { kind: 'exists', claim: ['level'] },
    { kind: 'oneOf', claim: ['level'], values: ['1', true] },
    { kind: 'prefix', claim: ['level'], value: 'go' },
  ] as const),
});

const { rule } = fc.letrec<{ rule: AuthRule; leaf: AuthRule }>((tie) => ({
  leaf: fc.oneof(
    {
      weight: 3,
      arbitrary: fc.tuple(fc.subarray(['a', 'b'], { minLength: 1 }), requirements).map(([names, needs]) => byToken(names, needs)),
    },
    fc.subarray(['home', 'office'], { minLength: 1 }).map((lists) => fromLists(...lists)),
    fc.constantFrom<AuthRule>(byMethods('GET'), ANONYMOUS, not(fromLists('home')), not(byMethods('PUT'))),
  ),
  rule: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    tie('leaf'),
    fc
      .tuple(fc.constantFrom('allOf' as const, 'anyOf' as const), fc.array(tie('rule'), { minLength: 1, maxLength: 4 }))
      .map(([kind, rules]): AuthRule => ({ kind, path: [], rules })),
  ),
}));

/** What jwt_authn has put into dynamic metadata. */
function metadataOf({ provider, scopes, level }: Caller): Readonly<Record<string, unknown>> {
  return provider === undefined ? {} : { [provider]: { scope: scopes, ...(level === undefined ? {} : { level }) } };
}

/** As Envoy evaluates. */
function holds(principal: Principal, who: Caller): boolean {
  if (principal.any === true) return true;
  if (principal.not_id) return !holds(principal.not_id, who);
  if (principal.and_ids) return (principal.and_ids.ids ?? []).every((each) => holds(each, who));
  if (principal.or_ids) return (principal.or_ids.ids ?? []).some((each) => holds(each, who));
  if (principal.header) return principal.header.string_match?.exact === who.method;
  if (principal.remote_ip)
    return principal.remote_ip.address_prefix === (who.ip === '10.1.1.1' ? '10.0.0.0' : who.ip === '203.0.113.9' ? '203.0.113.0' : '');
  const metadata = principal.sourced_metadata?.metadata_matcher;
  if (metadata) {
    let value: unknown = metadataOf(who);
    for (const { key = '' } of metadata.path ?? []) value = (value as Record<string, unknown> | undefined)?.[key];
    return fits(metadata.value ?? {}, value);
  }
  throw new Error(`unexpected ${JSON.stringify(principal)}`);
}

function fits(matcher: ValueMatcher, value: unknown): boolean {
  if (matcher.present_match === true) return value !== undefined;
  if (matcher.or_match) return (matcher.or_match.value_matchers ?? []).some((each) => fits(each, value));
  if (matcher.list_match) return Array.isArray(value) && value.some((item) => fits(matcher.list_match?.one_of ?? {}, item));
  if (matcher.double_match) return value === matcher.double_match.exact;
  if (matcher.bool_match !== undefined) return value === matcher.bool_match;
  const { exact, prefix, suffix, contains } = matcher.string_match ?? {};
  if (typeof value !== 'string') return false;
  if (exact !== undefined) return value === exact;
  if (suffix !== undefined) return value.endsWith(suffix);
  return contains === undefined ? value.startsWith(prefix ?? '') : value.includes(contains);
}

function factsOf({ provider, scopes, level, method, ip }: Caller): RuleFacts {
  const claims = { scope: scopes, ...(level === undefined ? {} : { level }) };
  const identity =
    provider === undefined
      ? undefined
      : new ProvenIdentity({ kind: 'jwt', provider, issuer: undefined, subject: undefined, claims, scopeClaim: ['scope'], forward: [] });
  return {
    jwt: identity === undefined ? undefined : { identity },
    token: undefined,
    apiKey: undefined,
    certificate: undefined,
    method,
    address: addressKey(ip),
  };
}

test('M3, G9, C6: for any rule and caller, Envoy denies when the companion does, for the same reason and with the same scopes, and for one alone', () => {
  fc.assert(
    fc.property(rule, fc.array(caller, { minLength: 1, maxLength: 10 }), (tree, callers) => {
      const policy = aPolicy('p', tree);
      const message = compilePolicy(policy, { auth: AUTH, gateway: 'edge', paths: { escapedSlashes: false, parameters: false } });
      const version = policyVersion(api, message);
      const settings = decodePolicy(api, `edge/p@${version}`, api.encode('chancery.policy.v1.AuthPolicy', { ...message, version }));
      const decide = compileRule(settings.rule, settings);
      const compiled = denialsOf(policy, AUTH);
      const read = new Set(jwtProvidersOf(policy, AUTH).map(({ name }) => name));
      // Tokens of other issuers end before any rule is asked.
      for (const who of callers.filter(({ provider }) => provider === undefined || read.has(provider))) {
        const verdict = decide(factsOf(who));
        const told = compiled.denials
          .filter(({ when }) => holds(when, who))
          .map(({ reason, scope }) => ({ reason, ...(scope === undefined ? {} : { scope }) }));
        expect(holds(compiled.holds, who)).toBe(verdict.value === 'allow');
        const expected =
          verdict.value === 'allow' ? [] : [{ reason: verdict.reason, ...(verdict.scope === undefined ? {} : { scope: verdict.scope }) }];
        expect(told).toEqual(expected);
      }
    }),
    { numRuns: 300, seed: 20_261_122 },
  );
});
