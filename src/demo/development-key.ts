// The key of the quickstart's own test issuer: made on first use, kept in the state directory, never in a gateway file. Not for production.
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ChanceryError } from '../lib/errors.ts';

/** By which `up --demo` and `token mint --dev` tell a gateway file the public key. Unset, the quickstart trusts a key that nobody has. */
export const DEVELOPMENT_KEY_VARIABLE = 'CHANCERY_DEV_KEY';

export interface DevelopmentKey {
  /** Ed25519. */
  readonly privateKey: KeyObject;
  /** The member `x` of its public JWK. */
  readonly x: string;
}

/** Of this state directory; the file has mode 0600. Throws ERR_USAGE where it is no such key. */
export function developmentKey(state: string): DevelopmentKey {
  const file = fileIn(state);
  const privateKey = readKey(file, keptKey(file) ?? newKey(state, file));
  return { privateKey, x: publicKeyOf(privateKey, file) };
}

/** The public key alone, where `up` or `token mint` has made one in this state directory: nothing is made. Throws ERR_USAGE as above. */
export function knownDevelopmentKey(state: string): string | undefined {
  const file = fileIn(state);
  const pem = keptKey(file);
  return pem === undefined ? undefined : publicKeyOf(readKey(file, pem), file);
}

function fileIn(state: string): string {
  return path.join(state, 'development-key.pem');
}

function publicKeyOf(privateKey: KeyObject, file: string): string {
  const { x } = createPublicKey(privateKey).export({ format: 'jwk' });
  if (x === undefined) throw unusable(file);
  return x;
}

function keptKey(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function newKey(state: string, file: string): string {
  mkdirSync(state, { recursive: true, mode: 0o700 });
  const pem = generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  try {
    writeFileSync(file, pem, { mode: 0o600, flag: 'wx' });
    return pem;
  } catch (error) {
    // Another process made it a moment before.
    const other = keptKey(file);
    if (other === undefined) throw error;
    return other;
  }
}

function readKey(file: string, pem: string): KeyObject {
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch {
    // Told below: the parser's own words could quote the file.
  }
  throw unusable(file);
}

function unusable(file: string): ChanceryError {
  return new ChanceryError('ERR_USAGE', `${file} holds no Ed25519 key`, { remedy: 'remove it: the next start makes a new one' });
}
