// WWW-Authenticate of a denial (G8): which credentials are taken and what was wrong, without a word about rules.
import type { PolicySettings } from './policy/settings.ts';
import type { Refusal } from './policy/verdict.ts';
import { type AuthReason, reasonFacts } from './reason.ts';

/** Undefined where a challenge would not help: outages, and denials that no other credential would lift. `metadataUrl`: RFC 9728. */
export function challengeOf(settings: PolicySettings, refusal: Refusal, metadataUrl: string | undefined): string | undefined {
  const { status } = reasonFacts(refusal.reason);
  const isChallenged =
    status === 401 || refusal.reason === 'auth.multiple' || (refusal.reason === 'scope.insufficient' && refusal.ofToken === true);
  if (!isChallenged) return undefined;
  const realm = quoted(settings.realm);
  const schemes: string[] = [];
  if (settings.jwt.length + settings.introspection.length > 0) {
    const parameters = [`realm=${realm}`, ...errorOf(refusal)];
    if (metadataUrl !== undefined) parameters.push(`resource_metadata=${quoted(metadataUrl)}`);
    schemes.push(`Bearer ${parameters.join(', ')}`);
  }
  if (settings.apiKeys.length > 0 && status !== 403) schemes.push(`ApiKey realm=${realm}`);
  return schemes.length === 0 ? undefined : schemes.join(', ');
}

function errorOf({ reason, scope }: Refusal): readonly string[] {
  if (reason === 'auth.multiple') return ['error="invalid_request"'];
  if (reason === 'scope.insufficient') return ['error="insufficient_scope"', ...(scope === undefined ? [] : [`scope=${quoted(scope)}`])];
  return isTokenFault(reason) ? ['error="invalid_token"'] : [];
}

function isTokenFault(reason: AuthReason): boolean {
  return reason === 'token.inactive' || (reason.startsWith('jwt.') && reason !== 'jwt.missing');
}

/** A quoted string of RFC 9110; what cannot stand in one is left out. */
function quoted(text: string): string {
  return `"${text.replace(/[^\x20-\x7e]/g, '').replace(/["\\]/g, '\\$&')}"`;
}
