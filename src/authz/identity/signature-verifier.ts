// Verifies one signature with one key (authz A15, A20), as `node:crypto` does: on the spot, or in the thread pool where several come at once
// (authz P6). Knows no tokens.
import { constants, createHmac, timingSafeEqual, type VerifyKeyObjectInput, verify } from 'node:crypto';
import { algorithmFacts } from '../../lib/jose/signature-algorithm.ts';
import type { VerificationKey } from './verification-key.ts';

export interface SignedBytes {
  readonly signed: Buffer;
  readonly signature: Buffer;
}

export interface SignatureVerifier {
  /** False for anything but a good signature of exactly the right length; never throws. */
  verify(key: VerificationKey, bytes: SignedBytes): boolean;
  /** The same away from this thread. */
  verifyLater(key: VerificationKey, bytes: SignedBytes): Promise<boolean>;
}

/** Half the work of jose, which stands beside it in the tests as the reference. */
export const nodeSignatureVerifier: SignatureVerifier = {
  verify: (key, bytes) => {
    if (!hasLength(key, bytes)) return false;
    if (algorithmFacts(key.algorithm).family === 'hmac') return isOurHmac(key, bytes);
    try {
      return verify(hashOf(key), bytes.signed, inputOf(key), bytes.signature);
    } catch {
      // What OpenSSL cannot read is no signature.
      return false;
    }
  },
  verifyLater: (key, bytes) => {
    if (!hasLength(key, bytes)) return Promise.resolve(false);
    if (algorithmFacts(key.algorithm).family === 'hmac') return Promise.resolve(isOurHmac(key, bytes));
    return new Promise((resolve) => {
      try {
        verify(hashOf(key), bytes.signed, inputOf(key), bytes.signature, (error, isGood) => resolve(error === null && isGood));
      } catch {
        // A key that OpenSSL cannot use fails here and not in the callback.
        resolve(false);
      }
    });
  },
};

/** OpenSSL and WebCrypto read PSS signatures whose leading zero byte was cut, and others read longer ones: one signature, one spelling (A15). */
function hasLength({ signatureBytes }: VerificationKey, { signature }: SignedBytes): boolean {
  return signature.length === signatureBytes;
}

function isOurHmac({ algorithm, key }: VerificationKey, { signed, signature }: SignedBytes): boolean {
  return timingSafeEqual(
    createHmac(algorithmFacts(algorithm).hash ?? 'sha256', key)
      .update(signed)
      .digest(),
    signature,
  );
}

function hashOf({ algorithm }: VerificationKey): string | undefined {
  return algorithmFacts(algorithm).hash;
}

const PSS = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };

function inputOf({ algorithm, key }: VerificationKey): VerifyKeyObjectInput {
  const { family } = algorithmFacts(algorithm);
  if (family === 'ec') return { key, dsaEncoding: 'ieee-p1363' };
  return family === 'pss' ? { key, ...PSS } : { key };
}
