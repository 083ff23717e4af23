// What a backend sees instead of the request's own path and host.
import type { RewriteConfig } from '../config/schema/rewrite.ts';
import type { ConfigPath } from '../lib/issue.ts';
import { reportRegex } from './conditions.ts';
import type { Report } from './issue.ts';
import { withoutLastSlash } from './match.ts';
import { reportPrefixNeedsPrefix, reportSubstitution, reportTemplateRewrite } from './path-rewrite.ts';
import type { Rewrite, RouteMatch } from './types.ts';

export interface RewritePlace {
  /** Path of the rewrite. */
  readonly path: ConfigPath;
  /** What the route matches. */
  readonly matches: readonly RouteMatch[];
}

export function resolveRewrite(config: RewriteConfig, place: RewritePlace, report: Report): Rewrite {
  const pathRewrite = resolvePath(config, place, report);
  return {
    ...(typeof config.host === 'string' ? { host: config.host } : {}),
    hostFromService: typeof config.host === 'object',
    ...(pathRewrite === undefined ? {} : { pathRewrite }),
  };
}

function resolvePath(config: RewriteConfig, { path, matches }: RewritePlace, report: Report): Rewrite['pathRewrite'] {
  if (config.prefix !== undefined) {
    reportPrefixNeedsPrefix([...path, 'prefix'], matches, report);
    return { kind: 'prefix', value: withoutLastSlash(config.prefix) };
  }
  if (config.path !== undefined) {
    return { kind: 'full', value: config.path };
  }
  if (config.template !== undefined) {
    reportTemplateRewrite(config.template, { path: [...path, 'template'], matches }, report);
    return { kind: 'template', value: config.template };
  }
  if (config.regex === undefined) {
    return undefined;
  }
  const { pattern, substitution } = config.regex;
  reportRegex(pattern, [...path, 'regex', 'pattern'], report);
  reportSubstitution(substitution, { pattern, path: [...path, 'regex', 'substitution'] }, report);
  return { kind: 'regex', pattern, substitution };
}
