// Places in the chain for filters whose configuration changes while listeners must not (D11): they stand there disabled, routes switch them
// on, and what they do comes by ECDS under the filter's name (R13). Until a feature fills a slot, it holds a filter that does no harm.
import { any } from '../../proto/any.ts';
import type { TypedExtensionConfig } from '../../proto/generated/envoy/config/core/v3/TypedExtensionConfig.ts';
import { EMPTY_SLOT_FILTER, TYPE_URL_PREFIX } from '../../proto/type-urls.ts';
import { ADS } from '../config-source.ts';
import { nameOfFilterSlot } from '../names.ts';
import type { HttpFilterCompiler } from './http-filter-compiler.ts';

export interface FilterSlot {
  readonly name: string;
  /** The type of the filter that will stand there. Envoy refuses a configuration of any other type but the empty one. */
  readonly type: string;
  /**
   * What an empty slot does to a request whose route switches it on, as happens when the configuration of the filter was refused or has not
   * come yet: what decides about access denies, what counts lets pass (`onFailure` of the design).
   */
  readonly whenEmpty: 'deny' | 'allow';
}

const JWT_AUTHN = 'envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication';
const EXT_AUTHZ = 'envoy.extensions.filters.http.ext_authz.v3.ExtAuthz';
const LOCAL_RATE_LIMIT = 'envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit';
const RATE_LIMIT = 'envoy.extensions.filters.http.ratelimit.v3.RateLimit';

/** Limits that need not know who calls. What happens when nobody counts belongs to the filter, hence the pairs (R201). */
export const EARLY_LIMIT_SLOTS: readonly FilterSlot[] = [
  { name: 'limit-early-allow', type: RATE_LIMIT, whenEmpty: 'allow' },
  { name: 'limit-early-deny', type: RATE_LIMIT, whenEmpty: 'deny' },
];
/** Who it is. */
export const JWT_SLOT: FilterSlot = { name: 'jwt', type: JWT_AUTHN, whenEmpty: 'deny' };
/** The same by a key. Envoy warns of this filter wherever it stands, so it comes only where it is used. */
export const API_KEY_SLOT: FilterSlot = {
  name: 'api-key',
  type: 'envoy.extensions.filters.http.api_key_auth.v3.ApiKeyAuth',
  whenEmpty: 'deny',
};
/** Whether he may, says the companion; the second lets pass when none answers (authz G17). */
export const AUTHZ_SLOTS: readonly FilterSlot[] = [
  { name: 'authz', type: EXT_AUTHZ, whenEmpty: 'deny' },
  { name: 'authz-open', type: EXT_AUTHZ, whenEmpty: 'allow' },
];
/** Whether he may so often. */
export const MAIN_LIMIT_SLOTS: readonly FilterSlot[] = [
  { name: 'limit-local', type: LOCAL_RATE_LIMIT, whenEmpty: 'allow' },
  { name: 'limit-fleet', type: LOCAL_RATE_LIMIT, whenEmpty: 'allow' },
  { name: 'limit-main-allow', type: RATE_LIMIT, whenEmpty: 'allow' },
  { name: 'limit-main-deny', type: RATE_LIMIT, whenEmpty: 'deny' },
  { name: 'limit-quota', type: 'envoy.extensions.filters.http.rate_limit_quota.v3.RateLimitQuotaFilterConfig', whenEmpty: 'allow' },
];

/** In the order in which requests pass them. */
export const FILTER_SLOTS: readonly FilterSlot[] = [...EARLY_LIMIT_SLOTS, JWT_SLOT, API_KEY_SLOT, ...AUTHZ_SLOTS, ...MAIN_LIMIT_SLOTS];

/** The place in the chain. Its bytes never depend on what fills it. */
export function slotFilter({ name, type }: FilterSlot): HttpFilterCompiler {
  const typeUrls = [...new Set([type, EMPTY_SLOT_FILTER])].map((each) => `${TYPE_URL_PREFIX}${each}`);
  return {
    appliesTo: 'all',
    compileFilter: () => ({
      name: nameOfFilterSlot(name),
      config_discovery: { config_source: ADS, type_urls: typeUrls },
      disabled: true,
    }),
  };
}

/** What is served for a slot that nothing fills: without it, a listener would wait for it. Denies or allows everything, without looking at the request. */
export function emptySlot({ name, whenEmpty }: FilterSlot): TypedExtensionConfig {
  const rules = whenEmpty === 'deny' ? { rules: { action: 'ALLOW', policies: {} } as const } : {};
  return { name: nameOfFilterSlot(name), typed_config: any(EMPTY_SLOT_FILTER, rules) };
}
