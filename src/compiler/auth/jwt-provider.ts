// A provider of the compiled form → Envoy's JwtProvider, but for its keys (C4). What rules ask of a token they find in dynamic metadata, under
// the name of the provider; the token's header is beside it. Each costs every request a copy, so nothing is put there that nobody reads (P24).
import { digestOf } from '../../lib/digest.ts';
import type { JwtProvider } from '../../model/auth/types.ts';
import { duration } from '../../proto/duration.ts';
import type { JwtHeader } from '../../proto/generated/envoy/extensions/filters/http/jwt_authn/v3/JwtHeader.ts';
import type { JwtProvider as JwtProviderMessage } from '../../proto/generated/envoy/extensions/filters/http/jwt_authn/v3/JwtProvider.ts';

/** Verified tokens that one thread of Envoy remembers. */
const CACHED_TOKENS = 1000;
const MS_PER_SECOND = 1000;

/** Key of dynamic metadata; names of providers hold no colon. */
export function nameOfTokenHeader(provider: string): string {
  return `header:${provider}`;
}

/** `<name>@<16 hex of what it says>`: of two revisions that mean different things by one name, both can be in one filter (C6). */
export function nameOfProviderVersion(provider: JwtProvider): string {
  const { keys } = provider;
  const meaning = { ...provider, path: [], keys: keys.kind === 'secret' ? { kind: keys.kind } : keys };
  return `${provider.name}@${digestOf(JSON.stringify(meaning))}`;
}

/** Without keys. The credential stays until the route takes it away: rules look at its spelling. */
export function compileJwtProvider(provider: JwtProvider): JwtProviderMessage {
  const { name, issuer, from, clockSkewSeconds, maxLifetimeSeconds, maxTokenBytes, forwardClaims } = provider;
  return {
    issuer,
    forward: true,
    from_headers: from.flatMap((source) => (source.kind === 'header' ? compileSource(source.name, source.prefix) : [])),
    payload_in_metadata: name,
    header_in_metadata: nameOfTokenHeader(name),
    // 0 would be Envoy's default of a minute.
    clock_skew_seconds: clockSkewSeconds,
    require_expiration: true,
    ...(maxLifetimeSeconds === undefined ? {} : { max_lifetime: duration(maxLifetimeSeconds * MS_PER_SECOND) }),
    jwt_cache_config: { jwt_cache_size: CACHED_TOKENS, jwt_max_token_size: maxTokenBytes },
    claim_to_headers: forwardClaims.map(({ header, claim }) => ({ header_name: header, claim_name: claim.join('.') })),
  };
}

function compileSource(name: string, prefix: string): readonly JwtHeader[] {
  const prefixes = prefix === 'Bearer ' ? ['Bearer ', 'bearer '] : [prefix];
  return prefixes.map((value) => ({ name, ...(value === '' ? {} : { value_prefix: value }) }));
}
