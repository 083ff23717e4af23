// What protects a service and its callers: circuit breakers and outlier detection, defaulted.
import type { CircuitBreakerConfig } from '../config/schema/circuit-breaker.ts';
import type { OutlierDetectionConfig } from '../config/schema/outlier-detection.ts';
import type { ConfigPath } from '../lib/issue.ts';
import * as defaults from './defaults.ts';
import { durationText } from './duration-text.ts';
import { errorAt, type Report } from './issue.ts';
import type { CircuitBreaker, OutlierDetection } from './types.ts';

/** Key by key: the service's own, then `defaults.circuitBreaker`, then Envoy's. */
export function resolveCircuitBreaker(own: CircuitBreakerConfig | undefined, general: CircuitBreakerConfig | undefined): CircuitBreaker {
  const merged = { ...defaults.CIRCUIT_BREAKER, ...general, ...own };
  const { maxConnections, maxPendingRequests, maxRequests, maxRetries } = merged;
  const budget = own?.retryBudget ?? general?.retryBudget;
  return {
    maxConnections,
    maxPendingRequests,
    maxRequests,
    maxRetries,
    ...(budget === undefined ? {} : { retryBudget: { ...defaults.RETRY_BUDGET, ...budget } }),
  };
}

/** `at` gives the place where a key was written. */
export function resolveOutlierDetection(config: OutlierDetectionConfig, at: (key: string) => ConfigPath, report: Report): OutlierDetection {
  const baseEjectionTimeMs = config.baseEjectionTime ?? defaults.OUTLIER_DETECTION.baseEjectionTimeMs;
  const longest = Math.max(defaults.OUTLIER_DETECTION.maxEjectionTimeMs, baseEjectionTimeMs);
  if (config.maxEjectionTime !== undefined && config.maxEjectionTime < baseEjectionTimeMs) {
    report(
      errorAt(at('maxEjectionTime'), 'CH2607', {
        message: `maxEjectionTime is shorter than baseEjectionTime, which is ${durationText(baseEjectionTimeMs)}`,
        help: 'every ejection lasts at least the base time; lower that one as well',
        related: config.baseEjectionTime === undefined ? [] : [{ message: 'baseEjectionTime is here', path: at('baseEjectionTime') }],
      }),
    );
  }
  const { consecutiveGatewayFailures, consecutiveLocalOriginFailures } = config;
  return {
    consecutive5xx: config.consecutive5xx ?? defaults.OUTLIER_DETECTION.consecutive5xx,
    ...(consecutiveGatewayFailures === undefined ? {} : { consecutiveGatewayFailures }),
    ...(consecutiveLocalOriginFailures === undefined ? {} : { consecutiveLocalOriginFailures }),
    intervalMs: config.interval ?? defaults.OUTLIER_DETECTION.intervalMs,
    baseEjectionTimeMs,
    maxEjectionTimeMs: config.maxEjectionTime ?? longest,
    maxEjectionPercent: config.maxEjectionPercent ?? defaults.OUTLIER_DETECTION.maxEjectionPercent,
  };
}
