// Problems that are found around a build, not in it: certificates that end soon, a gateway name taken twice; and how problems are shown.
import type { Positions } from './config/source.ts';
import type { ProblemView } from './gateway-status.ts';
import type { PipelineIssueCode } from './issue-codes.ts';
import type { Issue } from './lib/issue.ts';
import type { Certificate, Model } from './model/types.ts';

const DAY_MS = 86_400_000;
/** As the alert rule of operating.md §4. */
const EXPIRES_SOON_MS = 14 * DAY_MS;

/** Every certificate that clients may see or that we show to services, by name, once. */
export function certificatesOf(model: Model): ReadonlyMap<string, Certificate> {
  const all = [...model.certificates, ...model.listeners.flatMap(({ tls }) => tls?.certificates ?? [])];
  return new Map(all.map((certificate) => [certificate.name, certificate]));
}

/** A warning for each certificate that ends within two weeks and has not ended yet. */
export function certificateWarnings(model: Model, nowMs: number): readonly Issue[] {
  return [...certificatesOf(model).values()]
    .filter(({ notAfterMs }) => notAfterMs > nowMs && notAfterMs - nowMs < EXPIRES_SOON_MS)
    .map(({ name, path, notAfterMs }) => {
      const days = Math.floor((notAfterMs - nowMs) / DAY_MS);
      const code: PipelineIssueCode = 'CH3004';
      return {
        code,
        severity: 'warning',
        path,
        message: `certificate "${name}" expires ${days === 0 ? 'within a day' : `in ${days} day${days === 1 ? '' : 's'}`}`,
        help: `put a new one in its place before ${new Date(notAfterMs).toISOString()}; the files are watched, no restart is needed`,
      };
    });
}

/** For a root file whose gateway another root file has already. */
export function duplicateGateway(gateway: string, otherFile: string): Issue {
  const code: PipelineIssueCode = 'CH3002';
  return {
    code,
    severity: 'error',
    path: ['gateway'],
    message: `gateway "${gateway}" is already defined by ${otherFile}`,
    help: 'each root file needs a gateway name of its own: Envoys choose by it (node.cluster)',
  };
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
