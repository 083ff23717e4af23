// What a token's claims say to a rule of JWT providers: the first thing that is wrong, without a value of the token.

import type { JsonObject } from '../lib/jose/strict-json.ts';
import type { ClaimTest, JwtProvider, Requirements } from '../model/auth/types.ts';
import { claimAt } from './token-claims.ts';

export type TokenAnswer =
  | { readonly holds: true; readonly provider: string }
  | { readonly holds: false; readonly reason: string; readonly why: string };

/** `providers` are those of the rule; reasons are those that a request would be refused with. Signatures are not looked at. */
export function tokenAnswer(
  claims: JsonObject,
  { providers, requirements }: { readonly providers: readonly JwtProvider[]; readonly requirements: Requirements },
  nowMs: number,
): TokenAnswer {
  const provider = providers.find(({ issuer }) => claims['iss'] === issuer);
  if (provider === undefined) return no('jwt.issuer', `its iss is not that of ${providers.map(({ name }) => name).join(', ')}`);
  return (
    timeProblem(claims, provider, nowMs) ??
    audienceProblem(claims, provider) ??
    requirementProblem(claims, provider, requirements) ?? { holds: true, provider: provider.name }
  );
}

function no(reason: string, why: string): TokenAnswer {
  return { holds: false, reason, why };
}

function timeProblem(
  claims: JsonObject,
  { clockSkewSeconds: skew, maxLifetimeSeconds }: JwtProvider,
  nowMs: number,
): TokenAnswer | undefined {
  const { exp, nbf } = claims;
  const now = Math.floor(nowMs / 1000);
  if (typeof exp !== 'number') return no('jwt.claims', 'it has no exp');
  if (now > Math.floor(exp) + skew) return no('jwt.expired', 'it has expired');
  if (typeof nbf === 'number' && Math.floor(nbf) > now + skew) return no('jwt.notYetValid', 'it is not valid yet');
  const isLong = maxLifetimeSeconds !== undefined && Math.floor(exp) - now > maxLifetimeSeconds;
  return isLong ? no('jwt.lifetime', 'it is valid for longer than maxLifetime') : undefined;
}

function audienceProblem({ aud }: JsonObject, { audiences }: JwtProvider): TokenAnswer | undefined {
  if (audiences === 'any') return undefined;
  const named: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  return named.some((each) => audiences.some((audience) => audience === each))
    ? undefined
    : no('jwt.audience', `its aud names none of ${audiences.join(', ')}`);
}

function requirementProblem(
  claims: JsonObject,
  { scopeClaim }: JwtProvider,
  { scopes, anyScope, claims: tests }: Requirements,
): TokenAnswer | undefined {
  const held = scopesOf(claimAt(claims, scopeClaim));
  const missing = scopes.filter((scope) => !held.includes(scope));
  if (missing.length > 0) return no('scope.insufficient', `it lacks the scopes ${missing.join(', ')}`);
  if (anyScope.length > 0 && !anyScope.some((scope) => held.includes(scope))) {
    return no('scope.insufficient', `it has none of the scopes ${anyScope.join(', ')}`);
  }
  const wrong = tests.find((test) => !fitsTest(claimAt(claims, test.claim), test));
  return wrong === undefined ? undefined : no('claim.mismatch', `its claim ${wrong.claim.join('.')} does not pass ${wrong.kind}`);
}

function scopesOf(value: unknown): readonly unknown[] {
  if (typeof value === 'string') return value.split(' ');
  return Array.isArray(value) ? value : [];
}

function fitsTest(value: unknown, test: ClaimTest): boolean {
  switch (test.kind) {
    case 'equals':
      return value === test.value;
    case 'oneOf':
      return test.values.some((each) => each === value);
    case 'prefix':
      return typeof value === 'string' && value.startsWith(test.value);
    case 'suffix':
      return typeof value === 'string' && value.endsWith(test.value);
    case 'contains':
      return Array.isArray(value) && value.includes(test.value);
    case 'exists':
      return value !== undefined;
  }
}
