// Every value that holds where the user says nothing (C5), with its source. Nothing else in the model invents a number.
import type { RolloutSettings } from './delivery-settings.ts';
import type { CircuitBreaker, PathHandling, RedirectCode, TlsVersion } from './types.ts';

/** All interfaces, IPv4. Ours: Envoy has no default. */
export const LISTENER_ADDRESS = '0.0.0.0';

/** Envoy: `x-forwarded-for` is not trusted (xff_num_trusted_hops 0). */
export const TRUSTED_HOPS = 0;

/** Envoy: path_with_escaped_slashes_action KEEP_UNCHANGED, merge_slashes false. */
export const PATH_HANDLING: PathHandling = { escapedSlashes: 'keep', mergeSlashes: false, parameters: 'allow' };

/** Ours, once a gateway has any auth: no spelling of a path may lead past the route that protects it (authz H4, C3). */
export const STRICT_PATH_HANDLING: PathHandling = { escapedSlashes: 'reject', mergeSlashes: true, parameters: 'reject' };

/** Envoy: MOVED_PERMANENTLY. */
export const REDIRECT_CODE: RedirectCode = 301;

/** Envoy as a server: TLS 1.2 to 1.3; towards services 1.3 is ours, Envoy stops at 1.2 there (B6). */
export const TLS_VERSIONS: { readonly min: TlsVersion; readonly max: TlsVersion } = { min: '1.2', max: '1.3' };

/** Ours: HTTP/2 first. Envoy offers nothing unless told. */
export const ALPN: readonly string[] = ['h2', 'http/1.1'];

/** Envoy: route timeout, 15 s from the end of the request. */
export const TIMEOUT_MS = 15_000;

/** Envoy: Cluster.connect_timeout, 5 s. */
export const CONNECT_TIMEOUT_MS = 5_000;

/** Ours: retrying is opt-in, because a POST may not be safe to repeat. Envoy's num_retries is 1 once there is a policy. */
export const RETRY_ATTEMPTS = 0;

/** Ours: failures before a service saw the request, safe for every method. Envoy has no default. */
export const RETRY_ON: readonly string[] = ['connect-failure', 'refused-stream', 'reset-before-request'];

/** Envoy: base 25 ms, maximum ten times the base. */
export const BACKOFF = { baseMs: 25, maxMs: 250 } as const;

/** Envoy: core.v3 circuit breakers, `Thresholds`. */
export const CIRCUIT_BREAKER: CircuitBreaker = { maxConnections: 1024, maxPendingRequests: 1024, maxRequests: 1024, maxRetries: 3 };

/** Envoy: `Thresholds.RetryBudget`. */
export const RETRY_BUDGET = { percent: 20, minConcurrency: 3 } as const;

/** Envoy: cluster.v3 OutlierDetection. max_ejection_time is 300 s or the base where that is longer. */
export const OUTLIER_DETECTION = {
  consecutive5xx: 5,
  intervalMs: 10_000,
  baseEjectionTimeMs: 30_000,
  maxEjectionTimeMs: 300_000,
  maxEjectionPercent: 10,
} as const;

/** Ours: Envoy demands all four. */
export const HEALTH_CHECK = { intervalMs: 10_000, timeoutMs: 1_000, unhealthyThreshold: 3, healthyThreshold: 2 } as const;

/** Envoy: only 200 is healthy. */
export const HEALTHY_STATUSES = [{ from: 200, to: 200 }] as const;

/** Envoy: leastRequest compares 2; Maglev tables have 65,537 places; rings 1,024 to 8 Mi. */
export const LEAST_REQUEST_CHOICES = 2;
export const MAGLEV_TABLE_SIZE = 65_537;
export const RING_SIZES = { min: 1_024, max: 8_388_608 } as const;

/** Ours: a removed endpoint drains for 5 s (D12), the last ones stay 5 min (D18); lists are fetched every 10 s, in 2 s. */
export const DISCOVERY = { drainForMs: 5_000, keepLastForMs: 300_000, intervalMs: 10_000, timeoutMs: 2_000 } as const;

/** Ours: IPv4 first, because a name that has both is reached on machines without IPv6 too, as containers often are. */
export const IP_FAMILY = 'preferV4';

/** Of endpoints, and of backends in a split. */
export const WEIGHT = 1;

/** Of endpoints: the first to be tried. */
export const ENDPOINT_PRIORITY = 0;

/** Of routes (C1). */
export const ROUTE_PRIORITY = 0;

/** Ours, and Envoy's guide for edge proxies: backends that read `x_user_id` and `x-user-id` as one header must not be fooled. */
export const UNDERSCORES: 'reject' | 'drop' | 'keep' = 'reject';

/** Ours: a fault without a share is for every request. The status has no meaning of its own: the language demands one. */
export const FAULT_PERCENT = 100;
export const FAULT_STATUS = 503;

/** Ours: a mirror gets everything. */
export const MIRROR_PERCENT = 100;

/** Ours, so that a JSON body is called so. Envoy says text/plain for every body. */
export const JSON_CONTENT_TYPE = 'application/json';

/** Ours (D13): one node first, then all, with no time between. Ten seconds are the clock of every wait (D8). */
export const DEFAULT_ROLLOUT: RolloutSettings = {
  steps: [
    { kind: 'count', nodes: 1 },
    { kind: 'share', percent: 100 },
  ],
  soakMs: 0,
  abortOn: { nacks: 1 },
  quorum: 95,
  timeoutMs: 10_000,
};

/** Ours (D6): dropped resources stay at least so long, and so long where a route has no timeout: Envoy's idle timeout of a stream. */
export const LINGER_MS = 30_000;
export const OPEN_ENDED_LINGER_MS = 300_000;

/** Ours (D7): a name is resolved, or a first health check spread, within this time. */
export const WARM_UP_MS = 1_000;
