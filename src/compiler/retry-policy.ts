// A route's retries → Envoy's RetryPolicy. How many retries a service bears at once is its circuit breaker's business.
import type { Retry } from '../model/types.ts';
import { any } from '../proto/any.ts';
import { duration } from '../proto/duration.ts';
import type { RetryPolicy } from '../proto/generated/envoy/config/route/v3/RetryPolicy.ts';

/** How often another endpoint is looked for before the same one is tried again. */
const HOST_SELECTION_ATTEMPTS = 3;

export function compileRetryPolicy(retry: Retry): RetryPolicy {
  const hasCodes = retry.retriableStatusCodes.length > 0;
  const conditions = new Set([...retry.retryOn, ...(hasCodes ? ['retriable-status-codes'] : [])]);
  return {
    retry_on: [...conditions].join(','),
    num_retries: { value: retry.attempts },
    ...(hasCodes ? { retriable_status_codes: [...retry.retriableStatusCodes] } : {}),
    ...(retry.perTryTimeoutMs === undefined ? {} : { per_try_timeout: duration(retry.perTryTimeoutMs) }),
    retry_back_off: { base_interval: duration(retry.backoff.baseMs), max_interval: duration(retry.backoff.maxMs) },
    retry_host_predicate: [
      {
        name: 'envoy.retry_host_predicates.previous_hosts',
        typed_config: any('envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate', {}),
      },
    ],
    host_selection_retry_max_attempts: HOST_SELECTION_ATTEMPTS,
  };
}
