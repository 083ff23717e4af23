// Which alternative of a union the user meant: the one whose kind of value it is, and of several the one with the fewest mistakes.
import type { z } from 'zod';

export type ArmChoice =
  | { readonly kind: 'arm'; readonly index: number; readonly issues: readonly z.core.$ZodIssue[] }
  /** The value is of none of the kinds that are possible. */
  | { readonly kind: 'none'; readonly expected: readonly string[]; readonly help?: string };

/** `errors` are the issues of each alternative, in order. */
export function chooseArm(errors: readonly (readonly z.core.$ZodIssue[])[], value: unknown): ArmChoice {
  const fitting = errors.flatMap((issues, index) => (issues.some(isWrongKind) ? [] : [{ kind: 'arm' as const, index, issues }]));
  const [best] = fitting.toSorted((left, right) => weight(left.issues) - weight(right.issues));
  if (best !== undefined) return best;
  const wrong = errors.flat().filter(isWrongKind);
  const expected = [...new Set(wrong.flatMap(expectedKinds))];
  const help = typeof value === 'object' ? undefined : wrong.map((issue) => param(issue, 'help')).find((text) => text !== undefined);
  return help === undefined ? { kind: 'none', expected } : { kind: 'none', expected, help };
}

function weight(issues: readonly z.core.$ZodIssue[]): number {
  return issues.reduce((sum, issue) => sum + (issue.code === 'unrecognized_keys' ? issue.keys.length : 1), 0);
}

/** The alternative is refused because of the kind of the value itself, not of something inside it. */
function isWrongKind(issue: z.core.$ZodIssue): boolean {
  if (issue.path.length > 0) return false;
  if (issue.code === 'invalid_union') return issue.errors.every((arm) => arm.some(isWrongKind));
  return issue.code === 'invalid_type' || param(issue, 'expected') !== undefined;
}

function expectedKinds(issue: z.core.$ZodIssue): readonly string[] {
  if (issue.code === 'invalid_union') return issue.errors.flat().filter(isWrongKind).flatMap(expectedKinds);
  if (issue.code === 'invalid_type') return [issue.expected === 'array' ? 'a list' : 'a map'];
  const expected = param(issue, 'expected');
  return expected === undefined ? [] : [expected];
}

function param(issue: z.core.$ZodIssue, name: string): string | undefined {
  const value: unknown = issue.code === 'custom' ? issue.params?.[name] : undefined;
  return typeof value === 'string' ? value : undefined;
}
