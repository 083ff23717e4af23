// The filters that ask the limiter, one for each time and each answer to its silence (ratelimit R201, R202): what they ask comes with the route.
import type { Limit, LimitService } from '../../model/limits/types.ts';
import { any } from '../../proto/any.ts';
import { duration } from '../../proto/duration.ts';
import type { TypedExtensionConfig } from '../../proto/generated/envoy/config/core/v3/TypedExtensionConfig.ts';
import { domainOfLimits, nameOfFilterSlot, RATE_LIMIT_CLUSTER } from '../names.ts';
import type { LimitSlot } from './route-limits.ts';

/** Envoy reads names of clusters as authorities, and no server takes the slash. */
const AUTHORITY = 'chancery';

export interface LimitFilterInput {
  readonly gateway: string;
  readonly service: LimitService;
  /** Those of the slot. */
  readonly limits: readonly Limit[];
}

export function compileLimitFilter(slot: LimitSlot, { gateway, service, limits }: LimitFilterInput): TypedExtensionConfig {
  const timeout = duration(service.timeoutMs);
  return {
    name: nameOfFilterSlot(slot),
    typed_config: any('envoy.extensions.filters.http.ratelimit.v3.RateLimit', {
      domain: domainOfLimits(gateway),
      stat_prefix: slot,
      timeout,
      failure_mode_deny: slot.endsWith('deny'),
      status_on_error: { code: 'ServiceUnavailable' },
      rate_limited_status: { code: service.deniedStatus },
      // Else gRPC clients read UNAVAILABLE, and try again.
      rate_limited_as_resource_exhausted: true,
      ...(limits.some(({ headers }) => headers === 'legacy') ? { enable_x_ratelimit_headers: 'DRAFT_VERSION_03' } : {}),
      rate_limit_service: {
        grpc_service: { envoy_grpc: { cluster_name: RATE_LIMIT_CLUSTER, authority: AUTHORITY }, timeout },
        transport_api_version: 'V3',
      },
    }),
  };
}
