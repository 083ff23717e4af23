// What is refused before any credential is verified (C3): spellings that Envoy and backends, or Envoy and the companion, may read in two ways.

import type { JwtProvider } from '../../model/auth/types.ts';
import type { Policy } from '../../proto/generated/envoy/config/rbac/v3/Policy.ts';
import type { Principal } from '../../proto/generated/envoy/config/rbac/v3/Principal.ts';
import { quoteRegex } from '../quote-regex.ts';
import { either, headerValue, holdsText, isLonger } from './cel.ts';
import { isLargeRequest } from './identity.ts';
import { type TokenHeader, tokenHeadersOf } from './policy-parts.ts';
import { ALWAYS, allOf, anyOf, headerIsPresent, headerMatches, NEVER, not, when } from './principal.ts';

/** What paths may hold beyond the strict form. */
export interface PathAllowance {
  readonly escapedSlashes: boolean;
  readonly parameters: boolean;
}

export function pathPolicies(paths: PathAllowance): Record<string, Policy> {
  const bad = [...(paths.parameters ? [] : [';', '%3[bB]']), ...(paths.escapedSlashes ? [] : ['%2[fF]', '%5[cC]', '\\\\']), '%00', '#'];
  const strange = headerMatches(':path', { safe_regex: { regex: `[^?]*(${bad.join('|')})(?s:.*)` } });
  const relative = not(headerMatches(':path', { prefix: '/' }));
  return { '00.request.path': when(anyOf([strange, relative])) };
}

/** `keys`: headers with API keys, of which two would be one too many as well. */
export function credentialPolicies(providers: readonly JwtProvider[], keys: readonly string[]): Record<string, Policy> {
  const tokens = tokenHeadersOf(providers);
  const names = [...tokens.map(({ name }) => name), ...keys];
  if (names.length === 0) return {};
  // One token a request, wherever it stands (A1).
  const several = pairsOf(tokens.map(({ name }) => headerIsPresent(name)));
  const apart = names.filter((name) => name !== JOINED);
  const joined = names.length === apart.length ? [] : [headerMatches(JOINED, { contains: ',' })];
  return {
    ...(several.length + joined.length + apart.length === 0
      ? {}
      : { '09.auth.multiple': when(anyOf([...joined, ...several.map(allOf), ...apart.map(isBesideEmpty)])) }),
    // A header matcher looks at each value alone; CEL sees them joined, but for empty ones.
    ...(apart.length === 0 ? {} : { '10.auth.multiple': when(ALWAYS, either(apart.map((name) => holdsText(headerValue(name), ',')))) }),
    ...(tokens.length === 0 ? {} : tokenFormPolicies(tokens)),
  };
}

/** Envoy joins its values by commas as they arrive, since jwt_authn has it among the headers with places of their own. */
const JOINED = 'authorization';

function tokenFormPolicies(tokens: readonly TokenHeader[]): Record<string, Policy> {
  const limits = tokens.map(({ name, prefixes: [prefix = ''], providers }) => {
    const most = Math.max(...providers.map(({ maxTokenBytes }) => maxTokenBytes));
    return { most, isLonger: isLonger(headerValue(name), prefix.length + most) };
  });
  return {
    '11.jwt.malformed': when(anyOf(tokens.map(isStranger))),
    '12.jwt.oversized': when(isLargeRequest(Math.min(...limits.map(({ most }) => most))), either(limits.map((limit) => limit.isLonger))),
    '13.jwt.malformed': when(anyOf(tokens.map(isMalformed))),
  };
}

/** What is least likely stands first in each of these conditions: a request that is as it should be ends them early. */
function isStranger(token: TokenHeader): Principal {
  const starts = startsOf(token).filter((start) => start !== '');
  if (starts.length < startsOf(token).length) return NEVER;
  return allOf([not(anyOf(starts.map((prefix) => headerMatches(token.name, { prefix })))), headerIsPresent(token.name)]);
}

function isBesideEmpty(name: string): Principal {
  return allOf([headerMatches(name, { exact: '' }), headerMatches(name, { safe_regex: { regex: '(?s:.+)' } })]);
}

function pairsOf(conditions: readonly Principal[]): readonly (readonly Principal[])[] {
  return conditions.flatMap((left, index) => conditions.slice(index + 1).map((right) => [left, right]));
}

/** A4: base64url without padding and without bits to spare, never empty. `one`, `two`: what may be last of so many more than fours. */
const LAST = { one: '[AQgw]', two: '[AEIMQUYcgkosw048]' };
const SIGNATURE = `(?:[\\w-](?:${LAST.one}$|[\\w-](?:${LAST.two}$|[\\w-]{2})))+`;
/** Envoy takes no longer expressions by default than the form that goes through a token once, behind a prefix of this length. */
const LONGEST_PREFIX = 10;

/**
 * After a prefix, jwt_authn takes a token to end at the first character that is of none. Then it refuses what is left of a header or a payload,
 * but not of a signature; so any characters will do here for the first two, and expressions with fewer ranges are shorter.
 */
function formsOf(prefix: string): readonly string[] {
  const character = prefix === '' ? '[\\w-]' : '[!--/-~]';
  const segment = `(?:${character}{4})*(?:${character}{4}|${character}${LAST.one}|${character}{2}${LAST.two})`;
  const header = `${segment}\\.(?s:.*)`;
  if (prefix !== '' && prefix.length <= LONGEST_PREFIX) return [header, `${character}+\\.${segment}\\.${SIGNATURE}`];
  return [header, `${character}+\\.${segment}\\.(?s:.*)`, `${character}+\\.${character}+\\.${SIGNATURE}`];
}

function isMalformed(token: TokenHeader): Principal {
  const [prefix = ''] = token.prefixes;
  const start = prefix === 'Bearer ' ? '[Bb]earer ' : quoteRegex(prefix);
  const forms = formsOf(prefix).map((form) => headerMatches(token.name, { safe_regex: { regex: `${start}${form}` } }));
  return allOf([not(allOf(forms)), headerIsPresent(token.name)]);
}

/** A2. */
function startsOf({ prefixes }: TokenHeader): readonly string[] {
  return prefixes.flatMap((prefix) => (prefix === 'Bearer ' ? ['Bearer ', 'bearer '] : [prefix]));
}
