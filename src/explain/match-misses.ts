// Whether a request fits one match of a route, condition by condition, as Envoy compares them; what does not fit is said in the user's words.
import type { HeaderMatch, QueryMatch, StringMatch } from '../model/condition.ts';
import { parsePathTemplate, type TemplateSegment } from '../model/path-template.ts';
import { matchesText } from '../model/regex.ts';
import type { PathMatch, RouteMatch } from '../model/types.ts';
import type { ExplainedRequest } from './request.ts';

/** The parts of a match that a request can miss. */
export interface Miss {
  readonly part: 'path' | 'method' | 'header' | 'query' | 'grpc';
  /** Such as `header x-team is absent, not "shop"`. Values of the request are never repeated. */
  readonly text: string;
}

/** Empty where the match takes the request. `path` is what the listener made of it. */
export function matchMisses(match: RouteMatch, request: ExplainedRequest, path: string): readonly Miss[] {
  const { methods, headers, query, grpcOnly, pathMatch } = match;
  return [
    ...(fitsPath(pathMatch, path) ? [] : [{ part: 'path', text: `path is not ${pathText(pathMatch)}` } as const]),
    ...(methods.length === 0 || methods.includes(request.method)
      ? []
      : [{ part: 'method', text: `method is not ${methods.join(', ')}` } as const]),
    ...headers
      .filter((header) => !fitsHeader(header, request))
      .map((header): Miss => ({ part: 'header', text: `header ${header.name} ${wanted(header)}` })),
    ...query
      .filter((parameter) => !fitsQuery(parameter, request))
      .map((parameter): Miss => ({ part: 'query', text: `query ${parameter.name} ${wanted(parameter)}` })),
    ...(grpcOnly && !isGrpc(request) ? [{ part: 'grpc', text: 'it is no gRPC request (content-type: application/grpc)' } as const] : []),
  ];
}

export function pathText({ kind, value }: PathMatch = { kind: 'prefix', value: '/' }): string {
  return `${kind} ${value}`;
}

export function fitsPath(match: PathMatch | undefined, path: string): boolean {
  if (match === undefined) return true;
  switch (match.kind) {
    case 'exact':
      return path === match.value;
    case 'prefix':
      return match.value === '/' || path === match.value || path.startsWith(`${match.value}/`);
    case 'regex':
      return matchesText(match.value, path);
    case 'template':
      return fitsTemplate(match.value, path);
  }
}

function fitsTemplate(template: string, path: string): boolean {
  const parsed = parsePathTemplate(template);
  return parsed.ok && new RegExp(`^${parsed.value.segments.map(segmentExpression).join('')}$`).test(path);
}

/** Of characters that RFC 3986 allows in a segment. */
const CHARACTER = "[A-Za-z0-9\\-._~%!$&'()+,;:@=]";

function segmentExpression(segment: TemplateSegment): string {
  if (segment.kind === 'literal') return `/${quoted(segment.text)}`;
  const middle = segment.kind === 'any' ? `${CHARACTER}+` : `(?:${CHARACTER}|/)*`;
  return `/${quoted(segment.before)}${middle}${quoted(segment.after)}`;
}

function quoted(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

function fitsHeader({ name, condition, ignoreCase, not }: HeaderMatch, { headers, method, host }: ExplainedRequest): boolean {
  const value = name === ':method' ? method : name === 'host' ? (headers.get('host') ?? host) : headers.get(name);
  if (condition.kind === 'present') return (value !== undefined) !== not;
  if (condition.kind === 'range') {
    const number = value !== undefined && /^[+-]?\d+$/.test(value) ? Number(value) : undefined;
    return (number !== undefined && number >= condition.from && number < condition.to) !== not;
  }
  // An absent header is an empty one to a negated condition, and fits no other.
  if (value === undefined && !not) return false;
  return fitsText(condition, value ?? '', ignoreCase) !== not;
}

function fitsQuery({ name, condition, ignoreCase, not }: QueryMatch, { query }: ExplainedRequest): boolean {
  const values = query.filter((parameter) => parameter.name === name).map(({ value }) => value);
  if (condition.kind === 'present') return values.length > 0 !== not;
  // Envoy looks at the first value of a parameter; a negated condition is asked of all (query-match.ts).
  if (not) return values.every((value) => !fitsText(condition, value, ignoreCase));
  const [first] = values;
  return first !== undefined && fitsText(condition, first, ignoreCase);
}

function fitsText(condition: StringMatch, text: string, ignoreCase: boolean): boolean {
  if (condition.kind === 'regex') return matchesText(condition.value, text);
  const [value, given] = ignoreCase ? [condition.value.toLowerCase(), text.toLowerCase()] : [condition.value, text];
  switch (condition.kind) {
    case 'exact':
      return given === value;
    case 'prefix':
      return given.startsWith(value);
    case 'suffix':
      return given.endsWith(value);
    case 'contains':
      return given.includes(value);
  }
}

function wanted({ condition, not }: HeaderMatch | QueryMatch): string {
  const negation = not ? 'is' : 'is not';
  switch (condition.kind) {
    case 'present':
      return not ? 'is there' : 'is absent';
    case 'range':
      return `${negation} from ${condition.from} to below ${condition.to}`;
    case 'exact':
      return `${negation} "${condition.value}"`;
    case 'prefix':
    case 'suffix':
    case 'contains':
    case 'regex':
      return `${negation} ${condition.kind} "${condition.value}"`;
  }
}

function isGrpc({ headers }: ExplainedRequest): boolean {
  const type = headers.get('content-type') ?? '';
  return type === 'application/grpc' || type.startsWith('application/grpc+');
}
