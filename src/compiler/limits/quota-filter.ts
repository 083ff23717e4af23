// Limits that are divided over proxies → one filter that counts what it was given (ratelimit R214). Envoy reads nothing of routes here, so a route
// says by headers which limit it means; clients cannot write them (H3), and backends do not get them.
import { isListed, type ListedPart } from '../../model/limits/quota-checks.ts';
import type { Limit, LimitKeyPart, LimitService } from '../../model/limits/types.ts';
import type { Route } from '../../model/types.ts';
import { any } from '../../proto/any.ts';
import { duration } from '../../proto/duration.ts';
import type { TypedExtensionConfig } from '../../proto/generated/envoy/config/core/v3/TypedExtensionConfig.ts';
import type { RateLimitQuotaBucketSettings } from '../../proto/generated/envoy/extensions/filters/http/rate_limit_quota/v3/RateLimitQuotaBucketSettings.ts';
import type { _xds_type_matcher_v3_Matcher_OnMatch as OnMatch } from '../../proto/generated/xds/type/matcher/v3/Matcher.ts';
import { domainOfLimits, nameOfFilterSlot, nameOfService, RATE_LIMIT_CLUSTER } from '../names.ts';

const QUOTA_HEADER = 'x-chancery-quota';
const KEY_HEADER = 'x-chancery-quota-key';
/** Envoy asks for it and reports every 5 s whatever it says. */
const SETTINGS_TYPE = 'envoy.extensions.filters.http.rate_limit_quota.v3.RateLimitQuotaBucketSettings';
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
              limits.map((limit) => [limit.name, compileMatch({ limit, service, listed: limit.parts.filter(isListed) })]),
            ),
          },
        },
      },
    }),
  };
}

interface MatchTask {
  readonly limit: Limit;
  readonly service: LimitService;
  /** Parts whose values are still to be looked at. */
  readonly listed: readonly ListedPart[];
}

/** A request with another value than the listed ones has no bucket, and passes (R111). `values`: by part, found so far. */
function compileMatch({ limit, service, listed }: MatchTask, values: Readonly<Record<string, string>> = {}): OnMatch {
  const [part, ...rest] = listed;
  if (part === undefined) {
    const settings = compileBucket(limit, service, values);
    return { action: { name: limit.name, typed_config: any(SETTINGS_TYPE, settings) } };
  }
  const map = Object.fromEntries(
    part.values.map((value) => [value, compileMatch({ limit, service, listed: rest }, { ...values, [part.part]: value })]),
  );
  return { matcher: { matcher_tree: { input: headerInput(part.name), exact_match_map: { map } } } };
}

/** What a token bucket would be before the first assignment, Envoy cannot say: all or nothing (R214). */
function compileBucket(
  { name, parts, rates, onFailure }: Limit,
  { deniedStatus }: LimitService,
  values: Readonly<Record<string, string>>,
): RateLimitQuotaBucketSettings {
  // R103: a rate of 0 blocks at once.
  const isOpen = onFailure === 'allow' && rates.some(({ limit }) => limit > 0);
  return {
    bucket_id_builder: {
      bucket_id_builder: {
        limit: { string_value: name },
        ...(parts.every(isListed) ? {} : { key: { custom_value: headerInput(KEY_HEADER) } }),
        ...Object.fromEntries(Object.entries(values).map(([part, value]) => [part, { string_value: value }])),
      },
    },
    reporting_interval: duration(REPORT_MS),
    deny_response_settings: { http_status: { code: deniedStatus }, grpc_status: { code: RESOURCE_EXHAUSTED } },
    no_assignment_behavior: { fallback_rate_limit: { blanket_rule: isOpen ? 'ALLOW_ALL' : 'DENY_ALL' } },
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
export function quotaStamps(route: Route, { name, parts }: Limit): QuotaStamps {
  const values = parts.flatMap((part) => (isListed(part) ? [] : [encodeURIComponent(fixedValue(part, route))]));
  return {
    stamps: [
      { header: QUOTA_HEADER, value: name },
      ...(values.length === 0 ? [] : [{ header: KEY_HEADER, value: escaped(values.join('/')) }]),
    ],
    removed: [QUOTA_HEADER, KEY_HEADER],
  };
}

/** The same as companions are told of a request where they count it (R203). */
function fixedValue(part: LimitKeyPart, { name, action }: Route): string {
  if (part.kind === 'const') return part.name;
  const backend = part.kind === 'service' && action.kind === 'forward' ? action.backends[0] : undefined;
  return backend === undefined ? name : nameOfService(backend.service);
}

/** Envoy reads what stands between percent signs. */
function escaped(text: string): string {
  return text.replaceAll('%', '%%');
}
