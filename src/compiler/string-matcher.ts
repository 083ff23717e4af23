// A condition on a text → Envoy's StringMatcher. The texts are taken literally but for `regex`.
import type { StringMatch } from '../model/condition.ts';
import type { StringMatcher } from '../proto/generated/envoy/type/matcher/v3/StringMatcher.ts';

/** `ignoreCase` has no effect on a regex (the schema refuses it there): `(?i)` says it in RE2. */
export function compileStringMatcher(match: StringMatch, ignoreCase: boolean): StringMatcher {
  if (match.kind === 'regex') {
    return { safe_regex: { regex: match.value } };
  }
  return { [match.kind]: match.value, ...(ignoreCase ? { ignore_case: true } : {}) };
}
