// What is refused before any credential is verified (C3): spellings that Envoy and backends, or Envoy and the companion, may read in two ways.

import type { JwtProvider } from '../../model/auth/types.ts';
import type { Policy } from '../../proto/generated/envoy/config/rbac/v3/Policy.ts';
import type { Principal } from '../../proto/generated/envoy/config/rbac/v3/Principal.ts';
import type { StringMatcher } from '../../proto/generated/envoy/type/matcher/v3/StringMatcher.ts';
import { quoteRegex } from '../quote-regex.ts';
import { either, headerValue, holdsText, isLonger } from './cel.ts';
import { type TokenHeader, tokenHeadersOf } from './policy-parts.ts';
import { ALWAYS, allOf, anyOf, headerIsPresent, headerMatches, not, when } from './principal.ts';

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
  return {
    // A header matcher looks at each value alone; CEL sees them joined, but for empty ones.
    '09.auth.multiple': when(anyOf([...several.map(allOf), ...names.map(isBesideEmpty)])),
    '10.auth.multiple': when(ALWAYS, either(names.map((name) => holdsText(headerValue(name), ',')))),
    ...(tokens.length === 0 ? {} : tokenFormPolicies(tokens)),
  };
}

function tokenFormPolicies(tokens: readonly TokenHeader[]): Record<string, Policy> {
  const lengths = tokens.map(({ name, prefixes: [prefix = ''], providers }) =>
    isLonger(headerValue(name), prefix.length + Math.max(...providers.map(({ maxTokenBytes }) => maxTokenBytes))),
  );
  const strangers = tokens.map((token) =>
    allOf([headerIsPresent(token.name), not(headerMatches(token.name, regex(`(?:${startOf(token)})(?s:.*)`)))]),
  );
  return {
    '11.jwt.malformed': when(anyOf(strangers)),
    '12.jwt.oversized': when(ALWAYS, either(lengths)),
    '13.jwt.malformed': when(anyOf(tokens.map(isMalformed))),
  };
}

function isBesideEmpty(name: string): Principal {
  return allOf([headerMatches(name, { exact: '' }), headerMatches(name, regex('(?s:.+)'))]);
}

function pairsOf(conditions: readonly Principal[]): readonly (readonly Principal[])[] {
  return conditions.flatMap((left, index) => conditions.slice(index + 1).map((right) => [left, right]));
}

/** A4: base64url without padding and without bits to spare, never empty. */
const SEGMENT = '(?:[\\w-]{4})*(?:[\\w-]{4}|[\\w-][AQgw]|[\\w-]{2}[AEIMQUYcgkosw048])';
const ANY_SEGMENT = '[\\w-]+';
/** One expression for each segment: all in one would be longer than Envoy takes by default. */
const FORMS = [
  [SEGMENT, ANY_SEGMENT, ANY_SEGMENT],
  [ANY_SEGMENT, SEGMENT, ANY_SEGMENT],
  [ANY_SEGMENT, ANY_SEGMENT, SEGMENT],
];

function isMalformed(token: TokenHeader): Principal {
  const forms = FORMS.map((segments) => headerMatches(token.name, regex(`(?:${startOf(token)})${segments.join('\\.')}`)));
  return allOf([headerIsPresent(token.name), not(allOf(forms))]);
}

/** A2. */
function startOf({ prefixes }: TokenHeader): string {
  return prefixes.map((prefix) => (prefix === 'Bearer ' ? '[Bb]earer ' : quoteRegex(prefix))).join('|');
}

function regex(text: string): StringMatcher {
  return { safe_regex: { regex: text } };
}
