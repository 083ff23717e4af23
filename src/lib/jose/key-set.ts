// Reads a JSON Web Key Set as text into the canonical set of both forms (authz A19, J3): every key with `alg` and `kid`, unfit ones left out.
import { createHash } from 'node:crypto';
import { type JwkProblem, jwkLint, type PublicJwk, type SoundJwk } from './jwk-lint.ts';
import { SIGNATURE_ALGORITHMS, type SignatureAlgorithm } from './signature-algorithm.ts';
import { isObject, parseStrictJson } from './strict-json.ts';

export type CanonicalJwk = PublicJwk & { readonly use: 'sig'; readonly alg: SignatureAlgorithm; readonly kid: string };

export interface SkippedJwk {
  /** Place in `keys`. */
  readonly index: number;
  readonly problem: JwkProblem;
}

export interface CanonicalKeySet {
  /** In the order of the text; a key without `alg` once for each algorithm that fits it. May be empty. */
  readonly keys: readonly CanonicalJwk[];
  readonly skipped: readonly SkippedJwk[];
}

/** `form`: not an object with a list `keys`, or not the strict JSON of A5; `keys`: more than 100 (J3). */
export type KeySetVerdict =
  | { readonly ok: true; readonly value: CanonicalKeySet }
  | { readonly ok: false; readonly problem: 'oversized' | 'form' | 'keys' };

/** Bytes of a key set (J3). */
export const MAX_KEY_SET_BYTES = 512 * 1024;
const MAX_KEYS = 100;
const LIMITS = { depth: 16, members: 4000 };
/** Each key may stand there once for each algorithm, with at most seven members. */
const WRITTEN_LIMITS = { depth: 16, members: MAX_KEYS * SIGNATURE_ALGORITHMS.length * 7 + 1 };

/** `allowed`: the algorithms of the provider. Never throws. */
export function parseKeySet(source: string | Uint8Array, allowed: readonly SignatureAlgorithm[]): KeySetVerdict {
  const bytes = typeof source === 'string' ? Buffer.from(source) : source;
  if (bytes.length > MAX_KEY_SET_BYTES) return { ok: false, problem: 'oversized' };
  const keys = parseStrictJson(bytes, LIMITS)?.['keys'];
  if (!Array.isArray(keys)) return { ok: false, problem: 'form' };
  if (keys.length > MAX_KEYS) return { ok: false, problem: 'keys' };
  return { ok: true, value: canonicalSet(keys, allowed) };
}

/** The set as text; the same for equal sets. */
export function keySetText(keys: readonly CanonicalJwk[]): string {
  return JSON.stringify({ keys });
}

/** What `keySetText` wrote, which may be longer and have more keys than what was fetched. Never throws; empty for other texts. */
export function parseKeySetText(text: string): readonly CanonicalJwk[] {
  const keys = parseStrictJson(Buffer.from(text), WRITTEN_LIMITS)?.['keys'];
  return Array.isArray(keys) ? canonicalSet(keys, SIGNATURE_ALGORITHMS).keys : [];
}

function canonicalSet(keys: readonly unknown[], allowed: readonly SignatureAlgorithm[]): CanonicalKeySet {
  const canonical: CanonicalJwk[] = [];
  const skipped: SkippedJwk[] = [];
  for (const [index, jwk] of keys.entries()) {
    const verdict = isObject(jwk) ? jwkLint(jwk, allowed) : ({ ok: false, problem: 'kty' } as const);
    if (verdict.ok) canonical.push(...canonicalForms(verdict.value));
    else skipped.push({ index, problem: verdict.problem });
  }
  return { keys: canonical, skipped };
}

function canonicalForms({ key, kid, algorithms }: SoundJwk): readonly CanonicalJwk[] {
  return algorithms.map((alg) => ({ ...key, use: 'sig', alg, kid: kid ?? syntheticKid(key) }));
}

/** Of the key itself (RFC 7638), so that the same key has the same name in every fetch, and no token has it by chance. */
function syntheticKid(key: PublicJwk): string {
  return `thumbprint:${createHash('sha256')
    .update(JSON.stringify(thumbprintMembers(key)))
    .digest('base64url')}`;
}

function thumbprintMembers(key: PublicJwk): Readonly<Record<string, string>> {
  switch (key.kty) {
    case 'RSA':
      return { e: key.e, kty: key.kty, n: key.n };
    case 'EC':
      return { crv: key.crv, kty: key.kty, x: key.x, y: key.y };
    case 'OKP':
      return { crv: key.crv, kty: key.kty, x: key.x };
  }
}
