// The claims of a token as it says them: decoded here, verified by nobody, never printed. For questions about a policy, not for trust.
import { decodeBase64url } from '../lib/jose/base64url.ts';
import { type JsonObject, parseStrictJson } from '../lib/jose/strict-json.ts';

const LIMITS = { depth: 16, members: 256 };

/** Undefined for text that is not three segments of which the second is one strict JSON object. */
export function tokenClaims(token: string): JsonObject | undefined {
  const [, payload, signature, ...others] = token.trim().split('.');
  if (payload === undefined || signature === undefined || others.length > 0) return undefined;
  const bytes = decodeBase64url(payload);
  return bytes === undefined ? undefined : parseStrictJson(bytes, LIMITS);
}

/** The member that a path leads to; own members of objects only (M7). */
export function claimAt(claims: JsonObject, path: readonly string[]): unknown {
  let value: unknown = claims;
  for (const step of path) {
    if (typeof value !== 'object' || value === null || Array.isArray(value) || !Object.hasOwn(value, step)) return undefined;
    value = Reflect.get(value, step);
  }
  return value;
}
