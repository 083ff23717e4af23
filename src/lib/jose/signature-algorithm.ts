// The signature algorithms of JOSE that a provider may name, and what each asks of a key. Knows no token and makes no signature.

export type SignatureAlgorithm =
  | 'RS256'
  | 'RS384'
  | 'RS512'
  | 'PS256'
  | 'PS384'
  | 'PS512'
  | 'ES256'
  | 'ES384'
  | 'ES512'
  | 'EdDSA'
  | 'HS256'
  | 'HS384'
  | 'HS512';

export interface AlgorithmFacts {
  readonly family: 'rsa' | 'pss' | 'ec' | 'okp' | 'hmac';
  /** As `node:crypto` names it; EdDSA hashes by itself. */
  readonly hash: 'sha256' | 'sha384' | 'sha512' | undefined;
  /** Bytes of the hash. */
  readonly hashBytes: number;
  /** The one curve that fits. */
  readonly curve?: 'P-256' | 'P-384' | 'P-521' | 'Ed25519';
  /** Bytes of each signature; absent where the key's modulus says it (A15). */
  readonly signatureBytes?: number;
}

const FACTS: Readonly<Record<SignatureAlgorithm, AlgorithmFacts>> = {
  RS256: { family: 'rsa', hash: 'sha256', hashBytes: 32 },
  RS384: { family: 'rsa', hash: 'sha384', hashBytes: 48 },
  RS512: { family: 'rsa', hash: 'sha512', hashBytes: 64 },
  PS256: { family: 'pss', hash: 'sha256', hashBytes: 32 },
  PS384: { family: 'pss', hash: 'sha384', hashBytes: 48 },
  PS512: { family: 'pss', hash: 'sha512', hashBytes: 64 },
  ES256: { family: 'ec', hash: 'sha256', hashBytes: 32, curve: 'P-256', signatureBytes: 64 },
  ES384: { family: 'ec', hash: 'sha384', hashBytes: 48, curve: 'P-384', signatureBytes: 96 },
  ES512: { family: 'ec', hash: 'sha512', hashBytes: 64, curve: 'P-521', signatureBytes: 132 },
  EdDSA: { family: 'okp', hash: undefined, hashBytes: 64, curve: 'Ed25519', signatureBytes: 64 },
  HS256: { family: 'hmac', hash: 'sha256', hashBytes: 32, signatureBytes: 32 },
  HS384: { family: 'hmac', hash: 'sha384', hashBytes: 48, signatureBytes: 48 },
  HS512: { family: 'hmac', hash: 'sha512', hashBytes: 64, signatureBytes: 64 },
};

/** Every one, in the order of the documentation. */
export const SIGNATURE_ALGORITHMS: readonly SignatureAlgorithm[] = Object.keys(FACTS).filter(isSignatureAlgorithm);

/** Whether the text is exactly the name of one; `none` is not. */
export function isSignatureAlgorithm(text: unknown): text is SignatureAlgorithm {
  return typeof text === 'string' && Object.hasOwn(FACTS, text);
}

export function algorithmFacts(algorithm: SignatureAlgorithm): AlgorithmFacts {
  return FACTS[algorithm];
}
