// What one provider of a gateway would say of a token: by the companion's own verifier where the keys are at hand. Nothing is fetched.
import type { JwtVerifier } from '../authz/handler-ports.ts';
import { createJwtVerifier } from '../authz/identity/jwt-verifier.ts';
import { KnownHeaders } from '../authz/identity/known-headers.ts';
import { claimsProblem, purposeProblem } from '../authz/identity/token-claims.ts';
import { TOKEN_LIMITS, tokenForm } from '../authz/identity/token-form.ts';
import { tokenHeader } from '../authz/identity/token-header.ts';
import { createInlineKeys } from '../authz/jwks/inline-keys.ts';
import type { KeyOwner } from '../authz/jwks/key-source.ts';
import type { JwtSettings, KeySettings } from '../authz/policy/settings.ts';
import type { JwtKeys, JwtProvider } from '../model/auth/types.ts';

export interface ProviderOpinion {
  readonly gateway: string;
  readonly provider: string;
  /** Nothing speaks against it, as far as was looked. */
  readonly accepted: boolean;
  /** Undefined: not looked at, because its keys would have to be fetched. */
  readonly signature?: 'verified';
  /** Reason code of a denial (authz §4). */
  readonly reason?: string;
  readonly says: string;
}

const SECRET = 'secret';

/** Times are judged at `nowMs`, with the provider's clock skew. */
export async function providerOpinion(
  token: string,
  { gateway, provider, nowMs }: { readonly gateway: string; readonly provider: JwtProvider; readonly nowMs: number },
): Promise<ProviderOpinion> {
  const settings = settingsOf(provider);
  const about = { gateway, provider: provider.name };
  if (settings.keys.kind === 'remote') {
    const reason = unsignedProblem(token, settings, nowMs);
    if (reason !== undefined) return { ...about, accepted: false, reason, says: `refused: ${reason}` };
    const says = 'issuer, audience, algorithm and times fit; the signature was not checked: its keys were not fetched';
    return { ...about, accepted: true, says };
  }
  const outcome = await verifierOf(provider.keys).verify(token, settings, { nowMs, deadlineMs: Number.MAX_SAFE_INTEGER });
  if (outcome.kind === 'valid') return { ...about, accepted: true, signature: 'verified', says: 'accepted, and its signature is good' };
  return { ...about, accepted: false, reason: outcome.reason, says: `refused: ${outcome.reason}` };
}

function unsignedProblem(token: string, settings: JwtSettings, nowMs: number): string | undefined {
  const form = tokenForm(token, settings, new KnownHeaders(TOKEN_LIMITS));
  if (typeof form === 'string') return form;
  const header = tokenHeader(form.header, settings);
  if (typeof header === 'string') return header;
  return purposeProblem(form.claims) ?? claimsProblem(form.claims, settings, nowMs);
}

function verifierOf(keys: JwtKeys): JwtVerifier {
  const inline = createInlineKeys();
  const keysOf = (owner: KeyOwner) => inline(owner, owner.keys.kind === 'inline' ? owner.keys.jwks : '');
  return createJwtVerifier({ keys: { keysOf, wanted: keysOf }, secrets: () => (keys.kind === 'secret' ? keys.secret : undefined) });
}

function settingsOf(provider: JwtProvider): JwtSettings {
  const { path: _path, audiences, keys, maxLifetimeSeconds, ...rest } = provider;
  return {
    ...rest,
    id: provider.name,
    audiences: audiences === 'any' ? [] : audiences,
    maxLifetimeSeconds,
    keys: keySettings(keys),
  };
}

function keySettings(keys: JwtKeys): KeySettings {
  if (keys.kind === 'inline') return keys;
  if (keys.kind === 'secret') return { kind: 'secret', secretName: SECRET };
  const { url, cacheForMs, timeoutMs, serveStaleForMs } = keys;
  return { kind: 'remote', url, discovery: keys.kind === 'discovery', cacheForMs, timeoutMs, serveStaleForMs, ca: undefined };
}
