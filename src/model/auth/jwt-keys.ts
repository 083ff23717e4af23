// The keys that verify a provider's tokens: where they come from, and whether those that are written down can be used (authz A6, A18).
import type { JwksConfig, JwtProviderConfig } from '../../config/schema/jwt-provider.ts';
import type { ConfigPath } from '../../lib/issue.ts';
import type { JwkProblem } from '../../lib/jose/jwk-lint.ts';
import { parseKeySet } from '../../lib/jose/key-set.ts';
import { algorithmFacts } from '../../lib/jose/signature-algorithm.ts';
import { errorAt, type Report, warningAt } from '../issue.ts';
import type { TrustedCa } from '../types.ts';
import * as defaults from './defaults.ts';
import type { JwtAlgorithm, JwtKeys } from './types.ts';
import { checkWebAddress } from './web-address.ts';

export interface KeyPlace {
  readonly path: ConfigPath;
  /** Sorted. */
  readonly algorithms: readonly JwtAlgorithm[];
  readonly trust: (text: string, path: ConfigPath) => TrustedCa | undefined;
}

/** Undefined where a mistake leaves no keys. */
export function resolveJwtKeys(config: JwtProviderConfig, place: KeyPlace, report: Report): JwtKeys | undefined {
  const { secret, jwks, issuer } = config;
  const { path, algorithms } = place;
  const symmetric = algorithms.filter(isSymmetric);
  if (symmetric.length > 0 && (symmetric.length < algorithms.length || secret === undefined)) {
    reportMixed(path, symmetric.length < algorithms.length, report);
    return undefined;
  }
  if (secret !== undefined) {
    if (symmetric.length === 0) reportNotSymmetric([...path, 'secret'], report);
    const wanted = Math.max(0, ...symmetric.map((algorithm) => algorithmFacts(algorithm).hashBytes));
    if (Buffer.byteLength(secret.reveal()) < wanted) reportShortSecret([...path, 'secret'], wanted, report);
    return { kind: 'secret', secret };
  }
  return jwks === undefined ? undefined : keySetOf(jwks, { ...place, issuer }, report);
}

function isSymmetric(algorithm: JwtAlgorithm): boolean {
  return algorithmFacts(algorithm).family === 'hmac';
}

function keySetOf(jwks: JwksConfig, place: KeyPlace & { readonly issuer: string }, report: Report): JwtKeys | undefined {
  const path = [...place.path, 'jwks'];
  const key = jwks.file === undefined ? 'inline' : 'file';
  const text = jwks[key];
  if (text !== undefined) {
    checkKeySet(text, { path: [...path, key], algorithms: place.algorithms }, report);
    return { kind: 'inline', jwks: text };
  }
  const isDiscovered = jwks.url === undefined;
  const url = jwks.url ?? place.issuer;
  checkWebAddress(url, isDiscovered ? [...place.path, 'issuer'] : [...path, 'url'], report);
  const ca = jwks.ca === undefined ? undefined : place.trust(jwks.ca, [...path, 'ca']);
  return {
    kind: isDiscovered ? 'discovery' : 'url',
    url,
    cacheForMs: jwks.cacheFor ?? defaults.KEY_FETCHING.cacheForMs,
    timeoutMs: jwks.timeout ?? defaults.KEY_FETCHING.timeoutMs,
    serveStaleForMs: jwks.serveStaleFor ?? defaults.KEY_FETCHING.serveStaleForMs,
    ...(ca === undefined || ca.kind === 'system' ? {} : { ca }),
  };
}

const SET_PROBLEMS = {
  oversized: 'is larger than 512 KiB',
  form: 'is not a JSON object with a list keys, or has a name twice in an object',
  keys: 'has more than 100 keys',
} as const;

/** Why a key is not used, as the end of a sentence. */
const KEY_PROBLEMS: Readonly<Record<JwkProblem, string>> = {
  private: 'holds private members: whoever reads the set could sign',
  symmetric: 'is symmetric (oct): it would be public; write secret for HS algorithms',
  kty: 'has no known type, or members that do not fit it',
  size: 'is an RSA key outside 2,048 to 8,192 bits',
  exponent: 'is an RSA key with a public exponent that is even, below 65,537 or longer than 33 bits',
  roca: 'is an RSA key that can be factored (ROCA)',
  curve: 'is on a curve that does not fit its algorithm or none that we know',
  unreadable: 'cannot be read as a key',
  use: 'is not for verifying signatures (use, key_ops)',
  kid: 'has a kid that is not a text of 1 to 256 printable characters',
  algorithm: 'fits none of the algorithms of the provider',
};

function checkKeySet(
  text: string,
  { path, algorithms }: { readonly path: ConfigPath; readonly algorithms: readonly JwtAlgorithm[] },
  report: Report,
): void {
  const set = parseKeySet(text, algorithms);
  if (!set.ok) {
    report(
      errorAt(path, 'CH2806', { message: `the key set ${SET_PROBLEMS[set.problem]}`, help: 'take the key set of the issuer as it is' }),
    );
    return;
  }
  const { keys, skipped } = set.value;
  if (keys.length === 0) {
    const why = skipped.length === 0 ? 'it is empty' : skippedText(skipped);
    report(
      errorAt(path, 'CH2806', {
        message: `the key set has no key that can be used: ${why}`,
        help: `keys for ${algorithms.join(', ')} are needed`,
      }),
    );
    return;
  }
  if (skipped.length > 0) {
    report(
      warningAt(path, 'CH2807', { message: `keys of the set are left out: ${skippedText(skipped)}`, help: 'remove them from the set' }),
    );
  }
}

const MOST_TOLD = 3;

function skippedText(skipped: readonly { readonly index: number; readonly problem: JwkProblem }[]): string {
  const told = skipped.slice(0, MOST_TOLD).map(({ index, problem }) => `key ${index + 1} ${KEY_PROBLEMS[problem]}`);
  return skipped.length > MOST_TOLD ? `${told.join('; ')}; and ${skipped.length - MOST_TOLD} more` : told.join('; ');
}

function reportMixed(path: ConfigPath, isMixed: boolean, report: Report): void {
  const message = isMixed
    ? 'HS algorithms stand alone: a public key would pass for a secret'
    : 'HS algorithms need a secret, not a key set: what is in a key set is public';
  const help = isMixed ? 'make two providers of it' : 'write secret: "${file:…}" in place of jwks';
  report(errorAt([...path, 'algorithms'], 'CH2805', { message, help }));
}

function reportNotSymmetric(path: ConfigPath, report: Report): void {
  report(
    errorAt(path, 'CH2805', {
      message: 'a secret serves HS algorithms only, and the provider has none',
      at: 'key',
      help: 'write algorithms: [HS256], or jwks in place of secret',
    }),
  );
}

function reportShortSecret(path: ConfigPath, wanted: number, report: Report): void {
  report(
    errorAt(path, 'CH2805', {
      message: `the secret is shorter than ${wanted} bytes, as long as the hash of its algorithm`,
      at: 'key',
      help: `make one: openssl rand -base64 ${wanted}`,
    }),
  );
}
