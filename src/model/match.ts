// One item of `matches`: path, methods, headers, query, gRPC → the conditions that must all hold.
import type { MatchConfig, PathMatchConfig } from '../config/schema/match.ts';
import type { ConfigPath } from '../lib/issue.ts';
import { reportRegex, resolveHeaderMatches, resolveQueryMatches } from './conditions.ts';
import { errorAt, type Report } from './issue.ts';
import { parsePathTemplate } from './path-template.ts';
import type { PathMatch, RouteMatch } from './types.ts';

/** The match of a route that has no `matches`: every request. */
export function matchEverything(path: ConfigPath): RouteMatch {
  return { path, methods: [], headers: [], query: [], grpcOnly: false };
}

export function resolveMatch(config: MatchConfig, path: ConfigPath, report: Report): RouteMatch {
  const pathMatch = config.grpc === undefined ? resolvePathMatch(config.path, [...path, 'path'], report) : grpcPath(config.grpc);
  return {
    path,
    ...(pathMatch === undefined ? {} : { pathMatch }),
    methods: [...new Set(config.methods)].sort(),
    headers: resolveHeaderMatches(config.headers, [...path, 'headers'], report),
    query: resolveQueryMatches(config.query, [...path, 'query'], report),
    grpcOnly: config.grpc !== undefined,
  };
}

/** Without the last slash, since a prefix means whole segments: `/orders/` and `/orders` are one. */
export function withoutLastSlash(path: string): string {
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}

function resolvePathMatch(config: PathMatchConfig | undefined, path: ConfigPath, report: Report): PathMatch | undefined {
  if (config === undefined) {
    return undefined;
  }
  if (config.exact !== undefined) {
    return { kind: 'exact', value: config.exact };
  }
  if (config.prefix !== undefined) {
    return { kind: 'prefix', value: withoutLastSlash(config.prefix) };
  }
  if (config.template !== undefined) {
    reportTemplate(config.template, [...path, 'template'], report);
    return { kind: 'template', value: config.template };
  }
  const pattern = config.regex ?? '';
  reportRegex(pattern, [...path, 'regex'], report);
  return { kind: 'regex', value: pattern };
}

function reportTemplate(template: string, path: ConfigPath, report: Report): void {
  const parsed = parsePathTemplate(template);
  if (!parsed.ok) {
    const message = `this is not a path template: ${parsed.problem}`;
    report(errorAt(path, 'CH2405', { message, help: 'write it like /orders/{id}/items or /files/{rest=**}' }));
  }
}

/** gRPC's own mapping: `POST /package.Service/Method`. */
function grpcPath({ service, method }: NonNullable<MatchConfig['grpc']>): PathMatch | undefined {
  if (service === undefined) {
    return undefined;
  }
  return method === undefined ? { kind: 'prefix', value: `/${service}` } : { kind: 'exact', value: `/${service}/${method}` };
}
