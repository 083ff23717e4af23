// The matches of one hostname's routes in the order of precedence (C1), kept up to date: after an edit only what changed is sorted in.
import { compareMatches, type RankedMatch } from '../model/precedence.ts';
import type { Route } from '../model/types.ts';

export interface OrderedMatches {
  /** Sorted by name, as in the model. */
  readonly routes: readonly Route[];
  readonly matches: readonly RankedMatch[];
}

const NONE: OrderedMatches = { routes: [], matches: [] };
const ranked = new WeakMap<Route, readonly RankedMatch[]>();

/** `previous` may be of any earlier state: the result is a function of `routes` alone, and the same object where nothing changed. */
export function orderMatches(routes: readonly Route[], previous: OrderedMatches = NONE): OrderedMatches {
  if (isSameList(routes, previous.routes)) {
    return previous;
  }
  const current = new Set(routes);
  const before = new Set(previous.routes);
  const kept = previous.matches.filter(({ route }) => current.has(route));
  const added = routes.filter((route) => !before.has(route)).flatMap(rankedMatchesOf);
  // The kept ones are in order already, which the sort finds out in one pass.
  return { routes, matches: [...kept, ...added].sort(compareMatches) };
}

/** The same things in the same order. */
export function isSameList(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}

function rankedMatchesOf(route: Route): readonly RankedMatch[] {
  const matches = ranked.get(route) ?? route.matches.map((match) => ({ route, match }));
  ranked.set(route, matches);
  return matches;
}
