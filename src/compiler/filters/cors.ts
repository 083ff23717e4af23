// The filter that answers preflight requests and tells browsers which pages may call. Off until a route brings a policy (D11).
import type { CorsOrigin, CorsPolicy } from '../../model/cors.ts';
import { any } from '../../proto/any.ts';
import type { CorsPolicy as CorsPolicyMessage } from '../../proto/generated/envoy/extensions/filters/http/cors/v3/CorsPolicy.ts';
import type { StringMatcher } from '../../proto/generated/envoy/type/matcher/v3/StringMatcher.ts';
import { quoteRegex } from '../quote-regex.ts';
import type { HttpFilterCompiler } from './http-filter-compiler.ts';

export const CORS_FILTER = 'envoy.filters.http.cors';

const MS_PER_SECOND = 1_000;

export const cors: HttpFilterCompiler = {
  appliesTo: 'all',
  compileFilter: () => ({ name: CORS_FILTER, typed_config: any('envoy.extensions.filters.http.cors.v3.Cors', {}), disabled: true }),
};

/** What a route says to the filter. */
export function compileCorsPolicy(policy: CorsPolicy): CorsPolicyMessage {
  return {
    allow_origin_string_match: policy.origins.map(compileOrigin),
    ...(policy.methods.length === 0 ? {} : { allow_methods: policy.methods.join(',') }),
    ...(policy.headers.length === 0 ? {} : { allow_headers: policy.headers.join(',') }),
    ...(policy.exposeHeaders.length === 0 ? {} : { expose_headers: policy.exposeHeaders.join(',') }),
    ...(policy.maxAgeMs === undefined ? {} : { max_age: String(Math.ceil(policy.maxAgeMs / MS_PER_SECOND)) }),
    ...(policy.credentials ? { allow_credentials: { value: true } } : {}),
    ...(policy.privateNetwork ? { allow_private_network_access: { value: true } } : {}),
    // A preflight carries no credentials: one that is not allowed must not reach a backend past authentication.
    forward_not_matching_preflights: { value: false },
  };
}

function compileOrigin(origin: CorsOrigin): StringMatcher {
  switch (origin.kind) {
    case 'any':
      return { exact: '*' };
    case 'exact':
      return { exact: origin.value };
    case 'wildcard': {
      const [scheme = '', rest = ''] = origin.value.split('://*');
      return { safe_regex: { regex: `${quoteRegex(`${scheme}://`)}[a-z0-9._-]+${quoteRegex(rest)}` } };
    }
    case 'regex':
      return { safe_regex: { regex: origin.value } };
  }
}
