// What is asked after the credentials were verified (C6): the rest of the token's own rules, then the policy's, then what is told about the caller.
import type { AuthModel, AuthPolicy, ForwardedClaim, JwtProvider } from '../../model/auth/types.ts';
import type { Policy } from '../../proto/generated/envoy/config/rbac/v3/Policy.ts';
import type { Principal } from '../../proto/generated/envoy/config/rbac/v3/Principal.ts';
import type { StringMatcher } from '../../proto/generated/envoy/type/matcher/v3/StringMatcher.ts';
import { areLonger, either, headerValue, isLonger } from './cel.ts';
import { denialsOf, hasToken, type RuleDenial } from './denials.ts';
import { nameOfTokenHeader } from './jwt-provider.ts';
import { jwtProvidersOf, tokenHeadersOf } from './policy-parts.ts';
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
    return shorter.map((provider) => when(hasToken(provider), isLonger(headerValue(name), prefix.length + provider.maxTokenBytes)));
  });
  return Object.fromEntries(policies.map((policy, index) => [`${LENGTHS_FROM + index}.jwt.oversized`, policy]));
}

const LENGTHS_FROM = 14;

function tokenPolicies(providers: readonly JwtProvider[]): Record<string, Policy> {
  const of = (test: (provider: JwtProvider) => Principal): Principal =>
    anyOf(providers.map((provider) => allOf([hasToken(provider), test(provider)])));
  return named({
    '20.jwt.malformed': of(hasExtension),
    '21.jwt.type': of(isOfOtherType),
    '22.jwt.signature': anyOf(providers.map(isRespelt)),
    '23.jwt.audience': of(isForOthers),
    '24.jwt.claims': of(hasStrangeScope),
  });
}

/** A7. */
function hasExtension({ name }: JwtProvider): Principal {
  return anyOf(['crit', 'b64', 'zip'].map((member) => tokenHas([nameOfTokenHeader(name), member], PRESENT)));
}

const NEVER_ACCESS = ['dpop+jwt', 'logout+jwt', 'secevent+jwt'];

/** A8. */
function isOfOtherType({ name, types }: JwtProvider): Principal {
  const typ = [nameOfTokenHeader(name), 'typ'];
  const isType = (type: string): Principal =>
    tokenHas(typ, { string_match: { safe_regex: { regex: `(?i)(?:application/)?${quoted(type)}` } } });
  const absent = types.includes('jwt') ? not(tokenHas(typ, PRESENT)) : NEVER;
  const use = [name, 'token_use'];
  return anyOf([
    not(anyOf([absent, ...types.map(isType)])),
    ...NEVER_ACCESS.map(isType),
    tokenHas([name, 'events'], PRESENT),
    allOf([tokenHas(use, PRESENT), not(tokenHas(use, { string_match: { exact: 'access' } }))]),
  ]);
}

function quoted(type: string): string {
  return type.replaceAll(/[.+*?()[\]{}|^$\\]/g, '\\$&');
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

/** A11: a text, of which Envoy has made a list, or a list. */
function hasStrangeScope({ name, scopeClaim }: JwtProvider): Principal {
  const at = [name, ...scopeClaim];
  const number = { double_match: { range: { start: -Number.MAX_VALUE, end: Number.MAX_VALUE } } };
  return anyOf([number, { bool_match: true }, { bool_match: false }, { null_match: {} }].map((value) => tokenHas(at, value)));
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
      anyOf(
        providers.flatMap((provider) => provider.forwardClaims.map((claim) => allOf([hasToken(provider), isUntellable(provider, claim)]))),
      ),
    ),
    '51.identity.unforwardable': when(ALWAYS, either(headers.map((header) => isLonger(headerValue(header), MOST_BYTES)))),
    ...(headers.length * MOST_BYTES > together ? { '52.identity.unforwardable': when(ALWAYS, areLonger(headers, together)) } : {}),
  };
}

const MOST_BYTES = 1000;
const MOST_TOGETHER = 4096;

/** Envoy writes integers below zero and fractions with six digits behind the point. */
function isUntellable({ name }: JwtProvider, { header, claim }: ForwardedClaim): Principal {
  const at = [name, ...claim];
  const integer = { double_match: { range: { start: 0, end: Number.MAX_SAFE_INTEGER + 1 } } };
  const tellable = anyOf([
    tokenHas(at, { string_match: { safe_regex: { regex: '[!-~](?:[ -~]*[!-~])?' } } }),
    allOf([tokenHas(at, integer), headerMatches(header, { safe_regex: { regex: '[0-9]+' } })]),
    tokenHas(at, { bool_match: true }),
    tokenHas(at, { bool_match: false }),
  ]);
  return allOf([tokenHas(at, PRESENT), not(tellable)]);
}

/** Without those that never hold. */
function named(conditions: Readonly<Record<string, Principal>>): Record<string, Policy> {
  return Object.fromEntries(
    Object.entries(conditions).flatMap(([name, condition]) => (condition === NEVER ? [] : [[name, when(condition)]])),
  );
}
