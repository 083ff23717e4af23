// A gateway name that two root files take, and how the problems of a build are shown.
import type { Positions } from './config/source.ts';
import type { ProblemView } from './gateway-status.ts';
import type { PipelineIssueCode } from './issue-codes.ts';
import type { Issue } from './lib/issue.ts';
import type { Build } from './pipeline.ts';

/** The build, or, where another root file has the gateway's name already, one that is refused for it. */
export function refuseDuplicate(build: Build, otherFile: string | undefined): Build {
  if (build.good === undefined || otherFile === undefined) return build;
  const { good, ...rest } = build;
  const code: PipelineIssueCode = 'CH3002';
  const issue: Issue = {
    code,
    severity: 'error',
    path: ['gateway'],
    message: `gateway "${good.model.gateway}" is already defined by ${otherFile}`,
    help: 'each root file needs a gateway name of its own: Envoys choose by it (node.cluster)',
  };
  return { ...rest, issues: [...build.issues, issue] };
}

/** Errors first, otherwise in the order given. */
export function errorsFirst(issues: readonly Issue[]): readonly Issue[] {
  return [...issues.filter(({ severity }) => severity === 'error'), ...issues.filter(({ severity }) => severity === 'warning')];
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

/** Equal for builds with the same problems at the same places. */
export function problemKey({ issues, positions }: { readonly issues: readonly Issue[]; readonly positions: Positions }): string {
  return JSON.stringify(issues.map((issue) => problemView(issue, positions)));
}
