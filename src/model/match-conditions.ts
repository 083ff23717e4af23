// The conditions of a match beside its path, as texts: equal texts are equal conditions, whatever order they were written in.
import type { HeaderMatch, QueryMatch } from './condition.ts';
import type { RouteMatch } from './types.ts';

export interface MatchConditions {
  /** One text for each condition on a header, a query parameter or gRPC; sorted. */
  readonly texts: readonly string[];
  /** For conditions that demand one exact value: what is compared (`header x-team`) → the value. */
  readonly exact: ReadonlyMap<string, string>;
}

const known = new WeakMap<RouteMatch, MatchConditions>();

/** Computed once for each match object. */
export function conditionsOf(match: RouteMatch): MatchConditions {
  const old = known.get(match);
  if (old !== undefined) {
    return old;
  }
  const conditions = [
    ...match.headers.map((condition) => ({ subject: `header ${condition.name}`, condition })),
    ...match.query.map((condition) => ({ subject: `query ${condition.name}`, condition })),
  ];
  const texts = [...conditions.map(({ subject, condition }) => textOf(subject, condition)), ...(match.grpcOnly ? ['grpc'] : [])];
  const result: MatchConditions = {
    texts: texts.sort(),
    exact: new Map(
      conditions.flatMap(({ subject, condition: { condition, not, ignoreCase } }) =>
        condition.kind === 'exact' && !not && !ignoreCase ? [[subject, condition.value] as const] : [],
      ),
    ),
  };
  known.set(match, result);
  return result;
}

function textOf(subject: string, { condition, not, ignoreCase }: HeaderMatch | QueryMatch): string {
  const value = condition.kind === 'range' ? `${condition.from}..${condition.to}` : condition.kind === 'present' ? '' : condition.value;
  return JSON.stringify([subject, not, condition.kind, ignoreCase, value]);
}

/** True when no request can meet both: two exact values of one thing, a condition and its opposite, or a value that the other excludes. */
export function areDisjoint(a: RouteMatch, b: RouteMatch): boolean {
  return excludes(a.headers, b.headers) || excludes(a.query, b.query);
}

function excludes(left: readonly (HeaderMatch | QueryMatch)[], right: readonly (HeaderMatch | QueryMatch)[]): boolean {
  return left.some((a) => {
    const b = right.find((candidate) => candidate.name === a.name);
    return b !== undefined && (isOpposite(a, b) || excludesValue(a, b) || excludesValue(b, a));
  });
}

function isOpposite(a: HeaderMatch | QueryMatch, b: HeaderMatch | QueryMatch): boolean {
  return a.not !== b.not && textOf('', { ...a, not: b.not }) === textOf('', b);
}

/** `wanted` demands one value, and `other` refuses that value. */
function excludesValue(wanted: HeaderMatch | QueryMatch, other: HeaderMatch | QueryMatch): boolean {
  const { condition, not, ignoreCase } = wanted;
  if (condition.kind !== 'exact' || not || ignoreCase) {
    return false;
  }
  const isMet = isMetBy(other, condition.value);
  return isMet !== undefined && isMet === other.not;
}

/** Undefined where it is not worth finding out. */
function isMetBy({ condition, ignoreCase }: HeaderMatch | QueryMatch, text: string): boolean | undefined {
  if (condition.kind === 'present') {
    return true;
  }
  if (condition.kind === 'range') {
    return /^-?[0-9]+$/.test(text) && Number(text) >= condition.from && Number(text) < condition.to;
  }
  const value = ignoreCase ? text.toLowerCase() : text;
  const expected = ignoreCase ? condition.value.toLowerCase() : condition.value;
  switch (condition.kind) {
    case 'exact':
      return value === expected;
    case 'prefix':
      return value.startsWith(expected);
    case 'suffix':
      return value.endsWith(expected);
    case 'contains':
      return value.includes(expected);
    case 'regex':
      return undefined;
  }
}
