// Our verifier beside jose's, which is the reference (authz A20): the same answers for good, bent and random signatures of every algorithm. Ours is
// stricter in one thing alone, the length (A15).
import { createSecretKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { type CryptoKey, compactVerify, importJWK, type KeyObject } from 'jose';
import { describe, expect, it } from 'vitest';
import { nodeSignatureVerifier } from '../../../../src/authz/identity/signature-verifier.ts';
import { publicVerificationKey, secretVerificationKey, type VerificationKey } from '../../../../src/authz/identity/verification-key.ts';
import { parseKeySet } from '../../../../src/lib/jose/key-set.ts';
import { Secret } from '../../../../src/lib/secret.ts';
import { ASYMMETRIC_ALGORITHMS, secretToken, signedToken, testKey } from '../../../support/test-issuer.ts';

const RUNS = Number(process.env['FUZZ_RUNS'] ?? 60);
const SEED = Number(process.env['FUZZ_SEED'] ?? 1);
const SECRET = 'a secret of sixty-four bytes, which is what the longest hash asks for.';

interface Case {
  readonly token: string;
  readonly key: VerificationKey;
  readonly reference: CryptoKey | KeyObject | Uint8Array;
}

async function asymmetric(algorithm: (typeof ASYMMETRIC_ALGORITHMS)[number]): Promise<Case> {
  const key = testKey(algorithm);
  const parsed = parseKeySet(JSON.stringify({ keys: [key.jwk] }), [algorithm]);
  const [jwk] = parsed.ok ? parsed.value.keys : [];
  if (jwk === undefined) throw new Error('the key is not sound');
  return {
    token: signedToken(key, { payload: { sub: 'alice' } }),
    key: publicVerificationKey(jwk),
    reference: await importJWK(key.jwk, algorithm),
  };
}

async function symmetric(algorithm: 'HS256' | 'HS384' | 'HS512'): Promise<Case> {
  const key = secretVerificationKey(new Secret(SECRET), algorithm);
  if (key === undefined) throw new Error('the secret is too short');
  return { token: secretToken(algorithm, SECRET, { payload: { sub: 'alice' } }), key, reference: createSecretKey(Buffer.from(SECRET)) };
}

const CASES: readonly (readonly [algorithm: string, make: () => Promise<Case>])[] = [
  ...ASYMMETRIC_ALGORITHMS.map((algorithm) => [algorithm, () => asymmetric(algorithm)] as const),
  ...(['HS256', 'HS384', 'HS512'] as const).map((algorithm) => [algorithm, () => symmetric(algorithm)] as const),
];

/** What both say, which must be the same but for the length. */
async function judged({ key, reference }: Case, token: string): Promise<boolean> {
  const at = token.lastIndexOf('.');
  const bytes = { signed: Buffer.from(token.slice(0, at)), signature: Buffer.from(token.slice(at + 1), 'base64url') };
  const ours = nodeSignatureVerifier.verify(key, bytes);
  expect(await nodeSignatureVerifier.verifyLater(key, bytes)).toBe(ours);
  const theirs = await compactVerify(token, reference, { algorithms: [key.algorithm] }).then(
    () => true,
    () => false,
  );
  expect(ours).toBe(theirs && bytes.signature.length === key.signatureBytes);
  return ours;
}

describe.each(CASES)('signatures of %s', (_algorithm, make) => {
  it('that are good are good to both (authz A20)', async () => {
    const one = await make();
    expect(await judged(one, one.token)).toBe(true);
  });

  it('that are cut, longer, empty, zero or of another text are good to neither (authz A15, A20)', async () => {
    const one = await make();
    const at = one.token.lastIndexOf('.');
    const [text, good] = [one.token.slice(0, at), Buffer.from(one.token.slice(at + 1), 'base64url')];
    const zero = Buffer.alloc(1);
    const bent = [
      good.subarray(1),
      good.subarray(0, -1),
      Buffer.concat([good, zero]),
      Buffer.concat([zero, good]),
      Buffer.concat([good, good]),
      Buffer.alloc(0),
      Buffer.alloc(good.length),
      Buffer.alloc(good.length, 0xff),
      Buffer.from(good).reverse(),
      randomBytes(good.length),
    ];
    for (const signature of bent) expect(await judged(one, `${text}.${signature.toString('base64url')}`)).toBe(false);
    const other = signedToken(testKey('ES256', 9), { header: { alg: one.key.algorithm }, payload: { sub: 'mallory' } });
    expect(await judged(one, `${other.slice(0, other.lastIndexOf('.'))}.${good.toString('base64url')}`)).toBe(false);
  });

  it('that differ in any bit, or are any bytes, are good to neither (authz A20)', async () => {
    const one = await make();
    const at = one.token.lastIndexOf('.');
    const [text, good] = [one.token.slice(0, at), Buffer.from(one.token.slice(at + 1), 'base64url')];
    const flipped = fc.tuple(fc.nat({ max: good.length - 1 }), fc.integer({ min: 1, max: 255 })).map(([index, bits]) => {
      const changed = Buffer.from(good);
      changed[index] = (changed[index] ?? 0) ^ bits;
      return changed;
    });
    const random = fc.uint8Array({ maxLength: good.length + 4 }).map((bytes) => Buffer.from(bytes));
    const neither = fc.asyncProperty(fc.oneof(flipped, random), async (signature) => {
      expect(await judged(one, `${text}.${signature.toString('base64url')}`)).toBe(false);
    });
    await fc.assert(neither, { numRuns: RUNS, seed: SEED });
  });
});

describe('a key that OpenSSL cannot use for its algorithm', () => {
  const ed = generateKeyPairSync('ed25519').publicKey;
  const secret = createSecretKey(Buffer.alloc(32));
  const broken: readonly VerificationKey[] = [
    { kid: 'a', algorithm: 'PS256', signatureBytes: 64, key: ed },
    { kid: 'b', algorithm: 'ES256', signatureBytes: 64, key: ed },
    { kid: 'c', algorithm: 'RS256', signatureBytes: 64, key: secret },
    { kid: 'd', algorithm: 'EdDSA', signatureBytes: 64, key: secret },
  ];

  it.each(broken)('verifies nothing with $algorithm, and neither throws nor rejects (authz A20)', async (key) => {
    const bytes = { signed: Buffer.from('a.b'), signature: Buffer.alloc(64, 1) };
    expect([nodeSignatureVerifier.verify(key, bytes), await nodeSignatureVerifier.verifyLater(key, bytes)]).toEqual([false, false]);
  });
});
