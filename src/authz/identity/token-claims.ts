// What the claims of a token must say, apart from what a policy asks besides (authz A8, A10-A13, A16). Pure; also run on every cache hit (A17).
import type { Claims, JwtSettings } from '../policy/settings.ts';
import type { AuthReason } from '../reason.ts';

type ClaimSettings = Pick<JwtSettings, 'issuer' | 'audiences' | 'clockSkewSeconds' | 'maxLifetimeSeconds'>;

/** All of A10-A13 and A16; undefined: nothing is wrong. */
export function claimsProblem(claims: Claims, settings: ClaimSettings, nowMs: number): AuthReason | undefined {
  return standingProblem(claims, settings, nowMs) ?? audienceProblem(claims, settings);
}

/** A8: claims that only tokens for other purposes have. */
export function purposeProblem(claims: Claims): AuthReason | undefined {
  const { events, token_use: use } = claims;
  return events === undefined && (use === undefined || use === 'access') ? undefined : 'jwt.type';
}

/** A10-A13, in this order. */
export function standingProblem(claims: Claims, settings: ClaimSettings, nowMs: number): AuthReason | undefined {
  if (claims['iss'] !== settings.issuer) return 'jwt.issuer';
  if (!areTyped(claims)) return 'jwt.claims';
  const { exp, nbf } = claims;
  return isMoment(exp) ? timesProblem({ exp, nbf }, settings, Math.floor(nowMs / 1_000)) : 'jwt.claims';
}

/** A16: exactly, byte for byte. */
export function audienceProblem({ aud }: Claims, { audiences }: Pick<ClaimSettings, 'audiences'>): AuthReason | undefined {
  if (audiences.length === 0) return undefined;
  const named: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  if (!named.every((name) => typeof name === 'string')) return 'jwt.audience';
  return named.some((name) => audiences.includes(name)) ? undefined : 'jwt.audience';
}

/** A11: types of the registered claims, where they are there at all. */
function areTyped({ exp, nbf, iat, sub, jti, scope }: Claims): boolean {
  const moments = [nbf, iat].every((moment) => moment === undefined || isMoment(moment));
  const texts = [sub, jti].every((text) => text === undefined || typeof text === 'string');
  const isScope =
    scope === undefined || typeof scope === 'string' || (Array.isArray(scope) && scope.every((item) => typeof item === 'string'));
  return isMoment(exp) && moments && texts && isScope;
}

/** Seconds since the epoch; a fraction is cut. JSON knows numbers that are none: `1e400` reads as infinite. */
function isMoment(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER;
}

/** A12, A13: in whole seconds, as Envoy compares them. */
function timesProblem(
  { exp, nbf }: { readonly exp: number; readonly nbf: unknown },
  { clockSkewSeconds, maxLifetimeSeconds }: ClaimSettings,
  now: number,
): AuthReason | undefined {
  if (now > Math.floor(exp) + clockSkewSeconds) return 'jwt.expired';
  if (typeof nbf === 'number' && Math.floor(nbf) > now + clockSkewSeconds) return 'jwt.notYetValid';
  return maxLifetimeSeconds !== undefined && Math.floor(exp) - now > maxLifetimeSeconds ? 'jwt.lifetime' : undefined;
}
