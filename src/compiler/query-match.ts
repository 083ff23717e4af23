// A condition on a query parameter → Envoy's QueryParameterMatcher, or a matcher of the whole path where that cannot say it.
// Envoy compares the first value of a parameter as it was sent, without percent-decoding.
import type { QueryMatch, StringMatch } from '../model/condition.ts';
import type { HeaderMatcher } from '../proto/generated/envoy/config/route/v3/HeaderMatcher.ts';
import type { QueryParameterMatcher } from '../proto/generated/envoy/config/route/v3/QueryParameterMatcher.ts';
import { quoteRegex } from './quote-regex.ts';
import { compileStringMatcher } from './string-matcher.ts';

/** Undefined for a negated text: see `compileNegatedQueryMatch`. */
export function compileQueryMatch(match: QueryMatch): QueryParameterMatcher | undefined {
  if (match.condition.kind === 'present') {
    return { name: match.name, present_match: !match.not };
  }
  return match.not ? undefined : { name: match.name, string_match: compileStringMatcher(match.condition, match.ignoreCase) };
}

/**
 * Envoy can negate a header but not a query parameter, so "not this value" is said of `:path`, which carries the query: the expression
 * describes a path that has the parameter with such a value, and the match is inverted.
 */
export function compileNegatedQueryMatch(match: QueryMatch): HeaderMatcher | undefined {
  if (!match.not || match.condition.kind === 'present') {
    return undefined;
  }
  const value = valueExpression(match.condition);
  const expression = `[^?]*\\?(?:.*&)?${quoteRegex(match.name)}=${match.ignoreCase ? `(?i:${value})` : value}(?:&.*)?`;
  return { name: ':path', string_match: { safe_regex: { regex: expression } }, invert_match: true };
}

function valueExpression(condition: StringMatch): string {
  const anything = '[^&]*';
  switch (condition.kind) {
    case 'exact':
      return quoteRegex(condition.value);
    case 'prefix':
      return `${quoteRegex(condition.value)}${anything}`;
    case 'suffix':
      return `${anything}${quoteRegex(condition.value)}`;
    case 'contains':
      return `${anything}${quoteRegex(condition.value)}${anything}`;
    case 'regex':
      return `(?:${condition.value})`;
  }
}
