// A service's limits → Envoy's CircuitBreakers. Only the default priority: no route sends with another.
import type { CircuitBreaker } from '../model/types.ts';
import type { CircuitBreakers } from '../proto/generated/envoy/config/cluster/v3/CircuitBreakers.ts';

export function compileCircuitBreakers(breaker: CircuitBreaker): CircuitBreakers {
  const { retryBudget } = breaker;
  return {
    thresholds: [
      {
        max_connections: { value: breaker.maxConnections },
        max_pending_requests: { value: breaker.maxPendingRequests },
        max_requests: { value: breaker.maxRequests },
        max_retries: { value: breaker.maxRetries },
        ...(retryBudget === undefined
          ? {}
          : {
              retry_budget: {
                budget_percent: { value: retryBudget.percent },
                min_retry_concurrency: { value: retryBudget.minConcurrency },
              },
            }),
        // How near the limits are is what one wants to see of them.
        track_remaining: true,
      },
    ],
  };
}
