// What becomes of a presented credential: whose it is, or why it does not count. From the caches on the spot (S1, S2, I3), else from the
// verifiers; verifications of one token at a time are merged.
import { hash } from 'node:crypto';
import { type CacheListener, CredentialCache } from './cache.ts';
import type { CacheName, CacheSize, CallTimes, HandlerPorts, IntrospectionOutcome, JwtOutcome } from './handler-ports.ts';
import { ClientCertificate } from './policy/client-certificate.ts';
import type { Standing } from './policy/compile-rule.ts';
import type { CompiledPolicy } from './policy/compiled-policy.ts';
import type { KnownPolicies } from './policy/policy-table.ts';
import type { Claims, IntrospectionSettings, JwtSettings, TokenSettings } from './policy/settings.ts';
import { refusal, unknown } from './policy/verdict.ts';
import type { Credential } from './presented-credentials.ts';
import { ProvenIdentity } from './proven-identity.ts';
import { unverifiedIssuer } from './unverified-issuer.ts';

/** How long a verified token is remembered at most. */
const TOKEN_TTL_MS = 300_000;
const REFUSED_TTL_MS = 5_000;
const CERTIFICATE_TTL_MS = 3_600_000;
const MIB = 1024 * 1024;

interface KnownToken {
  readonly standing: Standing & { readonly identity: ProvenIdentity };
  readonly generation: number;
}

const MULTIPLE: Standing = { refusal: refusal('auth.multiple', 'invalid') };
const MALFORMED: Standing = { refusal: refusal('jwt.malformed', 'invalid') };
const OVERSIZED: Standing = { refusal: refusal('jwt.oversized', 'invalid') };
const BAD_SIGNATURE: Standing = { refusal: refusal('jwt.signature', 'invalid') };
const INACTIVE: Standing = { refusal: refusal('token.inactive', 'invalid') };
const INVALID_KEY: Standing = { refusal: refusal('apiKey.invalid', 'invalid') };
/** The policy is here, but not the keys or the pepper that it names. */
const NOT_COMPLETE: Standing = { refusal: unknown('policy.unknown') };

export interface StandingCall extends CallTimes {
  readonly policy: CompiledPolicy;
  readonly known: KnownPolicies;
}

export class Standings {
  readonly #ports: Pick<HandlerPorts, 'jwt' | 'introspection'>;
  readonly #tokens: CredentialCache<KnownToken>;
  readonly #refused: CredentialCache<Standing>;
  readonly #introspected: CredentialCache<Standing>;
  readonly #certificates: CredentialCache<ClientCertificate | 'unreadable'>;
  readonly #pending = new Map<string, Promise<Standing>>();

  constructor(ports: HandlerPorts) {
    this.#ports = ports;
    const listener = (name: CacheName): CacheListener => ({
      hit: () => ports.metrics.cache(name, 'hit'),
      miss: () => ports.metrics.cache(name, 'miss'),
      evicted: () => ports.metrics.cache(name, 'evicted'),
    });
    this.#tokens = new CredentialCache({ entries: 50_000, bytes: 64 * MIB }, listener('token'));
    this.#refused = new CredentialCache({ entries: 4096, bytes: MIB }, listener('token_refused'));
    this.#introspected = new CredentialCache({ entries: 10_000, bytes: 16 * MIB }, listener('introspection'));
    this.#certificates = new CredentialCache({ entries: 1024, bytes: 16 * MIB }, listener('certificate'));
  }

  /** What the caches hold now. */
  sizes(): Readonly<Record<CacheName, CacheSize>> {
    const sizeOf = ({ entries, bytes }: CacheSize): CacheSize => ({ entries, bytes });
    return {
      token: sizeOf(this.#tokens),
      token_refused: sizeOf(this.#refused),
      introspection: sizeOf(this.#introspected),
      certificate: sizeOf(this.#certificates),
    };
  }

  /** Forgets what belongs to providers that no policy has. */
  keepProviders(ids: ReadonlySet<string>): void {
    this.#tokens.keepScopes(ids);
    this.#refused.keepScopes(ids);
    this.#introspected.keepScopes(ids);
  }

  jwt(credential: Credential, call: StandingCall): Standing | Promise<Standing> {
    const key = digestOf(credential);
    const providers = call.policy.jwt.filter(({ from }) => isFrom(from, credential));
    for (const settings of providers) {
      const known = this.#tokens.scope(settings.id).get(key, call.nowMs);
      if (known === undefined) continue;
      if (known.generation === this.#ports.jwt.generation(settings)) return this.#stillValid(known, settings, call.nowMs);
      this.#tokens.scope(settings.id).drop(key);
    }
    const token = textOf(credential);
    if (token.includes(',')) return MULTIPLE;
    const settings = chosen(providers, token);
    if (settings === undefined) return MALFORMED;
    const refused = this.#refused.scope(settings.id).get(key, call.nowMs);
    if (refused !== undefined) return refused;
    return this.#merged(`${settings.id} ${key}`, () => {
      const outcome = this.#ports.jwt.verify(token, settings, call);
      const settle = (settled: JwtOutcome) => this.#verified(settled, settings, { key, nowMs: call.nowMs, size: token.length });
      return outcome instanceof Promise ? outcome.then(settle) : settle(outcome);
    });
  }

  token(credential: Credential, call: StandingCall): Standing | Promise<Standing> {
    const key = digestOf(credential);
    const settings = call.policy.introspection.find(({ from }) => isFrom(from, credential));
    if (settings === undefined) return MALFORMED;
    const known = this.#introspected.scope(settings.id).get(key, call.nowMs);
    if (known !== undefined) return known.identity === undefined ? known : this.#stillActive(known, settings, call.nowMs);
    const token = textOf(credential);
    if (token.includes(',')) return MULTIPLE;
    if (token.length > settings.maxTokenBytes) return OVERSIZED;
    if (!/^[\w.~+/-]+=*$/.test(token)) return MALFORMED;
    return this.#merged(`${settings.id} ${key}`, async () => {
      const outcome = await this.#ports.introspection.introspect(token, settings, call);
      return this.#introspectedAs(outcome, settings, { key, nowMs: call.nowMs, size: token.length });
    });
  }

  apiKey(credential: Credential, { policy, known, nowMs }: StandingCall): Standing {
    const key = textOf(credential);
    let isComplete = true;
    for (const settings of policy.settings.apiKeys) {
      if (!isFrom(settings.from, credential)) continue;
      const index = known.apiKeys.get(settings.setName);
      const pepper = settings.pepperName === undefined ? undefined : known.secrets.get(settings.pepperName);
      if (index === undefined || (settings.pepperName !== undefined && pepper === undefined)) {
        isComplete = false;
        continue;
      }
      const identity = index.find(key, settings, { pepper, nowMs });
      if (identity !== undefined) return { identity };
    }
    if (key.includes(',')) return MULTIPLE;
    return isComplete ? INVALID_KEY : NOT_COMPLETE;
  }

  /** `text`: as the proxy told it. */
  certificate(text: string, nowMs: number): ClientCertificate | 'unreadable' {
    const key = hash('sha256', text, 'base64');
    const scope = this.#certificates.scope('');
    const known = scope.get(key, nowMs);
    if (known !== undefined) return known;
    const value = ClientCertificate.parse(text) ?? 'unreadable';
    scope.put(key, { value, endsMs: nowMs + CERTIFICATE_TTL_MS, bytes: 2048 + text.length });
    return value;
  }

  /** Bytes of an answer that is now kept with a token. */
  grown(credential: Credential, policy: CompiledPolicy, bytes: number): void {
    const key = digestOf(credential);
    for (const { id } of policy.jwt) this.#tokens.scope(id).grow(key, bytes);
    for (const { id } of policy.introspection) this.#introspected.scope(id).grow(key, bytes);
  }

  #stillValid({ standing }: KnownToken, settings: JwtSettings, nowMs: number): Standing {
    const fault = this.#ports.jwt.checkClaims(standing.identity.facts.claims, settings, nowMs);
    return fault === undefined ? standing : { refusal: refusal(fault, 'invalid') };
  }

  #stillActive(standing: Standing & { readonly identity: ProvenIdentity }, settings: IntrospectionSettings, nowMs: number): Standing {
    const fault = this.#ports.introspection.checkClaims(standing.identity.facts.claims, settings, nowMs);
    return fault === undefined ? standing : { refusal: refusal(fault, 'invalid') };
  }

  #merged(key: string, begin: () => Standing | Promise<Standing>): Standing | Promise<Standing> {
    // Most are verified on the spot, and then there is nothing to look for.
    const pending = this.#pending.size === 0 ? undefined : this.#pending.get(key);
    if (pending !== undefined) return pending;
    const standing = begin();
    if (!(standing instanceof Promise)) return standing;
    const merged = standing.finally(() => this.#pending.delete(key));
    this.#pending.set(key, merged);
    return merged;
  }

  #verified(outcome: JwtOutcome, settings: JwtSettings, { key, nowMs, size }: Remembered): Standing {
    if (outcome.kind === 'unknown') return { refusal: unknown(outcome.reason) };
    if (outcome.kind === 'refused') {
      if (outcome.reason === 'jwt.signature')
        this.#refused.scope(settings.id).put(key, { value: BAD_SIGNATURE, endsMs: nowMs + REFUSED_TTL_MS, bytes: 128 });
      return { refusal: refusal(outcome.reason, 'invalid') };
    }
    const standing = { identity: identityOf('jwt', outcome.claims, settings) };
    const expMs = expiryMs(outcome.claims) + settings.clockSkewSeconds * 1000;
    const endsMs = Math.min(nowMs + TOKEN_TTL_MS, expMs);
    this.#tokens.scope(settings.id).put(key, { value: { standing, generation: outcome.generation }, endsMs, bytes: 512 + 3 * size });
    return standing;
  }

  #introspectedAs(outcome: IntrospectionOutcome, settings: IntrospectionSettings, { key, nowMs, size }: Remembered): Standing {
    if (outcome.kind === 'unknown') return { refusal: unknown(outcome.reason) };
    const scope = this.#introspected.scope(settings.id);
    if (outcome.kind === 'inactive') {
      scope.put(key, { value: INACTIVE, endsMs: nowMs + settings.denyForMs, bytes: 128 });
      return INACTIVE;
    }
    const standing = { identity: identityOf('token', outcome.claims, settings) };
    const checked = this.#stillActive(standing, settings, nowMs);
    if (checked.identity === undefined) return checked;
    const endsMs = Math.min(nowMs + settings.cacheForMs, expiryMs(outcome.claims));
    scope.put(key, { value: standing, endsMs, bytes: 2048 + 3 * (size + outcome.bytes) });
    return standing;
  }
}

interface Remembered {
  readonly key: string;
  readonly nowMs: number;
  /** Of the token's text. */
  readonly size: number;
}

function identityOf(kind: 'jwt' | 'token', claims: Claims, settings: TokenSettings): ProvenIdentity {
  const { sub, iss } = claims;
  return new ProvenIdentity({
    kind,
    provider: settings.name,
    issuer: typeof iss === 'string' ? iss : settings.issuer,
    subject: typeof sub === 'string' ? sub : undefined,
    claims,
    scopeClaim: settings.scopeClaim,
    forward: settings.forwardClaims,
  });
}

function expiryMs({ exp }: Claims): number {
  return typeof exp === 'number' ? exp * 1000 : Number.POSITIVE_INFINITY;
}

/** M6: of those that look where the token stood `iss` chooses. A token of nobody's goes to the first, which tells what is wrong with it. */
function chosen(providers: readonly JwtSettings[], token: string): JwtSettings | undefined {
  const [first] = providers;
  if (providers.length < 2) return first;
  const issuer = unverifiedIssuer(token, Math.max(...providers.map(({ maxTokenBytes }) => maxTokenBytes)));
  return providers.find((provider) => provider.issuer === issuer) ?? first;
}

function isFrom(sources: TokenSettings['from'], { location }: Credential): boolean {
  return sources.some(({ kind, name }) => kind === location.at && name === location.name);
}

function digestOf(credential: Credential): string {
  credential.digest ??= hash('sha256', credential.bytes.subarray(credential.start, credential.end), 'base64');
  return credential.digest;
}

function textOf({ bytes, start, end }: Credential): string {
  return bytes.toString('latin1', start, end);
}
