// Limits that are divided over proxies → one filter that counts what it was given (ratelimit R214). Envoy reads nothing of routes here, so a route
// says by headers which limit it means; clients cannot write them (H3), and backends do not get them.
import type { Limit, LimitService } from '../../model/limits/types.ts';
import type { Route } from '../../model/types.ts';
import { any } from '../../proto/any.ts';
import { duration } from '../../proto/duration.ts';
import type { TypedExtensionConfig } from '../../proto/generated/envoy/config/core/v3/TypedExtensionConfig.ts';
import type { RateLimitQuotaBucketSettings } from '../../proto/generated/envoy/extensions/filters/http/rate_limit_quota/v3/RateLimitQuotaBucketSettings.ts';
import { domainOfLimits, nameOfFilterSlot, RATE_LIMIT_CLUSTER } from '../names.ts';

const QUOTA_HEADER = 'x-chancery-quota';
const KEY_HEADER = 'x-chancery-quota-key';
/** Envoy asks for it and reports every 5 s whatever it says. */
const REPORT_MS = 5_000;
const RESOURCE_EXHAUSTED = 8;
const AUTHORITY = 'chancery';

export const QUOTA_SLOT = 'limit-quota';

export interface QuotaFilterInput {
  readonly gateway: string;
  readonly service: LimitService;
  /** Those of scope quota, at least one. */
  readonly limits: readonly Limit[];
}

export function compileQuotaFilter({ gateway, service, limits }: QuotaFilterInput): TypedExtensionConfig {
  return {
    name: nameOfFilterSlot(QUOTA_SLOT),
    typed_config: any('envoy.extensions.filters.http.rate_limit_quota.v3.RateLimitQuotaFilterConfig', {
      rlqs_server: { envoy_grpc: { cluster_name: RATE_LIMIT_CLUSTER, authority: AUTHORITY } },
      domain: domainOfLimits(gateway),
      bucket_matchers: {
        matcher_tree: {
          input: headerInput(QUOTA_HEADER),
          exact_match_map: {
            map: Object.fromEntries(
              limits.map((limit) => [
                limit.name,
                {
                  action: {
                    name: limit.name,
                    typed_config: any(
                      'envoy.extensions.filters.http.rate_limit_quota.v3.RateLimitQuotaBucketSettings',
                      compileBucket(limit, service),
                    ),
                  },
                },
              ]),
            ),
          },
        },
      },
    }),
  };
}

/** What a token bucket would be before the first assignment, Envoy cannot say: all or nothing (R214). */
function compileBucket({ name, parts, onFailure }: Limit, { deniedStatus }: LimitService): RateLimitQuotaBucketSettings {
  return {
    bucket_id_builder: {
      bucket_id_builder: {
        limit: { string_value: name },
        ...(parts.length === 0 ? {} : { key: { custom_value: headerInput(KEY_HEADER) } }),
      },
    },
    reporting_interval: duration(REPORT_MS),
    deny_response_settings: { http_status: { code: deniedStatus }, grpc_status: { code: RESOURCE_EXHAUSTED } },
    no_assignment_behavior: { fallback_rate_limit: { blanket_rule: onFailure === 'allow' ? 'ALLOW_ALL' : 'DENY_ALL' } },
  };
}

function headerInput(header_name: string): TypedExtensionConfig {
  return { name: header_name, typed_config: any('envoy.type.matcher.v3.HttpRequestHeaderMatchInput', { header_name }) };
}

export interface QuotaStamps {
  readonly stamps: readonly { readonly header: string; readonly value: string }[];
  /** Not for backends. */
  readonly removed: readonly string[];
}

/** What a route's requests bear for the filter. Values stand in the order of the key, each as in a URI. */
export function quotaStamps({ name: route }: Route, { name, parts }: Limit): QuotaStamps {
  const values = parts.map((part) => encodeURIComponent(part.kind === 'const' ? part.name : route));
  return {
    stamps: [
      { header: QUOTA_HEADER, value: name },
      ...(parts.length === 0 ? [] : [{ header: KEY_HEADER, value: escaped(values.join('/')) }]),
    ],
    removed: [QUOTA_HEADER, KEY_HEADER],
  };
}

/** Envoy reads what stands between percent signs. */
function escaped(text: string): string {
  return text.replaceAll('%', '%%');
}
