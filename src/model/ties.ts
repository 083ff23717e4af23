// Routes between which precedence (C1) cannot decide: equal matches are an error (B17), matches that merely overlap a warning, because then
// only the names of the routes decide. Work grows with the number of matches, not with its square (B71).
import { errorAt, type Report, warningAt } from './issue.ts';
import { areDisjoint, conditionsOf } from './match-conditions.ts';
import { type RankedMatch, rankOf } from './precedence.ts';
import type { Route, RouteMatch } from './types.ts';

/** `routes` in the order in which they were written, so that the later of two is told and the earlier is named beside it. */
export function checkTies(routes: readonly Route[], report: Report): void {
  const told = new Set<RouteMatch>();
  for (const entries of groupByRank(routes)) {
    for (const group of separate(entries)) {
      reportTies(group, { told, report });
    }
  }
}

interface RankedText {
  readonly entry: RankedMatch;
  /** Everything that C1 looks at but the host; only matches with equal texts can tie. */
  readonly text: string;
}

const textsOfRoutes = new WeakMap<Route, readonly RankedText[]>();

/** Made once for each route object: this is asked for every route at every resolve. */
function textsOf(route: Route): readonly RankedText[] {
  const known = textsOfRoutes.get(route);
  if (known !== undefined) {
    return known;
  }
  const written = route.matches.filter(({ isPreflight }) => isPreflight !== true);
  const texts = written.map((match) => ({ entry: { route, match }, text: `${route.priority} ${rankOf(match).text}` }));
  textsOfRoutes.set(route, texts);
  return texts;
}

/** Only the groups with more than one member. */
function groupByRank(routes: readonly Route[]): readonly (readonly RankedMatch[])[] {
  const first = new Map<string, RankedMatch>();
  const groups = new Map<string, RankedMatch[]>();
  for (const route of routes) {
    for (const { entry, text } of textsOf(route)) {
      const other = first.get(text);
      if (other === undefined) {
        first.set(text, entry);
        continue;
      }
      const group = groups.get(text);
      if (group === undefined) {
        groups.set(text, [other, entry]);
      } else {
        group.push(entry);
      }
    }
  }
  return [...groups.values()];
}

/** Cuts a group until its members share a host, a listener, a method, and every value that all of them demand. */
function separate(entries: readonly RankedMatch[]): readonly (readonly RankedMatch[])[] {
  return cut(entries, ({ route }) => route.hostnames)
    .flatMap((group) => cut(group, ({ route }) => route.listeners))
    .flatMap((group) => cut(group, ({ match }) => (match.methods.length === 0 ? ANY_METHOD : match.methods)))
    .flatMap((group) => cutByValues(group, new Set()));
}

const ANY_METHOD: readonly string[] = [''];

function cut(entries: readonly RankedMatch[], valuesOf: (entry: RankedMatch) => readonly string[]): readonly (readonly RankedMatch[])[] {
  const groups = new Map<string, RankedMatch[]>();
  for (const entry of entries) {
    for (const value of valuesOf(entry)) {
      const group = groups.get(value);
      if (group === undefined) {
        groups.set(value, [entry]);
      } else {
        group.push(entry);
      }
    }
  }
  return [...groups.values()].filter((group) => group.length > 1);
}

/** `done` are the subjects that the group was cut by. */
function cutByValues(entries: readonly RankedMatch[], done: ReadonlySet<string>): readonly (readonly RankedMatch[])[] {
  const [first, ...others] = entries;
  const subjects = first === undefined ? [] : [...conditionsOf(first.match).exact.keys()];
  const subject = subjects.find(
    (candidate) => !done.has(candidate) && others.every(({ match }) => conditionsOf(match).exact.has(candidate)),
  );
  if (subject === undefined) {
    return [entries];
  }
  const groups = cut(entries, ({ match }) => [conditionsOf(match).exact.get(subject) ?? '']);
  return groups.flatMap((group) => cutByValues(group, new Set([...done, subject])));
}

/** With how many earlier members of its group a match is compared; only groups of unlike conditions are longer. */
const MOST_COMPARED = 32;

interface Telling {
  /** Matches that were told of; one tie for each is enough. */
  readonly told: Set<RouteMatch>;
  readonly report: Report;
}

function reportTies(group: readonly RankedMatch[], { told, report }: Telling): void {
  const twins = new Map<string, RankedMatch>();
  for (const [index, entry] of group.entries()) {
    const text = `${entry.match.methods.join()} ${conditionsOf(entry.match).texts.join()}`;
    const twin = twins.get(text);
    if (twin === undefined) {
      twins.set(text, entry);
    }
    const rival = twin ?? group.slice(0, Math.min(index, MOST_COMPARED)).find((candidate) => isRival(candidate, entry));
    if (rival === undefined || told.has(entry.match)) {
      continue;
    }
    told.add(entry.match);
    reportTie(entry, { rival, isTwin: twin !== undefined }, report);
  }
}

function isRival(a: RankedMatch, b: RankedMatch): boolean {
  return a.route !== b.route && !areDisjoint(a.match, b.match);
}

function reportTie(entry: RankedMatch, { rival, isTwin }: { readonly rival: RankedMatch; readonly isTwin: boolean }, report: Report): void {
  const related = [{ message: `"${rival.route.name}" is here`, path: placeOf(rival) }];
  if (entry.route === rival.route) {
    const message = `route "${entry.route.name}" has this match twice`;
    report(
      warningAt(entry.match.path, 'CH2503', {
        message,
        help: 'remove one',
        related: [{ message: 'it is here already', path: rival.match.path }],
      }),
    );
    return;
  }
  const names = `"${rival.route.name}" and "${entry.route.name}"`;
  const where = sharedPlace(entry.route, rival.route);
  if (isTwin) {
    const help = 'change one of the matches, or give one route a higher priority';
    report(errorAt(placeOf(entry), 'CH2501', { message: `routes ${names} match the same requests ${where}`, help, related }));
    return;
  }
  const message = `routes ${names} match some requests alike ${where}, and only their names decide which one answers`;
  report(warningAt(placeOf(entry), 'CH2502', { message, help: 'give the one that shall answer a higher priority', related }));
}

/** A route without `matches` is shown by its name. */
function placeOf({ route, match }: RankedMatch): RouteMatch['path'] {
  return match.path.length > route.path.length ? match.path : [...route.path, 'name'];
}

function sharedPlace(a: Route, b: Route): string {
  const host = a.hostnames.find((name) => b.hostnames.includes(name));
  const listener = a.listeners.find((name) => b.listeners.includes(name));
  return `on listener "${listener ?? ''}" for ${host === '*' ? 'any host' : (host ?? '')}`;
}
