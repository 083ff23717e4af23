// Other spellings of protected paths that lead to a weaker route (authz M12): a backend that ignores case, slashes or parameters would serve them.
// Only what is certain is told: matches with further conditions, templates and expressions are left out.
import type { Issue } from '../lib/issue.ts';
import { warningAt } from '../model/issue.ts';
import { compareMatches, type RankedMatch } from '../model/precedence.ts';
import type { Listener, Model, Route, RouteMatch } from '../model/types.ts';
import { type Coverage, type RouteCoverage, routeCoverage } from './route-coverage.ts';

const STRENGTH: Readonly<Record<Coverage, number>> = { public: 0, shadow: 0, anonymous: 1, authenticated: 2 };

/** One warning for each protected route at most. */
export function weakerSpellings(model: Model): readonly Issue[] {
  if (model.auth === undefined) return [];
  const coverages = new Map(routeCoverage(model).map((coverage) => [coverage.route, coverage]));
  const tables = new Map<string, PathTable>();
  const byHostname = new Map<string, Route[]>();
  for (const route of model.routes) {
    for (const hostname of route.hostnames) {
      const known = byHostname.get(hostname);
      if (known === undefined) byHostname.set(hostname, [route]);
      else known.push(route);
    }
  }
  const listeners = new Map(model.listeners.map((listener) => [listener.name, listener]));
  const issues: Issue[] = [];
  for (const coverage of coverages.values()) {
    if (STRENGTH[coverage.coverage] === 0) continue;
    const weaker = firstWeaker(coverage, { byHostname, listeners, tables, coverages });
    if (weaker !== undefined) issues.push(issueOf(coverage, weaker));
  }
  return issues;
}

interface Surroundings {
  readonly byHostname: ReadonlyMap<string, readonly Route[]>;
  readonly listeners: ReadonlyMap<string, Listener>;
  /** By listener and host; filled on the way. */
  readonly tables: Map<string, PathTable>;
  readonly coverages: ReadonlyMap<Route, RouteCoverage>;
}

interface Weaker {
  readonly spelling: string;
  readonly match: RouteMatch;
  readonly by: RankedMatch;
}

function firstWeaker({ route, coverage }: RouteCoverage, around: Surroundings): Weaker | undefined {
  for (const name of route.listeners) {
    const listener = around.listeners.get(name);
    if (listener === undefined || listener.redirect !== undefined) continue;
    for (const hostname of route.hostnames) {
      const table = tableOf(hostname, name, around);
      for (const match of route.matches) {
        for (const spelling of spellingsOf(match, listener)) {
          const by = takerOf(spelling, table);
          const other = by === undefined ? undefined : around.coverages.get(by.route);
          if (by !== undefined && other !== undefined && STRENGTH[other.coverage] < STRENGTH[coverage]) return { spelling, match, by };
        }
      }
    }
  }
  return undefined;
}

/** Those that the listener lets through. */
function spellingsOf({ pathMatch, isPreflight }: RouteMatch, { paths }: Listener): readonly string[] {
  if (isPreflight === true || pathMatch === undefined || pathMatch.value === '/') return [];
  if (pathMatch.kind !== 'prefix' && pathMatch.kind !== 'exact') return [];
  const { value } = pathMatch;
  const cased = value.replace(/[A-Za-z]/, (letter) => (letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase()));
  const last = value.lastIndexOf('/');
  return [
    ...(cased === value ? [] : [cased]),
    ...(paths.parameters === 'allow' ? [`${value};x`] : []),
    ...(pathMatch.kind === 'exact' ? [value.endsWith('/') ? value.slice(0, -1) : `${value}/`] : []),
    ...(paths.mergeSlashes ? [] : [`/${value}`]),
    ...(paths.escapedSlashes === 'keep' && last > 0 ? [`${value.slice(0, last)}%2F${value.slice(last + 1)}`] : []),
  ];
}

/** The matches without further conditions of one hostname, by their paths. */
interface PathTable {
  readonly exact: ReadonlyMap<string, RankedMatch>;
  readonly prefix: ReadonlyMap<string, RankedMatch>;
  readonly wider: PathTable | undefined;
}

function tableOf(hostname: string, listener: string, around: Surroundings): PathTable {
  const key = `${listener} ${hostname}`;
  const known = around.tables.get(key);
  if (known !== undefined) return known;
  const exact = new Map<string, RankedMatch>();
  const prefix = new Map<string, RankedMatch>();
  for (const route of around.byHostname.get(hostname) ?? []) {
    if (!route.listeners.includes(listener)) continue;
    for (const match of route.matches) {
      const { kind, value } = match.pathMatch ?? { kind: 'prefix', value: '/' };
      if (!isPlain(match) || (kind !== 'exact' && kind !== 'prefix')) continue;
      const paths = kind === 'exact' ? exact : prefix;
      const other = paths.get(value);
      if (other === undefined || compareMatches({ route, match }, other) < 0) paths.set(value, { route, match });
    }
  }
  const parent = hostname === '*' ? undefined : hostname.replace(/^(?:\*\.)?[^.]*\.?/, '*.');
  const next = parent === undefined || parent === '*.' ? '*' : parent;
  const table = { exact, prefix, wider: hostname === '*' ? undefined : tableOf(next, listener, around) };
  around.tables.set(key, table);
  return table;
}

function isPlain({ headers, query, grpcOnly }: RouteMatch): boolean {
  return headers.length === 0 && query.length === 0 && !grpcOnly;
}

function takerOf(path: string, table: PathTable): RankedMatch | undefined {
  const found: RankedMatch[] = [];
  const exact = table.exact.get(path);
  if (exact !== undefined) found.push(exact);
  for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) {
    const prefix = table.prefix.get(path.slice(0, end));
    if (prefix !== undefined) found.push(prefix);
  }
  const everything = table.prefix.get('/');
  if (everything !== undefined) found.push(everything);
  const [first] = found.sort(compareMatches);
  return first ?? (table.wider === undefined ? undefined : takerOf(path, table.wider));
}

function issueOf({ route }: RouteCoverage, { spelling, match, by }: Weaker): Issue {
  const hasPlace = by.match.path.length > by.route.path.length;
  return warningAt([...match.path, 'path'], 'CH2830', {
    message: `${spelling} is not protected by route "${route.name}" but taken by "${by.route.name}", which is weaker`,
    label: 'protects this spelling only',
    help: `protect "${by.route.name}" as well, or make sure that its backends tell the two paths apart`,
    related: [{ message: `"${by.route.name}" is here`, path: hasPlace ? by.match.path : [...by.route.path, 'name'] }],
  });
}
