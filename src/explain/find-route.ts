// Which route of a listener takes a request: the host first, exact, then the longest wildcard, then any; then precedence (C1), as compiled.
import { compareMatches, type RankedMatch } from '../model/precedence.ts';
import type { Model, Route, RouteMatch } from '../model/types.ts';
import { type Miss, matchMisses } from './match-misses.ts';
import type { ExplainedRequest } from './request.ts';

export interface FoundRoute {
  readonly route: Route;
  readonly match: RouteMatch;
  /** The one of the route's hostnames that the host fits. */
  readonly hostname: string;
}

/** A route that would have come first but for one condition, or that was never asked because another came before it. */
export interface NearMiss {
  readonly route: Route;
  readonly match: RouteMatch;
  readonly why: string;
}

export interface RouteSearch {
  readonly found?: FoundRoute;
  /** At most five, those that come nearest first. */
  readonly nearMisses: readonly NearMiss[];
}

const MOST_NEAR_MISSES = 5;

/** `path` is what the listener made of the request's. */
export function findRoute(
  model: Model,
  listener: string,
  { request, path }: { readonly request: ExplainedRequest; readonly path: string },
): RouteSearch {
  const missed: { readonly near: NearMiss; readonly misses: readonly Miss[] }[] = [];
  const later: NearMiss[] = [];
  let found: FoundRoute | undefined;
  for (const hostname of hostnamesFor(request.host)) {
    for (const { route, match } of orderedMatches(model, listener, hostname)) {
      const misses = matchMisses(match, request, path);
      if (misses.length === 0 && found === undefined) found = { route, match, hostname };
      else if (misses.length === 0 && found?.route !== route) later.push({ route, match, why: `"${found?.route.name ?? ''}" comes first` });
      else if (misses.length > 0) missed.push({ near: { route, match, why: misses.map(({ text }) => text).join('; ') }, misses });
    }
  }
  const near = missed
    .filter(
      ({ misses, near: { route } }) => misses.length === 1 && route !== found?.route && (misses[0]?.part !== 'path' || found === undefined),
    )
    .map((each) => each.near);
  return { ...(found === undefined ? {} : { found }), nearMisses: [...near, ...later].slice(0, MOST_NEAR_MISSES) };
}

/** The hostnames that routes may have for a host, in the order in which they are asked. */
function hostnamesFor(host: string): readonly string[] {
  const isName = !host.startsWith('[') && !/^\d+(?:\.\d+){3}$/.test(host);
  const labels = host.split('.');
  const wildcards = isName ? labels.slice(1).map((_, index) => `*.${labels.slice(index + 1).join('.')}`) : [];
  return [host, ...wildcards, '*'];
}

/** The matches of one hostname in the order in which the compiler writes them. */
export function orderedMatches({ routes }: Model, listener: string, hostname: string): readonly RankedMatch[] {
  return routes
    .filter((route) => route.listeners.includes(listener) && route.hostnames.includes(hostname))
    .flatMap((route) => route.matches.map((match) => ({ route, match })))
    .sort(compareMatches);
}
