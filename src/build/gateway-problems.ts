// How the problems of a build are shown.
import type { Positions } from '../config/source.ts';
import type { Issue } from '../lib/issue.ts';
import type { ProblemView } from './gateway-status.ts';

/** Finding a place takes time, and nobody reads further. */
const PROBLEMS_SHOWN = 100;

/** Errors first, otherwise in the order given; the first hundred. */
export function shownIssues(issues: readonly Issue[]): readonly Issue[] {
  const errors = issues.filter(({ severity }) => severity === 'error');
  return [...errors, ...issues.filter(({ severity }) => severity === 'warning')].slice(0, PROBLEMS_SHOWN);
}

export function problemView({ code, severity, message, path, at, position, help }: Issue, positions: Positions): ProblemView {
  const place = position ?? positions.find(path, at);
  return {
    code,
    severity,
    message,
    ...(place === undefined ? {} : { source: `${place.file}:${place.line}:${place.column}` }),
    ...(help === undefined ? {} : { help }),
  };
}

export function countProblems(issues: readonly Issue[]): { readonly errors: number; readonly warnings: number } {
  const errors = issues.filter(({ severity }) => severity === 'error').length;
  return { errors, warnings: issues.length - errors };
}
