// Forwarding to services: backends with weights, mirrors, timeouts, retries, rewrites. Whether the services exist is asked in references.ts.
import type { DefaultsConfig } from '../config/schema/defaults.ts';
import type { BackendConfig, MirrorConfig, RouteConfig } from '../config/schema/route.ts';
import type { ConfigPath } from '../lib/issue.ts';
import * as defaults from './defaults.ts';
import { errorAt, type Report, warningAt } from './issue.ts';
import { resolveRetry } from './retry.ts';
import { resolveRewrite } from './rewrite.ts';
import type { ForwardAction, RouteMatch, WeightedBackend } from './types.ts';

/** Envoy: the weights of a split add up in 32 bits. */
const MAX_WEIGHT_SUM = 4_294_967_295;

export interface ForwardPlace {
  /** Path of the route. */
  readonly path: ConfigPath;
  readonly matches: readonly RouteMatch[];
  readonly defaults: Pick<DefaultsConfig, 'timeout' | 'retry'>;
}

export function resolveForward(entry: RouteConfig, place: ForwardPlace, report: Report): ForwardAction {
  const { path, matches } = place;
  const timeoutMs = entry.timeout ?? place.defaults.timeout ?? defaults.TIMEOUT_MS;
  const retry = resolveRetry(entry.retry, { path, general: place.defaults.retry, timeoutMs }, report);
  return {
    kind: 'forward',
    backends: resolveBackends(entry.backends ?? [], [...path, 'backends'], report),
    mirrors: (entry.mirror ?? []).map(resolveMirror),
    ...(entry.rewrite === undefined ? {} : { rewrite: resolveRewrite(entry.rewrite, { path: [...path, 'rewrite'], matches }, report) }),
    timeoutMs,
    ...(entry.idleTimeout === undefined ? {} : { idleTimeoutMs: entry.idleTimeout }),
    ...(retry === undefined ? {} : { retry }),
  };
}

function resolveMirror({ service, percent }: MirrorConfig): ForwardAction['mirrors'][number] {
  return { service, percent: percent ?? defaults.MIRROR_PERCENT };
}

function resolveBackends(configs: readonly BackendConfig[], path: ConfigPath, report: Report): readonly WeightedBackend[] {
  const backends = configs.map((config, index) => {
    const detailed = typeof config === 'string' ? { service: config } : config;
    return { path: [...path, index], service: detailed.service, weight: detailed.weight ?? defaults.WEIGHT };
  });
  reportTwins(backends, report);
  reportSum(backends, path, report);
  return backends;
}

function reportTwins(backends: readonly WeightedBackend[], report: Report): void {
  for (const [index, backend] of backends.entries()) {
    const first = backends.findIndex((candidate) => candidate.service === backend.service);
    const twin = backends[first];
    if (twin !== undefined && first < index) {
      report(
        warningAt(backend.path, 'CH2415', {
          message: `the service "${backend.service}" stands twice among the backends; its weights add up`,
          help: 'keep one, with the sum of the weights',
          related: [{ message: 'it is here already', path: twin.path }],
        }),
      );
    }
  }
}

function reportSum(backends: readonly WeightedBackend[], path: ConfigPath, report: Report): void {
  const sum = backends.reduce((total, backend) => total + backend.weight, 0);
  if (sum === 0) {
    const message = 'no backend gets any request: every weight is 0';
    report(errorAt(path, 'CH2408', { message, help: 'give one a weight above 0, or answer with respond: {status: 503}' }));
  }
  if (sum > MAX_WEIGHT_SUM) {
    const message = `the weights add up to ${sum}; Envoy counts to ${MAX_WEIGHT_SUM}`;
    report(errorAt(path, 'CH2408', { message, help: 'divide all weights by the same number' }));
  }
}
