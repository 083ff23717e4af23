// Routes that can never be reached, because a wider match of higher `priority` takes all of their requests (C1). Without priorities the
// narrower match always comes first, so nothing is looked for. Only what is certain is told.
import { type Report, warningAt } from './issue.ts';
import { conditionsOf } from './match-conditions.ts';
import { compareMatches, type RankedMatch, rankOf } from './precedence.ts';
import type { Route, RouteMatch } from './types.ts';

export function checkShadows(routes: readonly Route[], report: Report): void {
  const lowest = routes.reduce((least, route) => Math.min(least, route.priority), Number.POSITIVE_INFINITY);
  const raised = routes.filter((route) => route.priority > lowest);
  if (raised.length === 0) {
    return;
  }
  const covers = indexCovers(raised);
  for (const route of routes) {
    const hidden = writtenMatches(route).map((match) => ({ match, by: findCover({ route, match }, covers) }));
    const [first] = hidden;
    if (first?.by !== undefined && hidden.every(({ by }) => by !== undefined)) {
      reportHiddenRoute(route, first.by, report);
      continue;
    }
    for (const { match, by } of hidden) {
      if (by !== undefined) {
        reportHiddenMatch(route, { match, by }, report);
      }
    }
  }
}

/** Path and conditions of a match → the matches that have exactly these, whatever their methods. */
type Covers = ReadonlyMap<string, readonly RankedMatch[]>;

/** More conditions than this are only compared as a whole: their subsets would be too many. */
const MOST_CONDITIONS = 6;

function indexCovers(routes: readonly Route[]): Covers {
  const covers = new Map<string, RankedMatch[]>();
  for (const route of routes) {
    for (const match of writtenMatches(route)) {
      const key = keyOf(rankOf(match).path, conditionsOf(match).texts);
      const known = covers.get(key);
      if (known === undefined) {
        covers.set(key, [{ route, match }]);
      } else {
        known.push({ route, match });
      }
    }
  }
  return covers;
}

/** Without those for preflight requests, which nobody wrote. */
function writtenMatches({ matches }: Route): readonly RouteMatch[] {
  return matches.filter(({ isPreflight }) => isPreflight !== true);
}

function keyOf(path: string, conditions: readonly string[]): string {
  return `${path}\n${conditions.join('\n')}`;
}

function findCover(entry: RankedMatch, covers: Covers): RankedMatch | undefined {
  const conditionSets = subsets(conditionsOf(entry.match).texts);
  for (const path of widerPaths(entry.match)) {
    for (const conditions of conditionSets) {
      const found = covers.get(keyOf(path, conditions))?.find((candidate) => takesFirst(candidate, entry));
      if (found !== undefined) {
        return found;
      }
    }
  }
  return undefined;
}

function takesFirst(cover: RankedMatch, entry: RankedMatch): boolean {
  return (
    cover.route !== entry.route &&
    cover.route.priority > entry.route.priority &&
    compareMatches(cover, entry) < 0 &&
    isWithin(entry.route.hostnames, cover.route.hostnames) &&
    isWithin(entry.route.listeners, cover.route.listeners) &&
    (cover.match.methods.length === 0 || (entry.match.methods.length > 0 && isWithin(entry.match.methods, cover.match.methods)))
  );
}

function isWithin(inner: readonly string[], outer: readonly string[]): boolean {
  return inner.every((name) => outer.includes(name));
}

/** The path itself and all prefixes that hold it, as `MatchRank.path` writes them. */
function widerPaths(match: RouteMatch): readonly string[] {
  const own = rankOf(match).path;
  const { kind, value } = match.pathMatch ?? { kind: 'prefix', value: '/' };
  const everything = 'prefix ';
  if (kind === 'regex') {
    return [own, everything];
  }
  const literal = kind === 'template' ? value.slice(0, value.search(/[{*]|$/)) : value;
  const segments = (literal.endsWith('/') ? literal.slice(0, -1) : literal).split('/').slice(1);
  // A template's last literal piece may be only the beginning of a segment.
  const whole = kind === 'template' && !literal.endsWith('/') ? segments.slice(0, -1) : segments;
  return [own, everything, ...whole.map((_, index) => `prefix /${whole.slice(0, index + 1).join('/')}`)];
}

function subsets(conditions: readonly string[]): readonly (readonly string[])[] {
  if (conditions.length > MOST_CONDITIONS) {
    return [conditions, []];
  }
  return conditions.reduce<readonly (readonly string[])[]>((sets, text) => [...sets, ...sets.map((set) => [...set, text])], [[]]);
}

function reportHiddenRoute(route: Route, by: RankedMatch, report: Report): void {
  report(
    warningAt([...route.path, 'name'], 'CH2504', {
      message: `route "${route.name}" can never be reached: "${by.route.name}" takes its requests first`,
      ...explain(by),
    }),
  );
}

function reportHiddenMatch(route: Route, { match, by }: { readonly match: RouteMatch; readonly by: RankedMatch }, report: Report): void {
  report(
    warningAt(match.path, 'CH2504', {
      message: `this match of route "${route.name}" can never be reached: "${by.route.name}" takes its requests first`,
      ...explain(by),
    }),
  );
}

function explain({ route, match }: RankedMatch): Pick<Parameters<typeof warningAt>[2], 'help' | 'related'> {
  const hasPlace = match.path.length > route.path.length;
  return {
    help: `lower the priority of "${route.name}", or raise the other one's`,
    related: [
      { message: `"${route.name}" is here`, path: hasPlace ? match.path : [...route.path, 'name'] },
      ...(route.priority === 0 ? [] : [{ message: 'its priority is here', path: [...route.path, 'priority'] }]),
    ],
  };
}
