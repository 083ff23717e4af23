// Says whether one JSON Web Key may verify tokens, and with which algorithms (authz A18). Pure: reads no clock and no file.
import { createPublicKey } from 'node:crypto';
import { decodeBase64url } from './base64url.ts';
import { hasRocaForm } from './roca.ts';
import { algorithmFacts, isSignatureAlgorithm, type SignatureAlgorithm } from './signature-algorithm.ts';
import type { JsonObject } from './strict-json.ts';

/** Why a key is not used; stable, for metrics and diagnostics. */
export type JwkProblem =
  | 'private' // it holds private members: whoever reads the set can sign
  | 'symmetric' // `oct`: the key would be public
  | 'kty' // no type that we know, or members that do not fit it
  | 'size' // RSA outside 2,048 to 8,192 bits
  | 'exponent' // RSA with a public exponent that is even, below 65,537 or longer than 33 bits
  | 'roca' // RSA modulus that can be factored
  | 'curve' // another curve, or one that does not fit `alg`
  | 'unreadable' // such as a point that is not on the curve
  | 'use' // not for signatures
  | 'kid' // not a text of 1 to 256 printable characters
  | 'algorithm'; // none that the provider allows

/** Only what verifying takes: never a private member, a certificate or an address. */
export type PublicJwk =
  | { readonly kty: 'RSA'; readonly n: string; readonly e: string }
  | { readonly kty: 'EC'; readonly crv: string; readonly x: string; readonly y: string }
  | { readonly kty: 'OKP'; readonly crv: string; readonly x: string };

export interface SoundJwk {
  readonly key: PublicJwk;
  readonly kid: string | undefined;
  /** In the order of `allowed`; at least one. */
  readonly algorithms: readonly SignatureAlgorithm[];
}

export type JwkVerdict = { readonly ok: true; readonly value: SoundJwk } | { readonly ok: false; readonly problem: JwkProblem };

const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'];
/** As BoringSSL, and so Envoy, has it: each verification costs more with each bit. */
const LARGEST_EXPONENT = 2n ** 33n - 1n;
const COORDINATE_BYTES: ReadonlyMap<unknown, number> = new Map([
  ['P-256', 32],
  ['P-384', 48],
  ['P-521', 66],
]);

/** `allowed`: the algorithms of the provider. */
export function jwkLint(jwk: JsonObject, allowed: readonly SignatureAlgorithm[]): JwkVerdict {
  if (jwk['kty'] === 'oct') return { ok: false, problem: 'symmetric' };
  if (PRIVATE_MEMBERS.some((member) => Object.hasOwn(jwk, member))) return { ok: false, problem: 'private' };
  const key = publicPart(jwk);
  if (typeof key === 'string') return { ok: false, problem: key };
  if (!isForVerifying(jwk)) return { ok: false, problem: 'use' };
  const { kid } = jwk;
  if (kid !== undefined && !isKid(kid)) return { ok: false, problem: 'kid' };
  const algorithms = algorithmsOf(key, jwk['alg'], allowed);
  if (typeof algorithms === 'string') return { ok: false, problem: algorithms };
  return isReadable(key) ? { ok: true, value: { key, kid, algorithms } } : { ok: false, problem: 'unreadable' };
}

/** 1 to 256 printable ASCII characters (A7). */
export function isKid(value: unknown): value is string {
  return typeof value === 'string' && /^[\x20-\x7e]{1,256}$/.test(value);
}

function publicPart(jwk: JsonObject): PublicJwk | JwkProblem {
  const { kty, crv, x, y, n, e } = jwk;
  if (kty === 'RSA') return isText(n) && isText(e) ? (rsaProblem(n, e) ?? { kty, n, e }) : 'kty';
  if (kty === 'EC') {
    const size = COORDINATE_BYTES.get(crv);
    if (size === undefined || !isText(crv)) return 'curve';
    return hasSize(x, size) && hasSize(y, size) ? { kty, crv, x, y } : 'kty';
  }
  if (kty === 'OKP') return crv !== 'Ed25519' ? 'curve' : hasSize(x, 32) ? { kty, crv, x } : 'kty';
  return 'kty';
}

function rsaProblem(n: string, e: string): JwkProblem | undefined {
  const modulus = unsigned(n);
  const exponent = unsigned(e);
  if (modulus === undefined || exponent === undefined) return 'kty';
  const bits = modulus.toString(2).length;
  if (bits < 2048 || bits > 8192 || modulus % 2n === 0n) return 'size';
  if (exponent < 65537n || exponent % 2n === 0n || exponent > LARGEST_EXPONENT) return 'exponent';
  return hasRocaForm(modulus) ? 'roca' : undefined;
}

/** Numbers longer than any that could pass are not even made. */
function unsigned(text: string): bigint | undefined {
  const bytes = text.length > 2048 ? undefined : decodeBase64url(text);
  return bytes === undefined || bytes.length === 0 ? undefined : BigInt(`0x${bytes.toString('hex')}`);
}

function isForVerifying({ use, key_ops: operations }: JsonObject): boolean {
  if (use !== undefined && use !== 'sig') return false;
  return operations === undefined || (Array.isArray(operations) && operations.includes('verify'));
}

function algorithmsOf(key: PublicJwk, alg: unknown, allowed: readonly SignatureAlgorithm[]): readonly SignatureAlgorithm[] | JwkProblem {
  if (alg !== undefined && !isSignatureAlgorithm(alg)) return 'algorithm';
  if (alg !== undefined && !fits(key, alg)) return key.kty === 'RSA' ? 'algorithm' : 'curve';
  const fitting = allowed.filter((algorithm) => (alg === undefined || alg === algorithm) && fits(key, algorithm));
  return fitting.length === 0 ? 'algorithm' : fitting;
}

function fits(key: PublicJwk, algorithm: SignatureAlgorithm): boolean {
  const { family, curve } = algorithmFacts(algorithm);
  if (key.kty === 'RSA') return family === 'rsa' || family === 'pss';
  return curve === key.crv;
}

function isReadable(key: PublicJwk): boolean {
  try {
    createPublicKey({ key, format: 'jwk' });
    return true;
  } catch {
    return false;
  }
}

function hasSize(text: unknown, bytes: number): text is string {
  return isText(text) && text.length <= 128 && decodeBase64url(text)?.length === bytes;
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}
