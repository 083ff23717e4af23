// Replacing the path, in rewrites and redirects: what a replacement needs from the match beside it.
import type { ConfigPath } from '../lib/issue.ts';
import { errorAt, type Report } from './issue.ts';
import { parsePathTemplate, parseRewriteTemplate } from './path-template.ts';
import { groupCount } from './regex.ts';
import type { RouteMatch } from './types.ts';

/** A prefix can only be replaced where one was matched; no path is the prefix `/`. */
export function reportPrefixNeedsPrefix(path: ConfigPath, matches: readonly RouteMatch[], report: Report): void {
  const other = matches.find((match) => (match.pathMatch !== undefined && match.pathMatch.kind !== 'prefix') || match.grpcOnly);
  if (other === undefined) {
    return;
  }
  report(
    errorAt(path, 'CH2406', {
      message: `a prefix can only be replaced where the match has one; this route matches by ${kindOf(other)}`,
      at: 'key',
      help: 'write path for the whole new path, or split the route in two',
      related: [{ message: 'this match has no prefix', path: other.path }],
    }),
  );
}

/** A template can only be filled from a template, and only with variables that it has. */
export function reportTemplateRewrite(
  template: string,
  place: { readonly path: ConfigPath; readonly matches: readonly RouteMatch[] },
  report: Report,
): void {
  const { path, matches } = place;
  const rewrite = parseRewriteTemplate(template);
  if (!rewrite.ok) {
    report(
      errorAt(path, 'CH2405', { message: `this is not a template for a new path: ${rewrite.problem}`, help: 'write it like /v2/{id}' }),
    );
    return;
  }
  for (const match of matches) {
    const { pathMatch } = match;
    if (pathMatch?.kind !== 'template') {
      reportNoTemplate(path, match, report);
      return;
    }
    const parsed = parsePathTemplate(pathMatch.value);
    const variables = parsed.ok ? parsed.value.variables : rewrite.value;
    const unknown = rewrite.value.find((name) => !variables.includes(name));
    if (unknown !== undefined) {
      const known = variables.length === 0 ? 'it has none' : `it has ${variables.join(', ')}`;
      const message = `the template that is matched has no variable "${unknown}"; ${known}`;
      report(
        errorAt(path, 'CH2407', {
          message,
          help: `use ${variables.length === 0 ? 'path for a fixed path' : 'one of those, or name the variable so in the match'}`,
          related: [{ message: 'this is matched', path: [...match.path, 'path', 'template'] }],
        }),
      );
      return;
    }
  }
}

function reportNoTemplate(path: ConfigPath, match: RouteMatch, report: Report): void {
  report(
    errorAt(path, 'CH2406', {
      message: `a template can only be filled where the match has one; this route matches by ${kindOf(match)}`,
      at: 'key',
      help: 'write the path of the match as a template too, such as /orders/{id}',
      related: [{ message: 'this match has no template', path: match.path }],
    }),
  );
}

/** RE2's own substitution: `\0` to `\9` and `\\`; a wrong one is only found by Envoy when a request comes. */
export function reportSubstitution(
  substitution: string,
  { pattern, path }: { readonly pattern: string; readonly path: ConfigPath },
  report: Report,
): void {
  const groups = groupCount(pattern);
  for (const [escape, after = ''] of substitution.matchAll(/\\([^]?)/g)) {
    if (after === '\\' || (/[0-9]/.test(after) && Number(after) <= groups)) {
      continue;
    }
    const has = groups === 1 ? 'one group' : `${groups} groups`;
    const message = /[0-9]/.test(after) ? `the pattern has ${has}, so there is no ${escape}` : `"${escape}" means nothing here`;
    report(errorAt(path, 'CH2407', { message, help: 'a group is written \\1, and a backslash \\\\' }));
    return;
  }
  if (groups > 0 && /\$\{?[0-9]/.test(substitution)) {
    report(errorAt(path, 'CH2407', { message: 'a "$" before a digit would be sent as it is', help: 'a group is written \\1, not $1' }));
  }
}

function kindOf(match: RouteMatch): string {
  if (match.grpcOnly) {
    return 'gRPC method';
  }
  const words = { exact: 'an exact path', prefix: 'a prefix', template: 'a template', regex: 'a regex' } as const;
  return match.pathMatch === undefined ? 'no path' : words[match.pathMatch.kind];
}
