// Retries of a route: its own words over `defaults.retry` over the built-in ones, key by key.
import type { RetryConfig } from '../config/schema/retry.ts';
import type { ConfigPath } from '../lib/issue.ts';
import * as defaults from './defaults.ts';
import { durationText } from './duration-text.ts';
import { errorAt, type Report, warningAt } from './issue.ts';
import type { Retry } from './types.ts';

const BY_STATUS = 'retriable-status-codes';

export interface RetryPlace {
  /** Path of the route. */
  readonly path: ConfigPath;
  readonly general: RetryConfig | undefined;
  readonly timeoutMs: number | 'none';
}

/** Undefined: no retries and no limit for one try. */
export function resolveRetry(own: RetryConfig | undefined, place: RetryPlace, report: Report): Retry | undefined {
  const merged = { ...place.general, ...own };
  const attempts = merged.attempts ?? defaults.RETRY_ATTEMPTS;
  const at = (key: keyof RetryConfig): ConfigPath =>
    own?.[key] === undefined ? ['defaults', 'retry', key] : [...place.path, 'retry', key];
  reportNoEffect(own, { place, attempts }, report);
  reportLongTry(merged.perTryTimeout, { place, path: at('perTryTimeout') }, report);
  if (merged.retryOn?.includes(BY_STATUS) === true && merged.statusCodes === undefined) {
    const message = `${BY_STATUS} retries on the codes of statusCodes, and there is none`;
    report(errorAt([...at('retryOn'), merged.retryOn.indexOf(BY_STATUS)], 'CH2414', { message, help: 'add statusCodes: [503]' }));
  }
  if (attempts === 0 && merged.perTryTimeout === undefined) {
    return undefined;
  }
  const statusCodes = [...new Set(merged.statusCodes)].sort((a, b) => a - b);
  const retryOn = new Set([...(merged.retryOn ?? defaults.RETRY_ON), ...(statusCodes.length > 0 ? [BY_STATUS] : [])]);
  return {
    attempts,
    retryOn: [...retryOn].sort(),
    retriableStatusCodes: statusCodes,
    ...(merged.perTryTimeout === undefined ? {} : { perTryTimeoutMs: merged.perTryTimeout }),
    backoff: merged.backoff ?? defaults.BACKOFF,
  };
}

interface Attempts {
  readonly place: RetryPlace;
  readonly attempts: number;
}

function reportNoEffect(own: RetryConfig | undefined, { place, attempts }: Attempts, report: Report): void {
  const hasWords = own !== undefined && (own.retryOn ?? own.statusCodes ?? own.backoff) !== undefined;
  if (!hasWords || attempts > 0 || own.attempts !== undefined) {
    return;
  }
  report(
    warningAt([...place.path, 'retry'], 'CH2412', {
      message: 'nothing is retried, because attempts is 0 unless written',
      help: 'add attempts: 1, or more',
    }),
  );
}

function reportLongTry(
  perTryTimeout: number | undefined,
  { place, path }: { readonly place: RetryPlace; readonly path: ConfigPath },
  report: Report,
): void {
  if (perTryTimeout === undefined || place.timeoutMs === 'none' || perTryTimeout < place.timeoutMs) {
    return;
  }
  const message = `one try may take ${durationText(perTryTimeout)}, but all tries together only ${durationText(place.timeoutMs)}`;
  report(warningAt(path, 'CH2413', { message, help: 'lower perTryTimeout, or raise the timeout of the route' }));
}
