// Places in the chain for filters whose configuration changes while listeners must not (D11): they stand there disabled, routes switch them
// on, and what they do comes by ECDS under the filter's name (R13). Until a feature fills a slot, it holds a filter that does no harm.
import { any } from '../../proto/any.ts';
import type { TypedExtensionConfig } from '../../proto/generated/envoy/config/core/v3/TypedExtensionConfig.ts';
import { TYPE_URL_PREFIX } from '../../proto/type-urls.ts';
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

/** In the order in which requests pass them: who it is, whether he may, whether he may so often. */
export const AUTH_SLOTS: readonly FilterSlot[] = [
  { name: 'jwt', type: 'envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication', whenEmpty: 'deny' },
  { name: 'rbac', type: 'envoy.extensions.filters.http.rbac.v3.RBAC', whenEmpty: 'deny' },
  { name: 'authz', type: 'envoy.extensions.filters.http.ext_authz.v3.ExtAuthz', whenEmpty: 'deny' },
];
export const LIMIT_SLOTS: readonly FilterSlot[] = [
  { name: 'limit-local', type: 'envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit', whenEmpty: 'allow' },
  { name: 'limit-shared', type: 'envoy.extensions.filters.http.ratelimit.v3.RateLimit', whenEmpty: 'allow' },
];

/** Denies or allows everything, without looking at the request. */
const EMPTY_TYPE = 'envoy.extensions.filters.http.rbac.v3.RBAC';

/** The place in the chain. Its bytes never depend on what fills it. */
export function slotFilter({ name, type }: FilterSlot): HttpFilterCompiler {
  const typeUrls = [...new Set([type, EMPTY_TYPE])].map((each) => `${TYPE_URL_PREFIX}${each}`);
  return {
    appliesTo: 'all',
    compileFilter: () => ({
      name: nameOfFilterSlot(name),
      config_discovery: { config_source: ADS, type_urls: typeUrls },
      disabled: true,
    }),
  };
}

/** What is served for a slot that nothing fills: without it, a listener would wait for it. */
export function emptySlot({ name, whenEmpty }: FilterSlot): TypedExtensionConfig {
  const rules = whenEmpty === 'deny' ? { rules: { action: 'ALLOW', policies: {} } as const } : {};
  return { name: nameOfFilterSlot(name), typed_config: any(EMPTY_TYPE, rules) };
}
