// WWW-Authenticate of the compiled form, for each kind of fault (G8): what local replies put in from the route's metadata.
import type { AuthModel, AuthPolicy } from '../../model/auth/types.ts';
import { challengeOfScopes } from '../local-replies.ts';
import { scopeSetsOf } from './access.ts';
import { leavesOf } from './policy-parts.ts';

/** By key; empty for a policy that takes no credential which a challenge could ask for. */
export function challengesOf(policy: AuthPolicy, auth: AuthModel, realm: string): Readonly<Record<string, string>> {
  const kinds = new Set(leavesOf(policy.rule).map(({ kind }) => kind));
  const realmText = `realm=${quoted(realm)}`;
  if (!kinds.has('jwt')) return kinds.has('apiKeys') ? { missing: `ApiKey ${realmText}`, request: `ApiKey ${realmText}` } : {};
  const bearer = (...parameters: string[]): string => `Bearer ${[realmText, ...parameters].join(', ')}`;
  return {
    missing: bearer(),
    invalid: bearer('error="invalid_token"'),
    request: bearer('error="invalid_request"'),
    ...Object.fromEntries(
      scopeSetsOf(policy, auth).map((scope, index) => [
        challengeOfScopes(index),
        bearer('error="insufficient_scope"', `scope=${quoted(scope)}`),
      ]),
    ),
  };
}

/** A quoted string of RFC 9110; what cannot stand in one is left out. */
function quoted(text: string): string {
  return `"${text.replaceAll(/[^\x20-\x7e]/g, '').replaceAll(/["\\]/g, '\\$&')}"`;
}
