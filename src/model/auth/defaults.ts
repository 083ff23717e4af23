// What holds in the auth language where the user says nothing (C5). Chosen to be safe; Envoy has no say in them.
import type { CredentialSource, JwtAlgorithm } from './types.ts';

export const JWT_ALGORITHMS: readonly JwtAlgorithm[] = ['ES256', 'RS256'];

/** As they are kept: lower case, sorted (A8). */
export const JWT_TYPES: readonly string[] = ['at+jwt', 'jwt'];

export const CLOCK_SKEW_SECONDS = 30;

export const MAX_TOKEN_BYTES = 8192;

export const TOKEN_SOURCES: readonly CredentialSource[] = [{ kind: 'header', name: 'authorization', prefix: 'Bearer ' }];

export const KEY_SOURCES: readonly CredentialSource[] = [{ kind: 'header', name: 'x-api-key', prefix: '' }];

export const SCOPE_CLAIM: readonly string[] = ['scope'];

export const KEY_FETCHING = { cacheForMs: 300_000, timeoutMs: 2_000, serveStaleForMs: 3_600_000 } as const;

export const INTROSPECTION = { timeoutMs: 150, cacheForMs: 60_000, denyForMs: 5_000 } as const;

export const COMPANION_TIMEOUT_MS = 250;

/** What a Check needs besides an introspection, inside Envoy's deadline (G11). */
export const INTROSPECTION_RESERVE_MS = 50;

/** The name of the policy written under `defaults.auth`; no name that a user gives holds a slash. */
export const DEFAULT_POLICY = 'defaults/auth';

/** The name of a policy that is written inside a route. */
export function inlinePolicyName(route: string): string {
  return `route/${route}`;
}
