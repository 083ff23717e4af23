// A condition on a header → Envoy's HeaderMatcher.
import type { HeaderMatch } from '../model/condition.ts';
import type { HeaderMatcher } from '../proto/generated/envoy/config/route/v3/HeaderMatcher.ts';
import { compileStringMatcher } from './string-matcher.ts';

/**
 * An absent header satisfies a negated condition. Envoy's `invert_match` alone does not say that (a missing header then fails unless the
 * condition is presence), so the missing header is compared as an empty one.
 */
export function compileHeaderMatch(match: HeaderMatch): HeaderMatcher {
  const { name, condition, not } = match;
  const inverted = not ? { invert_match: true, treat_missing_header_as_empty: true } : {};
  switch (condition.kind) {
    case 'present':
      return { name, present_match: !not };
    case 'range':
      return { name, range_match: { start: condition.from, end: condition.to }, ...inverted };
    case 'exact':
    case 'prefix':
    case 'suffix':
    case 'contains':
    case 'regex':
      return { name, string_match: compileStringMatcher(condition, match.ignoreCase), ...inverted };
  }
}

/** Methods are matched on `:method`; several are alternatives. Undefined: any method. */
export function compileMethods(methods: readonly string[]): HeaderMatcher | undefined {
  const [first, ...others] = methods;
  if (first === undefined) {
    return undefined;
  }
  const match = others.length === 0 ? { exact: first } : { safe_regex: { regex: methods.join('|') } };
  return { name: ':method', string_match: match };
}
