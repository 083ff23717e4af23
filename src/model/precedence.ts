// C1: which of several routes of one host answers, whatever the order of files and lists. Pure comparison of what was written;
// the host itself (exact, then longest wildcard) is decided before, by the choice of the virtual host.
import { parsePathTemplate, type TemplateSegment } from './path-template.ts';
import type { Route, RouteMatch } from './types.ts';

/** One item of a route's `matches`, with the route that it belongs to. A route with several is sorted item by item. */
export interface RankedMatch {
  readonly route: Route;
  readonly match: RouteMatch;
}

/** What C1 counts in a match. Everywhere the higher number comes first. */
export interface MatchRank {
  /** 2: exact path; 1: prefix or template, also the missing path (= prefix `/`); 0: regex. */
  readonly pathClass: 0 | 1 | 2;
  /** Characters of the path, of a prefix, or of a template before its first wildcard; without a last slash. 0 for a regex. */
  readonly literalLength: number;
  readonly segments: number;
  /** A digit per segment, 4 literal to 0 `**`: of two templates of equal length the one that is literal earlier wins. */
  readonly shape: string;
  /** The path condition without names of variables: equal for matches that take the same paths. */
  readonly path: string;
  /** 0: any method. */
  readonly methods: number;
  /** Header conditions of every kind (B16); `grpc:` counts as one, on content-type. */
  readonly headers: number;
  readonly query: number;
  /** All of the above as one text: equal for matches between which C1 cannot decide. */
  readonly text: string;
}

const ranks = new WeakMap<RouteMatch, MatchRank>();

/** The rank of a match, computed once for each match object. */
export function rankOf(match: RouteMatch): MatchRank {
  const known = ranks.get(match);
  if (known !== undefined) {
    return known;
  }
  const path = pathRankOf(match);
  const methods = match.methods.length;
  const headers = match.headers.length + (match.grpcOnly ? 1 : 0);
  const query = match.query.length;
  const rank: MatchRank = { ...path, methods, headers, query, text: `${methods} ${headers} ${query} ${path.path}` };
  ranks.set(match, rank);
  return rank;
}

/**
 * Negative when `left` is asked before `right`. Order: `priority`; path; method; more headers; more query conditions. What C1 leaves open
 * (two regexes, or equal matches, which `resolve` refuses) is settled by the text of the path, the route's name and the place in `matches`,
 * so that the order is total.
 */
export function compareMatches(left: RankedMatch, right: RankedMatch): number {
  if (left.match === right.match && left.route === right.route) {
    return 0;
  }
  const a = rankOf(left.match);
  const b = rankOf(right.match);
  return (
    right.route.priority - left.route.priority ||
    compareRanks(a, b) ||
    b.path.length - a.path.length ||
    compareText(a.path, b.path) ||
    compareText(left.route.name, right.route.name) ||
    left.route.matches.indexOf(left.match) - right.route.matches.indexOf(right.match)
  );
}

/** The part of the order that C1 speaks of, without `priority`; 0 means that C1 cannot tell the two apart. */
export function compareRanks(a: MatchRank, b: MatchRank): number {
  return (
    b.pathClass - a.pathClass ||
    b.literalLength - a.literalLength ||
    b.segments - a.segments ||
    compareText(b.shape, a.shape) ||
    compareMethods(a.methods, b.methods) ||
    b.headers - a.headers ||
    b.query - a.query
  );
}

/** A match with methods comes before one without; of two with methods, the one with fewer. */
function compareMethods(a: number, b: number): number {
  return a === 0 || b === 0 ? b - a : a - b;
}

function pathRankOf(match: RouteMatch): Pick<MatchRank, 'pathClass' | 'literalLength' | 'segments' | 'shape' | 'path'> {
  const { kind, value } = match.pathMatch ?? { kind: 'prefix', value: '/' };
  switch (kind) {
    case 'exact':
      return { pathClass: 2, ...literalRankOf(value), path: `exact ${value}` };
    case 'prefix': {
      const prefix = value.endsWith('/') ? value.slice(0, -1) : value;
      return { pathClass: 1, ...literalRankOf(prefix), path: `prefix ${prefix}` };
    }
    case 'template':
      return templateRankOf(value);
    case 'regex':
      return { pathClass: 0, literalLength: 0, segments: 0, shape: '', path: `regex ${value}` };
  }
}

function literalRankOf(path: string): Pick<MatchRank, 'literalLength' | 'segments' | 'shape'> {
  const segments = path === '' ? 0 : path.split('/').length - 1;
  return { literalLength: path.length, segments, shape: '4'.repeat(segments) };
}

function templateRankOf(value: string): Pick<MatchRank, 'pathClass' | 'literalLength' | 'segments' | 'shape' | 'path'> {
  const parsed = parsePathTemplate(value);
  const segments = parsed.ok ? parsed.value.segments : [{ kind: 'literal' as const, text: value.slice(1) }];
  const firstWildcard = segments.findIndex((segment) => segment.kind !== 'literal');
  const text = segments.map((segment) => `/${textOf(segment)}`);
  if (firstWildcard === -1) {
    return { pathClass: 2, ...literalRankOf(text.join('')), path: `exact ${text.join('')}` };
  }
  return {
    pathClass: 1,
    literalLength: text.slice(0, firstWildcard).join('').length + textBefore(segments[firstWildcard]),
    segments: segments.length,
    shape: segments.map(shapeOf).join(''),
    path: `template ${text.join('')}`,
  };
}

function textBefore(segment: TemplateSegment | undefined): number {
  return segment === undefined || segment.kind === 'literal' || segment.before === '' ? 0 : `/${segment.before}`.length;
}

function shapeOf(segment: TemplateSegment): string {
  if (segment.kind === 'literal') {
    return '4';
  }
  const hasText = segment.before !== '' || segment.after !== '';
  return segment.kind === 'any' ? (hasText ? '3' : '2') : hasText ? '1' : '0';
}

function textOf(segment: TemplateSegment): string {
  return segment.kind === 'literal' ? segment.text : `${segment.before}${segment.kind === 'any' ? '*' : '**'}${segment.after}`;
}

/** By code units: the same order on every machine. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
