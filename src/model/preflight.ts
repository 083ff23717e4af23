// Preflight requests of browsers (CORS): an OPTIONS request without the method, headers and credentials of the request that is to follow.
// A match that asks for these would never take it, so a route with `cors` gets matches for the preflights of its matches.
import type { HeaderMatch } from './condition.ts';
import type { RouteMatch } from './types.ts';

const IS_PREFLIGHT: HeaderMatch = { name: 'origin', condition: { kind: 'present' }, ignoreCase: false, not: false };
const METHOD_HEADER = 'access-control-request-method';

/** `matches` and, for those of them that a preflight would miss, one match for each method that may follow. */
export function withPreflights(matches: readonly RouteMatch[]): readonly RouteMatch[] {
  const preflights = matches.filter((match) => !takesPreflights(match)).flatMap(preflightsOf);
  // Several matches that differ in what a preflight lacks have one preflight; where it was written says nothing about what it takes.
  const unique = new Map(preflights.map((match) => [JSON.stringify({ ...match, path: [] }), match]));
  return [...matches, ...unique.values()];
}

/** What is in the path and query is in the preflight too. */
function takesPreflights({ methods, headers, grpcOnly }: RouteMatch): boolean {
  return !grpcOnly && headers.length === 0 && (methods.length === 0 || methods.includes('OPTIONS'));
}

function preflightsOf(match: RouteMatch): readonly RouteMatch[] {
  const methods = match.grpcOnly ? ['POST'] : match.methods;
  const base = { path: match.path, ...(match.pathMatch === undefined ? {} : { pathMatch: match.pathMatch }), query: match.query };
  const conditions: readonly HeaderMatch['condition'][] =
    methods.length === 0 ? [{ kind: 'present' }] : methods.map((value) => ({ kind: 'exact', value }));
  return conditions.map((condition) => ({
    ...base,
    methods: ['OPTIONS'],
    headers: [{ name: METHOD_HEADER, condition, ignoreCase: false, not: false }, IS_PREFLIGHT],
    grpcOnly: false,
    isPreflight: true,
  }));
}
