// What is asked after the credentials were verified (C6): the rest of the token's own rules, then the policy's, then what is told about the caller.
import type { AuthModel, AuthPolicy, ForwardedClaim, JwtProvider } from '../../model/auth/types.ts';
import type { Policy } from '../../proto/generated/envoy/config/rbac/v3/Policy.ts';
import type { Principal } from '../../proto/generated/envoy/config/rbac/v3/Principal.ts';
import type { StringMatcher } from '../../proto/generated/envoy/type/matcher/v3/StringMatcher.ts';
import type { ValueMatcher } from '../../proto/generated/envoy/type/matcher/v3/ValueMatcher.ts';
import { areLonger, either, headerValue, isLonger } from './cel.ts';
import { denialsOf, hasToken, type RuleDenial } from './denials.ts';
import { isLargeRequest } from './identity.ts';
import { nameOfTokenHeader } from './jwt-provider.ts';
import { isTokenAlone, jwtProvidersOf, tokenHeadersOf } from './policy-parts.ts';
import { ALWAYS, allOf, anyOf, headerIsPresent, headerMatches, isOrHolds, NEVER, not, PRESENT, tokenHas, when } from './principal.ts';

/** Policies of an RBAC that denies; their names order them and end in the reason. */
export function accessPolicies(policy: AuthPolicy, auth: AuthModel): Record<string, Policy> {
  const providers = jwtProvidersOf(policy, auth);
  return { ...lengthPolicies(providers), ...tokenPolicies(providers), ...rulePolicies(policy, auth), ...identityPolicies(providers) };
}

/** A3, where providers of one header have different limits; the largest was asked for before (hygiene.ts). */
function lengthPolicies(providers: readonly JwtProvider[]): Record<string, Policy> {
  const policies = tokenHeadersOf(providers).flatMap(({ name, prefixes: [prefix = ''], providers: here }) => {
    const most = Math.max(...here.map(({ maxTokenBytes }) => maxTokenBytes));
    const shorter = here.filter(({ maxTokenBytes }) => maxTokenBytes < most);
    return shorter.map((provider) =>
      when(
        allOf([isLargeRequest(provider.maxTokenBytes), hasToken(provider)]),
        isLonger(headerValue(name), prefix.length + provider.maxTokenBytes),
      ),
    );
  });
  return Object.fromEntries(policies.map((policy, index) => [`${LENGTHS_FROM + index}.jwt.oversized`, policy]));
}

const LENGTHS_FROM = 14;

/** What a token holds, it must be there for; what it lacks, it could lack because it is not there. */
function tokenPolicies(providers: readonly JwtProvider[]): Record<string, Policy> {
  const of = (test: (provider: JwtProvider) => Principal): Principal => anyOf(providers.map(test));
  return named({
    '20.jwt.malformed': of(hasExtension),
    '21.jwt.type': of((provider) => anyOf([allOf([lacksType(provider), hasToken(provider)]), isForOtherPurpose(provider)])),
    '22.jwt.signature': of(isRespelt),
    '23.jwt.audience': of((provider) => allOf([isForOthers(provider), hasToken(provider)])),
    '24.jwt.claims': of(hasStrangeScope),
  });
}

/** A7. */
function hasExtension({ name }: JwtProvider): Principal {
  return anyOf(['crit', 'b64', 'zip'].map((member) => tokenHas([nameOfTokenHeader(name), member], PRESENT)));
}

const NEVER_ACCESS = ['dpop+jwt', 'logout+jwt', 'secevent+jwt'];

/** A8. */
function lacksType({ name, types }: JwtProvider): Principal {
  const typ = [nameOfTokenHeader(name), 'typ'];
  const accepted = types.filter((type) => !NEVER_ACCESS.includes(type)).flatMap((type) => [type, `application/${type}`]);
  const absent = types.includes('jwt') ? not(tokenHas(typ, PRESENT)) : NEVER;
  const isAccepted = accepted.length === 0 ? NEVER : tokenHas(typ, anyText(accepted.map((exact) => ({ exact, ignore_case: true }))));
  return not(anyOf([isAccepted, absent]));
}

function isForOtherPurpose({ name }: JwtProvider): Principal {
  const use = [name, 'token_use'];
  return anyOf([
    tokenHas([name, 'events'], PRESENT),
    allOf([tokenHas(use, PRESENT), not(tokenHas(use, { string_match: { exact: 'access' } }))]),
  ]);
}

/** Characters of a signature in which r and s have each the size of the curve (A15); Envoy takes zeros before them and bytes after. */
const ECDSA_LENGTHS = { ES256: 86, ES384: 128, ES512: 176 } as const;

function isRespelt({ name, from, algorithms }: JwtProvider): Principal {
  const headers = from.flatMap((source) => (source.kind === 'header' ? [source.name] : []));
  const cases = Object.entries(ECDSA_LENGTHS).filter(([algorithm]) => algorithms.some((allowed) => allowed === algorithm));
  return anyOf(
    cases.map(([algorithm, length]) => {
      const fits: StringMatcher = { safe_regex: { regex: `(?s:.*)\\.[^.]{${length}}` } };
      return allOf([
        tokenHas([nameOfTokenHeader(name), 'alg'], { string_match: { exact: algorithm } }),
        anyOf(headers.map((header) => allOf([headerIsPresent(header), not(headerMatches(header, fits))]))),
      ]);
    }),
  );
}

/** A16. */
function isForOthers({ name, audiences }: JwtProvider): Principal {
  return audiences === 'any' ? NEVER : not(anyOf(audiences.map((audience) => tokenHas([name, 'aud'], isOrHolds(audience)))));
}

/** A11: a text or a list. */
function hasStrangeScope({ name, scopeClaim }: JwtProvider): Principal {
  const at = [name, ...scopeClaim];
  const number = { double_match: { range: { start: -Number.MAX_VALUE, end: Number.MAX_VALUE } } };
  return tokenHas(at, { or_match: { value_matchers: [number, { bool_match: true }, { bool_match: false }, { null_match: {} }] } });
}

const NUMBERS = {
  'jwt.missing': 30,
  'jwt.issuer': 31,
  'cert.missing': 32,
  'cert.notAllowed': 33,
  'ip.denied': 34,
  'method.denied': 35,
  // Up to MAX_SCOPES of them.
  'scope.insufficient': 40,
  'claim.mismatch': 44,
} as const satisfies Record<RuleDenial, number>;

function rulePolicies(policy: AuthPolicy, auth: AuthModel): Record<string, Policy> {
  const { holds, denials } = denialsOf(policy, auth);
  const scopes = scopeSetsOf(policy, auth);
  const policies = denials.map(({ reason, scope, when: condition }): [string, Principal] => [
    `${NUMBERS[reason] + (scope === undefined ? 0 : scopes.indexOf(scope))}.${reason}`,
    condition,
  ]);
  const last = policies.at(-1);
  if (policy.rule.kind === 'jwt' && last !== undefined) {
    // One after the other until one is true: the last need not ask again what those before it have asked.
    const before = policies.slice(isTokenAlone(policy, auth) ? 1 : 0, -1);
    return named({ ...Object.fromEntries(before), [last[0]]: not(holds) });
  }
  // Never true where the ones before are right: what they forget is denied.
  return named({ ...Object.fromEntries(policies), '49.claim.mismatch': not(holds) });
}

/** The sets of scopes that challenges of the policy name, each at its place. */
export function scopeSetsOf(policy: AuthPolicy, auth: AuthModel): readonly string[] {
  return denialsOf(policy, auth).denials.flatMap(({ scope }) => (scope === undefined ? [] : [scope]));
}

/** H7: Envoy would cut, join or encode what the companion refuses. */
function identityPolicies(providers: readonly JwtProvider[]): Record<string, Policy> {
  const headers = [...new Set(providers.flatMap(({ forwardClaims }) => forwardClaims.map(({ header }) => header)))];
  if (headers.length === 0) return {};
  const together = MOST_TOGETHER - headers.reduce((sum, { length }) => sum + length, 0);
  return {
    '50.identity.unforwardable': when(
      anyOf(providers.flatMap((provider) => provider.forwardClaims.map((claim) => isUntellable(provider, claim)))),
    ),
    '51.identity.unforwardable': when(isAnyLong(headers), either(headers.map((header) => isLonger(headerValue(header), MOST_BYTES)))),
    ...(headers.length * MOST_BYTES > together
      ? { '52.identity.unforwardable': when(headers.length * LONG > together ? ALWAYS : isAnyLong(headers), areLonger(headers, together)) }
      : {}),
  };
}

/** As far as an expression counts that Envoy takes by default; who is far below the limit costs no CEL. All text here is ASCII (50). */
const LONG = 64;

function isAnyLong(headers: readonly string[]): Principal {
  return anyOf(headers.map((header) => headerMatches(header, { safe_regex: { regex: `[ -~]{${LONG}}[ -~]*` } })));
}

const MOST_BYTES = 1000;
const MOST_TOGETHER = 4096;

/** Envoy writes integers below zero and fractions with six digits behind the point. */
function isUntellable({ name }: JwtProvider, { header, claim }: ForwardedClaim): Principal {
  const at = [name, ...claim];
  const integer = { double_match: { range: { start: 0, end: Number.MAX_SAFE_INTEGER + 1 } } };
  const text: ValueMatcher = { string_match: { safe_regex: { regex: '[!-~](?:[ -~]*[!-~])?' } } };
  const tellable = anyOf([
    tokenHas(at, { or_match: { value_matchers: [text, { bool_match: true }, { bool_match: false }] } }),
    allOf([tokenHas(at, integer), headerMatches(header, { safe_regex: { regex: '[0-9]+' } })]),
  ]);
  return allOf([not(tellable), tokenHas(at, PRESENT)]);
}

/** One look at the value, whatever it may be. */
function anyText(texts: readonly StringMatcher[]): ValueMatcher {
  return { or_match: { value_matchers: texts.map((string_match) => ({ string_match })) } };
}

/** Without those that never hold. */
function named(conditions: Readonly<Record<string, Principal>>): Record<string, Policy> {
  return Object.fromEntries(
    Object.entries(conditions).flatMap(([name, condition]) => (condition === NEVER ? [] : [[name, when(condition)]])),
  );
}
