// Signs tokens for the parity table, good ones and deliberately bad ones, with keys of its own that live as long as the run. No verifier of
// Chancery shares code with it.
import { constants, createHmac, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import type { Credential, HeaderLine } from './credential.ts';

export const ISSUER = 'https://id.example.com/';
export const PARTNER_ISSUER = 'https://partner.example.com/';
export const AUDIENCE = 'shop';

export type MintAlgorithm = 'RS256' | 'PS256' | 'ES256' | 'ES384' | 'EdDSA';

export interface TokenParts {
  /** Over good ones; undefined removes a claim. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** Over `{alg, kid, typ}`; undefined removes a member. */
  readonly header?: Readonly<Record<string, unknown>>;
  /** Default ES256. */
  readonly key?: MintAlgorithm | 'unknown';
  /** JSON text in place of the payload. */
  readonly payload?: string;
  /** JSON text in place of the header. */
  readonly headerText?: string;
}

export interface Mint {
  /** Seconds since the epoch. */
  readonly now: number;
  token(parts?: TokenParts): string;
  /** Signed with HMAC by any bytes, such as a public key (T9). */
  hmac(secret: string | Buffer, parts?: TokenParts): string;
  /** PEM text of the public key. */
  publicKey(algorithm: MintAlgorithm): string;
  /** As it stands in the key set of the issuer. */
  readonly jwks: string;
  readonly partnerJwks: string;
}

interface MintKey {
  readonly algorithm: MintAlgorithm;
  readonly kid: string;
  readonly privateKey: KeyObject;
}

/** `now`: what tokens are dated by; the real time wherever an Envoy reads them. */
export function createMint(now: number): Mint {
  const keys = (['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA'] as const).map(generate);
  const unknown = { ...generate('ES256'), kid: 'unknown' };
  const find = (name: MintAlgorithm | 'unknown'): MintKey => keys.find(({ algorithm }) => algorithm === name) ?? unknown;
  return {
    now,
    token: (parts = {}) => {
      const key = find(parts.key ?? 'ES256');
      const input = signingInput(parts, { alg: key.algorithm, kid: key.kid }, now);
      return `${input}.${signature(key, input).toString('base64url')}`;
    },
    hmac: (secret, parts = {}) => {
      const input = signingInput(parts, { alg: 'HS256' }, now);
      return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
    },
    publicKey: (algorithm) => createPublicKey(find(algorithm).privateKey).export({ type: 'spki', format: 'pem' }).toString(),
    jwks: keySet(keys.filter(({ algorithm }) => algorithm !== 'ES384')),
    partnerJwks: keySet(keys.filter(({ algorithm }) => algorithm === 'ES384')),
  };
}

function generate(algorithm: MintAlgorithm): MintKey {
  return { algorithm, kid: `${algorithm.toLowerCase()}-1`, privateKey: privateKey(algorithm) };
}

function privateKey(algorithm: MintAlgorithm): KeyObject {
  switch (algorithm) {
    case 'EdDSA':
      return generateKeyPairSync('ed25519').privateKey;
    case 'ES256':
      return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    case 'ES384':
      return generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey;
    case 'RS256':
    case 'PS256':
      return generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  }
}

function keySet(keys: readonly MintKey[]): string {
  const set = keys.map(({ privateKey: key, kid, algorithm }) => ({
    ...createPublicKey(key).export({ format: 'jwk' }),
    kid,
    alg: algorithm,
    use: 'sig',
  }));
  return JSON.stringify({ keys: set });
}

function signingInput(parts: TokenParts, standard: Readonly<Record<string, unknown>>, now: number): string {
  const header = parts.headerText ?? JSON.stringify({ typ: 'at+jwt', ...standard, ...parts.header });
  const claims = { iss: ISSUER, sub: 'alice', aud: AUDIENCE, iat: now, exp: now + 600, ...parts.claims };
  return `${base64url(header)}.${base64url(parts.payload ?? JSON.stringify(claims))}`;
}

function signature({ algorithm, privateKey: key }: MintKey, input: string): Buffer {
  const bytes = Buffer.from(input);
  switch (algorithm) {
    case 'EdDSA':
      return sign(null, bytes, key);
    case 'ES256':
    case 'ES384':
      return sign(`sha${algorithm.slice(2)}`, bytes, { key, dsaEncoding: 'ieee-p1363' });
    case 'PS256':
      return sign('sha256', bytes, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST });
    case 'RS256':
      return sign('sha256', bytes, key);
  }
}

export function base64url(content: string | Uint8Array): string {
  return Buffer.from(content).toString('base64url');
}

/** `authorization: Bearer …`, with more lines after it. */
export function bearer(token: string, ...more: readonly HeaderLine[]): Credential {
  return { headers: [['authorization', `Bearer ${token}`], ...more] };
}
