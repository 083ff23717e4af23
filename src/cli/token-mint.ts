// `chancery token mint --dev`: signs tokens with the development key of the state directory, for providers that trust that key and no others.
import { randomUUID, sign } from 'node:crypto';
import path from 'node:path';
import { DEVELOPMENT_KEY_VARIABLE, type DevelopmentKey, developmentKey } from '../demo/development-key.ts';
import { ChanceryError } from '../lib/errors.ts';
import { parseKeySet } from '../lib/jose/key-set.ts';
import type { JwtProvider } from '../model/auth/types.ts';
import { EXIT } from './exit-codes.ts';
import { goodModels } from './good-models.ts';
import type { Terminal } from './terminal.ts';
import { DEFAULT_STATE, QUICKSTART } from './up-plan.ts';

export interface MintFlags {
  readonly config?: readonly string[];
  readonly state?: string;
  readonly provider?: string;
  readonly scope?: string;
  readonly claim?: readonly string[];
  readonly expires: string;
}

/** Prints the token alone. Throws ERR_USAGE for a provider that does not trust the development key. */
export async function mintToken(flags: MintFlags, terminal: Terminal): Promise<number> {
  const { env, cwd } = terminal;
  const lifetime = secondsOf(flags.expires);
  const key = developmentKey(path.resolve(cwd, flags.state ?? env.CHANCERY_STATE ?? DEFAULT_STATE));
  const config = flags.config ?? ((env.CHANCERY_CONFIG ?? '') === '' ? [QUICKSTART] : undefined);
  const models = await goodModels(config, { ...terminal, env: { ...env, [DEVELOPMENT_KEY_VARIABLE]: key.x } });
  if (models === undefined) return EXIT.invalid;
  const { provider, kid } = trusting(
    models.flatMap(({ auth }) => auth?.jwt ?? []),
    key,
    flags.provider,
  );
  if (provider.maxLifetimeSeconds !== undefined && lifetime > provider.maxLifetimeSeconds) {
    throw new ChanceryError('ERR_USAGE', `--expires ${flags.expires} is longer than maxLifetime of ${provider.name}`);
  }
  const header = { alg: 'EdDSA', typ: provider.types.includes('at+jwt') ? 'at+jwt' : 'JWT', kid };
  const signed = `${encoded(header)}.${encoded(claimsOf(provider, flags, lifetime))}`;
  terminal.out(`${signed}.${sign(null, Buffer.from(signed), key.privateKey).toString('base64url')}\n`);
  return EXIT.ok;
}

function trusting(providers: readonly JwtProvider[], { x }: DevelopmentKey, wanted: string | undefined) {
  const found = providers.flatMap((provider) => {
    const { keys } = provider;
    const set = keys.kind === 'inline' ? parseKeySet(keys.jwks, ['EdDSA']) : undefined;
    const key = set?.ok === true ? set.value.keys.find((each) => each.kty === 'OKP' && each.x === x) : undefined;
    return key === undefined || !provider.algorithms.includes('EdDSA') ? [] : [{ provider, kid: key.kid }];
  });
  const chosen = wanted === undefined ? found[0] : found.find(({ provider }) => provider.name === wanted);
  if (chosen !== undefined) return chosen;
  const names = found.map(({ provider }) => provider.name).join(', ');
  const who = wanted === undefined ? 'no provider of the file' : `"${wanted}" is no provider that`;
  throw new ChanceryError('ERR_USAGE', `${who} trusts the development key`, {
    remedy:
      names === ''
        ? `tokens of other issuers come from those issuers; how to trust this one: \${env:${DEVELOPMENT_KEY_VARIABLE}} in envoy/quickstart/gateway.yaml`
        : `those that do: ${names}`,
  });
}

function claimsOf({ issuer, audiences, scopeClaim }: JwtProvider, flags: MintFlags, lifetime: number): Readonly<Record<string, unknown>> {
  const now = Math.floor(Date.now() / 1000);
  const scope = flags.scope === undefined ? {} : nested(scopeClaim, flags.scope);
  const audience = audiences === 'any' ? {} : { aud: audiences[0] };
  const standard = { iss: issuer, sub: 'developer', ...audience, iat: now, exp: now + lifetime, jti: randomUUID(), ...scope };
  return { ...standard, ...Object.fromEntries((flags.claim ?? []).map(claimOf)) };
}

function nested(steps: readonly string[], value: string): Readonly<Record<string, unknown>> {
  const [first, ...rest] = steps;
  if (first === undefined) return {};
  return { [first]: rest.length === 0 ? value : nested(rest, value) };
}

function claimOf(text: string): readonly [string, unknown] {
  const at = text.indexOf('=');
  if (at <= 0) throw new ChanceryError('ERR_USAGE', '--claim is NAME=VALUE', { remedy: '--claim sub=alice --claim \'roles=["ops"]\'' });
  const value = text.slice(at + 1);
  try {
    const parsed: unknown = JSON.parse(value);
    return [text.slice(0, at), parsed];
  } catch {
    return [text.slice(0, at), value];
  }
}

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 };
const LONGEST_SECONDS = 24 * 3600;

function secondsOf(text: string): number {
  const [, count, unit = ''] = /^(\d{1,5})([smh])$/.exec(text) ?? [];
  const seconds = Number(count) * (UNITS[unit] ?? 0);
  if (seconds > 0 && seconds <= LONGEST_SECONDS) return seconds;
  throw new ChanceryError('ERR_USAGE', `--expires ${text} is no time from 1s to 24h`, { remedy: 'such as 90s, 15m or 1h' });
}

function encoded(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
