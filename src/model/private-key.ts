// A private key in PEM → the key, whatever form it is in. Never puts a part of the text into a message (C7).
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { failed, ok, type Result } from '../lib/result.ts';
import { Secret } from '../lib/secret.ts';
import { type PemBlock, readPem } from './pem.ts';
import { pemHelp } from './x509.ts';

export type KeyType = 'rsa' | 'ecdsa' | 'ed25519';

export interface KeyProblem {
  readonly message: string;
  readonly help?: string;
}

const CURVES = new Set(['prime256v1', 'secp384r1', 'secp521r1']);
const MIN_RSA_BITS = 2048;

/** Exactly one key; EC PARAMETERS and certificates beside it are passed over (B2). */
export function readPrivateKey(secret: Secret): Result<KeyObject, KeyProblem> {
  const { blocks, problem } = readPem(secret.reveal());
  const keys = blocks.filter((block) => block.label.endsWith('PRIVATE KEY'));
  const [key] = keys;
  if (problem !== undefined) {
    return failed({ message: problem });
  }
  if (key === undefined) {
    return failed({ message: 'this holds no private key in PEM form', help: pemHelp('', 'key') });
  }
  if (keys.length > 1) {
    return failed({
      message: `this holds ${keys.length} private keys; one is expected`,
      help: 'keep the one that belongs to the certificate',
    });
  }
  if (key.isEncrypted) {
    const help = 'decrypt it: openssl pkey -in encrypted.key -out plain.key, and protect the file instead';
    return failed({ message: 'the private key is encrypted with a passphrase', help });
  }
  const parsed = keyOf(key);
  return parsed === undefined ? failed({ message: 'the private key cannot be read' }) : ok(parsed);
}

/** PKCS #8, in PEM. */
export function exportKey(key: KeyObject): Secret {
  return new Secret(key.export({ type: 'pkcs8', format: 'pem' }).toString());
}

/** What Envoy can serve: RSA of 2048 bits and more, ECDSA on P-256, P-384 or P-521, Ed25519 (found by `envoy --mode validate`). */
export function keyTypeOf(key: KeyObject): Result<KeyType, KeyProblem> {
  const { modulusLength = 0, namedCurve = 'of this key' } = key.asymmetricKeyDetails ?? {};
  const type = key.asymmetricKeyType;
  if (type === 'rsa') {
    const help = `use one of ${MIN_RSA_BITS} bits or more, or ECDSA P-256`;
    return modulusLength >= MIN_RSA_BITS ? ok('rsa') : failed({ message: `Envoy does not take an RSA key of ${modulusLength} bits`, help });
  }
  if (type === 'ec') {
    const help = 'use P-256, P-384 or P-521';
    return CURVES.has(namedCurve) ? ok('ecdsa') : failed({ message: `Envoy does not take the curve ${namedCurve}`, help });
  }
  return type === 'ed25519' ? ok(type) : failed({ message: `Envoy does not take a key of type ${type}`, help: 'use RSA or ECDSA P-256' });
}

function keyOf(block: PemBlock): KeyObject | undefined {
  try {
    return createPrivateKey(block.text);
  } catch {
    return undefined;
  }
}
