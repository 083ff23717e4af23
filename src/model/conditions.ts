// Conditions on headers and query parameters: every spelling of the language to one form.
import type { HeaderMatchConfig, QueryMatchConfig } from '../config/schema/match.ts';
import type { ConfigPath } from '../lib/issue.ts';
import type { HeaderMatch, QueryMatch, StringMatch } from './condition.ts';
import { errorAt, type Report } from './issue.ts';
import { regexHelp, regexProblem } from './regex.ts';

/** Sorted by name, so that the order of keys changes nothing (C15). */
export function resolveHeaderMatches(
  config: Readonly<Record<string, HeaderMatchConfig>> | undefined,
  path: ConfigPath,
  report: Report,
): readonly HeaderMatch[] {
  const matches = new Map<string, HeaderMatch>();
  for (const [key, value] of Object.entries(config ?? {})) {
    const name = key.toLowerCase();
    if (matches.has(name)) {
      const message = `the header "${name}" has two conditions in one match`;
      report(
        errorAt([...path, key], 'CH2404', { message, at: 'key', help: 'header names have no case; keep one condition, or use a regex' }),
      );
      continue;
    }
    matches.set(name, { name, ...resolveHeaderCondition(value, [...path, key], report) });
  }
  return [...matches.values()].sort(byName);
}

/** Sorted by name. Names of query parameters have case. */
export function resolveQueryMatches(
  config: Readonly<Record<string, QueryMatchConfig>> | undefined,
  path: ConfigPath,
  report: Report,
): readonly QueryMatch[] {
  return Object.entries(config ?? {})
    .map(([name, value]) => ({ name, ...resolveTextCondition(value, [...path, name], report) }))
    .sort(byName);
}

type HeaderCondition = Pick<HeaderMatch, 'condition' | 'ignoreCase' | 'not'>;
type TextCondition = Pick<QueryMatch, 'condition' | 'ignoreCase' | 'not'>;

function resolveHeaderCondition(config: HeaderMatchConfig, path: ConfigPath, report: Report): HeaderCondition {
  if (typeof config === 'object' && config.not !== undefined) {
    const inner = resolveHeaderCondition(config.not, [...path, 'not'], report);
    return { ...inner, not: !inner.not };
  }
  if (typeof config === 'object' && config.range !== undefined) {
    return { condition: { kind: 'range', from: config.range.from, to: config.range.to }, ignoreCase: false, not: false };
  }
  return resolveTextCondition(config, path, report);
}

function resolveTextCondition(config: QueryMatchConfig, path: ConfigPath, report: Report): TextCondition {
  if (typeof config === 'string') {
    return { condition: { kind: 'exact', value: config }, ignoreCase: false, not: false };
  }
  if (config.not !== undefined) {
    const inner = resolveTextCondition(config.not, [...path, 'not'], report);
    return { ...inner, not: !inner.not };
  }
  if (config.present !== undefined) {
    return { condition: { kind: 'present' }, ignoreCase: false, not: !config.present };
  }
  if (config.regex !== undefined) {
    reportRegex(config.regex, [...path, 'regex'], report);
  }
  return { condition: stringMatchOf(config), ignoreCase: config.ignoreCase ?? false, not: false };
}

function stringMatchOf(config: Exclude<QueryMatchConfig, string>): StringMatch {
  if (config.prefix !== undefined) {
    return { kind: 'prefix', value: config.prefix };
  }
  if (config.suffix !== undefined) {
    return { kind: 'suffix', value: config.suffix };
  }
  if (config.contains !== undefined) {
    return { kind: 'contains', value: config.contains };
  }
  return config.regex === undefined ? { kind: 'exact', value: config.exact ?? '' } : { kind: 'regex', value: config.regex };
}

/** The one wording for expressions that Envoy would not take. */
export function reportRegex(pattern: string, path: ConfigPath, report: Report): void {
  const problem = regexProblem(pattern);
  if (problem !== undefined) {
    report(errorAt(path, 'CH2401', { message: `this is not a regular expression that Envoy takes: ${problem}`, help: regexHelp(pattern) }));
  }
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : 1;
}
