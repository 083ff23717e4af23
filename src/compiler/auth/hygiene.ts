// What is refused before any credential is verified (C3): spellings that Envoy and backends, or Envoy and the companion, may read in two ways.
import type { Policy } from '../../proto/generated/envoy/config/rbac/v3/Policy.ts';
import type { Principal } from '../../proto/generated/envoy/config/rbac/v3/Principal.ts';
import { quoteRegex } from '../quote-regex.ts';
import { either, headerValue, holdsText, isLonger } from './cel.ts';
import type { TokenHeader } from './policy-parts.ts';
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
export function credentialPolicies(tokens: readonly TokenHeader[], keys: readonly string[]): Record<string, Policy> {
  const names = [...tokens.map(({ name }) => name), ...keys];
  if (names.length === 0) return {};
  const joined = either(names.map((name) => holdsText(headerValue(name), ',')));
  const several = pairsOf(tokens.map(({ name }) => headerIsPresent(name))).map(allOf);
  return {
    ...(several.length === 0 ? {} : { '09.auth.multiple': when(anyOf(several)) }),
    // CEL sees all values of a header joined; header matchers may see each alone.
    '10.auth.multiple': when(ALWAYS, joined),
    ...(tokens.length === 0
      ? {}
      : {
          '11.jwt.malformed': when(anyOf(tokens.map(isMalformed))),
          '12.jwt.oversized': when(
            ALWAYS,
            either(
              tokens.map(({ name, prefixes: [prefix = ''], providers: [provider] }) =>
                isLonger(headerValue(name), prefix.length + (provider?.maxTokenBytes ?? 0)),
              ),
            ),
          ),
        }),
  };
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

function isMalformed({ name, prefixes }: TokenHeader): Principal {
  const start = prefixes.map((prefix) => (prefix === 'Bearer ' ? '[Bb]earer ' : quoteRegex(prefix))).join('|');
  const forms = FORMS.map((segments) => headerMatches(name, { safe_regex: { regex: `(?:${start})${segments.join('\\.')}` } }));
  return allOf([headerIsPresent(name), not(allOf(forms))]);
}
