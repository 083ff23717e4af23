// A key that verifies signatures, ready for use, and how JWKs and secrets become one (P21). Never shows what it holds.
import { createPublicKey, createSecretKey, type KeyObject } from 'node:crypto';
import type { CanonicalJwk } from '../../lib/jose/key-set.ts';
import { algorithmFacts, type SignatureAlgorithm } from '../../lib/jose/signature-algorithm.ts';
import type { Secret } from '../../lib/secret.ts';

export interface VerificationKey {
  readonly kid: string;
  readonly algorithm: SignatureAlgorithm;
  /** Every signature has exactly this length (A15). */
  readonly signatureBytes: number;
  readonly key: KeyObject;
}

/** Of a key that passed the linter; throws for others. */
export function publicVerificationKey(jwk: CanonicalJwk): VerificationKey {
  const key = createPublicKey({ key: jwk, format: 'jwk' });
  const modulusBytes = Math.ceil((key.asymmetricKeyDetails?.modulusLength ?? 0) / 8);
  return { kid: jwk.kid, algorithm: jwk.alg, signatureBytes: algorithmFacts(jwk.alg).signatureBytes ?? modulusBytes, key };
}

/** For an HS algorithm; undefined where the secret is shorter than the hash (A6) or the algorithm is none of them. */
export function secretVerificationKey(secret: Secret, algorithm: SignatureAlgorithm): VerificationKey | undefined {
  const { family, hashBytes } = algorithmFacts(algorithm);
  const bytes = Buffer.from(secret.reveal());
  if (family !== 'hmac' || bytes.length < hashBytes) return undefined;
  return { kid: '', algorithm, signatureBytes: hashBytes, key: createSecretKey(bytes) };
}
