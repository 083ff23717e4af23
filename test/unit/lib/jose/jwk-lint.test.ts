// Which keys of an issuer may verify tokens, and why others may not (authz A18).
import { generateKeyPairSync, type JsonWebKey } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { jwkLint } from '../../../../src/lib/jose/jwk-lint.ts';
import { algorithmFacts, SIGNATURE_ALGORITHMS, type SignatureAlgorithm } from '../../../../src/lib/jose/signature-algorithm.ts';
import { ASYMMETRIC_ALGORITHMS, testKey } from '../../../support/test-issuer.ts';

type Jwk = Readonly<Record<string, unknown>>;

const RSA: Jwk = testKey('RS256').jwk;
const EC: Jwk = testKey('ES256').jwk;
const ED: Jwk = testKey('EdDSA').jwk;

function lint(jwk: Jwk, allowed: readonly SignatureAlgorithm[] = ASYMMETRIC_ALGORITHMS): string {
  const verdict = jwkLint(jwk, allowed);
  return verdict.ok ? verdict.value.algorithms.join(' ') : verdict.problem;
}

/** An RSA key of these numbers; they need no factors to be looked at. */
function rsa(modulus: bigint, exponent = 65_537n): Jwk {
  return { kty: 'RSA', n: base64url(modulus), e: base64url(exponent) };
}

function base64url(number: bigint): string {
  const hex = number.toString(16);
  return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex').toString('base64url');
}

function without(jwk: Jwk, ...names: readonly string[]): Jwk {
  return Object.fromEntries(Object.entries(jwk).filter(([name]) => !names.includes(name)));
}

function turned(text: unknown): string {
  const bytes = Buffer.from(String(text), 'base64url');
  bytes[31] = (bytes[31] ?? 0) ^ 1;
  return bytes.toString('base64url');
}

const PRIMES = [
  3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109, 113, 127, 131, 137, 139,
  149, 151, 157, 163, 167,
].map(BigInt);

/** Of the form k * M + (65537^a mod M), as the library made its primes, and so their products. */
function rocaModulus(bits: number, power: bigint): bigint {
  const product = PRIMES.reduce((all, prime) => all * prime, 1n);
  let residue = 1n;
  for (let count = 0n; count < power; count += 1n) residue = (residue * 65_537n) % product;
  const least = 1n << BigInt(bits - 1);
  const modulus = (least / product + 1n) * product + residue;
  return modulus % 2n === 0n ? modulus + product : modulus;
}

describe('keys that verify', () => {
  it.each(ASYMMETRIC_ALGORITHMS)('%s, for itself alone where it says so (authz A18)', (algorithm) => {
    const verdict = jwkLint(testKey(algorithm).jwk as never, ASYMMETRIC_ALGORITHMS);
    expect(verdict).toMatchObject({ ok: true, value: { kid: testKey(algorithm).kid, algorithms: [algorithm] } });
  });

  it('without alg fit all allowed algorithms of their type and curve, in the order of the provider (authz A18, A19)', () => {
    expect(lint(without(RSA, 'alg'))).toBe('RS256 RS384 RS512 PS256 PS384 PS512');
    expect(lint(without(RSA, 'alg'), ['PS512', 'ES256', 'RS256'])).toBe('PS512 RS256');
    expect([lint(without(EC, 'alg')), lint(without(ED, 'alg'))]).toEqual(['ES256', 'EdDSA']);
  });

  it('keep only what verifying takes: no certificate, no address, no name of another member (authz A9, A18)', () => {
    const verdict = jwkLint({ ...EC, x5u: 'https://elsewhere.example/', x5c: ['MIIB'], jku: 'x', ext: true }, ASYMMETRIC_ALGORITHMS);
    expect(verdict.ok && Object.keys(verdict.value.key).sort()).toEqual(['crv', 'kty', 'x', 'y']);
  });

  it.each([
    [2_048, 65_537n],
    [2_049, 65_539n],
    [3_072, 65_537n],
    [4_096, (1n << 32n) + 1n],
    [8_192, 65_537n],
    [2_048, (1n << 33n) - 1n],
  ])('RSA of %d bits with the exponent %d (authz A18)', (bits, exponent) => {
    expect(lint(rsa((1n << BigInt(bits - 1)) + 1n, exponent), ['RS256'])).toBe('RS256');
  });

  it('use sig and key_ops with verify, or say nothing of it (authz A18)', () => {
    expect(lint(without(EC, 'use'))).toBe('ES256');
    expect(lint({ ...EC, key_ops: ['sign', 'verify'] })).toBe('ES256');
    expect(lint({ ...without(EC, 'use'), key_ops: ['verify'] })).toBe('ES256');
  });

  it('have a kid of 1 to 256 printable characters, or none (authz A7, A18)', () => {
    for (const kid of ['a', 'x'.repeat(256), 'with space ~', '__proto__']) expect(lint({ ...EC, kid })).toBe('ES256');
    expect(jwkLint(without(EC, 'kid'), ['ES256'])).toMatchObject({ ok: true, value: { kid: undefined } });
  });
});

const KEYS_OF_OTHERS = {
  secp256k1: generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey.export({ format: 'jwk' }),
  ed448: generateKeyPairSync('ed448').publicKey.export({ format: 'jwk' }),
  x25519: generateKeyPairSync('x25519').publicKey.export({ format: 'jwk' }),
} satisfies Record<string, JsonWebKey>;

const PROBLEMS: readonly (readonly [string, string, Jwk])[] = [
  ...['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'].map(
    (member) => ['private', `a private member ${member}, even empty`, { ...RSA, [member]: '' }] as const,
  ),
  ['private', 'a whole private EC key', testKey('ES256').privateKey.export({ format: 'jwk' }) as Jwk],
  ['private', 'a private OKP key', testKey('EdDSA').privateKey.export({ format: 'jwk' }) as Jwk],
  ['symmetric', 'a secret', { kty: 'oct', k: 'c2VjcmV0', alg: 'HS256' }],
  ['symmetric', 'a secret without its bytes', { kty: 'oct' }],
  ['kty', 'no type', without(EC, 'kty')],
  ['kty', 'another type', { ...EC, kty: 'AKP' }],
  ['kty', 'a type in other letters', { ...EC, kty: 'ec' }],
  ['kty', 'the name of a member of objects', { ...EC, kty: 'constructor' }],
  ['kty', 'no modulus', without(RSA, 'n')],
  ['kty', 'no exponent', without(RSA, 'e')],
  ['kty', 'a number as exponent', { ...RSA, e: 65_537 }],
  ['kty', 'an empty modulus', { ...RSA, n: '' }],
  ['kty', 'a modulus with padding', { ...RSA, n: `${String(RSA['n'])}==` }],
  ['kty', 'a coordinate of 31 bytes', { ...EC, x: base64url(1n << 247n) }],
  ['kty', 'a coordinate of 33 bytes', { ...EC, y: base64url(1n << 256n) }],
  ['kty', 'no y', without(EC, 'y')],
  ['kty', 'an Ed25519 key of 31 bytes', { ...ED, x: base64url(1n << 247n) }],
  ['size', '2,047 bits', rsa((1n << 2_046n) + 1n)],
  ['size', '2,047 bits with zeros in front', { ...rsa(1n), n: Buffer.alloc(512, 1).fill(0, 0, 257).toString('base64url') }],
  ['size', '8,193 bits', rsa((1n << 8_192n) + 1n)],
  ['size', '512 bits', rsa((1n << 511n) + 1n)],
  ['size', 'an even modulus', rsa(1n << 2_047n)],
  ['size', 'a modulus of zeros', { ...RSA, n: Buffer.alloc(256).toString('base64url') }],
  ['exponent', 'exponent 1', { ...RSA, e: 'AQ' }],
  ['exponent', 'exponent 3', { ...RSA, e: 'Aw' }],
  ['exponent', 'exponent 65,535', { ...RSA, e: base64url(65_535n) }],
  ['exponent', 'an even exponent', { ...RSA, e: base64url(65_538n) }],
  ['exponent', 'exponent 0', { ...RSA, e: 'AA' }],
  ['exponent', 'an exponent of 34 bits, which the proxies refuse and which costs', { ...RSA, e: base64url((1n << 33n) + 1n) }],
  ['exponent', 'an exponent as long as the modulus', { ...RSA, e: base64url((1n << 2_046n) + 1n) }],
  ['roca', 'a modulus that can be factored', rsa(rocaModulus(2_048, 5n))],
  ['roca', 'a longer one of that form', rsa(rocaModulus(3_072, 1_234n))],
  ['curve', 'secp256k1', { ...KEYS_OF_OTHERS.secp256k1 }],
  ['curve', 'Ed448', { ...KEYS_OF_OTHERS.ed448 }],
  ['curve', 'X25519', { ...KEYS_OF_OTHERS.x25519 }],
  ['curve', 'no curve', without(EC, 'crv')],
  ['curve', 'another letter case', { ...EC, crv: 'p-256' }],
  ['curve', 'a P-256 key for ES384', { ...EC, alg: 'ES384' }],
  ['curve', 'a P-256 key for RS256', { ...EC, alg: 'RS256' }],
  ['curve', 'an Ed25519 key for ES256', { ...ED, alg: 'ES256' }],
  ['algorithm', 'an RSA key for ES256', { ...RSA, alg: 'ES256' }],
  ['algorithm', 'an RSA key for HS256', { ...RSA, alg: 'HS256' }],
  ['algorithm', 'an algorithm of encryption', { ...RSA, alg: 'RSA-OAEP' }],
  ['algorithm', 'none', { ...RSA, alg: 'none' }],
  ['algorithm', 'alg null', { ...RSA, alg: null }],
  ['algorithm', 'a name of objects as alg', { ...RSA, alg: '__proto__' }],
  ['unreadable', 'a point that is not on the curve', { ...EC, y: turned(EC['y']) }],
  ['use', 'use enc', { ...EC, use: 'enc' }],
  ['use', 'use null', { ...EC, use: null }],
  ['use', 'key_ops without verify', { ...EC, key_ops: ['sign'] }],
  ['use', 'key_ops empty', { ...EC, key_ops: [] }],
  ['use', 'key_ops as a text', { ...EC, key_ops: 'verify' }],
  ['kid', 'an empty kid', { ...EC, kid: '' }],
  ['kid', 'a kid of 257 characters', { ...EC, kid: 'x'.repeat(257) }],
  ['kid', 'a kid with a line break', { ...EC, kid: 'a\n' }],
  ['kid', 'a kid beyond ASCII', { ...EC, kid: 'schlüssel' }],
  ['kid', 'a number as kid', { ...EC, kid: 1 }],
];

describe('keys that do not', () => {
  it.each(PROBLEMS)('%s: %s (authz A18)', (problem, _what, jwk) => {
    expect(lint(jwk)).toBe(problem);
  });

  it('are those of algorithms that the provider does not allow (authz A6, A18)', () => {
    expect(lint(RSA, ['PS256', 'ES256'])).toBe('algorithm');
    expect(lint(without(RSA, 'alg'), ['ES256'])).toBe('algorithm');
    expect(lint(EC, [])).toBe('algorithm');
  });

  it('never fit an HS algorithm, whatever is allowed (authz A6, T9)', () => {
    const hmac = SIGNATURE_ALGORITHMS.filter((algorithm) => algorithmFacts(algorithm).family === 'hmac');
    for (const jwk of [RSA, EC, ED]) expect(lint(without(jwk, 'alg'), hmac)).toBe('algorithm');
  });
});
