// The matches of one hostname's routes in the order of precedence (C1), kept up to date: after an edit only what changed is sorted in.
import { compareMatches, type RankedMatch } from '../model/precedence.ts';
import type { Route } from '../model/types.ts';
import { memoised } from './memo.ts';

export interface OrderedMatches {
  /** Sorted by name, as in the model. */
  readonly routes: readonly Route[];
  readonly matches: readonly PlacedMatch[];
}

/** An item of a route's `matches`, at `index`. */
export interface PlacedMatch extends RankedMatch {
  readonly index: number;
}

export const NO_MATCHES: OrderedMatches = { routes: [], matches: [] };

/**
 * A function of `routes` alone. `earlier` are results for other lists, of which the first serves as a start; where one is for this very list,
 * it is given back as the same object.
 */
export function orderMatches(routes: readonly Route[], earlier: readonly OrderedMatches[] = []): OrderedMatches {
  const same = earlier.find((candidate) => isSameList(routes, candidate.routes));
  if (same !== undefined) {
    return same;
  }
  const [start = NO_MATCHES] = earlier;
  const current = new Set(routes);
  const before = new Set(start.routes);
  const kept = start.matches.filter(({ route }) => current.has(route));
  const added = routes.filter((route) => !before.has(route)).flatMap(placedMatchesOf);
  return { routes, matches: insertSorted(kept, added.sort(compareMatches)) };
}

/** Both lists are in order. */
function insertSorted(list: readonly PlacedMatch[], added: readonly PlacedMatch[]): readonly PlacedMatch[] {
  const pieces: (readonly PlacedMatch[])[] = [];
  let copied = 0;
  for (const item of added) {
    const place = placeOf(item, list, copied);
    pieces.push(list.slice(copied, place), [item]);
    copied = place;
  }
  return pieces.concat([list.slice(copied)]).flat();
}

/** Index of the first item from `from` on that comes after `item`. */
function placeOf(item: PlacedMatch, list: readonly PlacedMatch[], from: number): number {
  let low = from;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const candidate = list[middle];
    if (candidate !== undefined && compareMatches(candidate, item) < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

/** The same things in the same order. */
export function isSameList(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}

/** The same objects for the same route, so that lists can be compared. */
const placedMatchesOf = memoised((route: Route): readonly PlacedMatch[] => route.matches.map((match, index) => ({ route, match, index })));
