// Which certificates a model has, and a warning for those that end soon. Pure.

import type { Issue } from '../lib/issue.ts';
import type { Certificate, Model } from '../model/types.ts';
import type { PipelineIssueCode } from './issue-codes.ts';

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
