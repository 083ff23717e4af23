// Makes the certificates that the YAML files in invalid/ name: UPDATE_CERTIFICATES=1 npx vitest run test/golden/invalid.test.ts
// They are committed and valid until 2126, because their dates stand in the compared texts. Nothing in them is secret.
import '../support/reflect-metadata.ts';
import { webcrypto } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import * as x509 from '@peculiar/x509';

x509.cryptoProvider.set(webcrypto);

const EC = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const RSA_1024 = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', publicExponent: new Uint8Array([1, 0, 1]), modulusLength: 1024 } as const;
const LONG = { notBefore: new Date('2026-01-01T00:00:00Z'), notAfter: new Date('2126-01-01T00:00:00Z') };
const OVER = { notBefore: new Date('2024-01-01T00:00:00Z'), notAfter: new Date('2025-01-01T00:00:00Z') };
const FUTURE = { notBefore: new Date('2100-01-01T00:00:00Z'), notAfter: new Date('2126-01-01T00:00:00Z') };

interface Issued {
  readonly certificate: x509.X509Certificate;
  readonly keys: webcrypto.CryptoKeyPair;
  readonly pem: string;
  readonly key: string;
}

interface Parameters {
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly issuer?: Issued;
  readonly algorithm?: typeof EC | typeof RSA_1024;
}

/** Writes all of them into `directory`. */
export async function makeCertificates(directory: string): Promise<void> {
  mkdirSync(directory, { recursive: true });
  for (const [name, parts] of Object.entries(await allFiles())) {
    writeFileSync(path.join(directory, name), parts.join(''));
  }
}

async function allFiles(): Promise<Readonly<Record<string, readonly string[]>>> {
  const root = await authority('Example Root', LONG);
  const oldRoot = await authority('Example Root of 2024', OVER);
  const intermediate = await authority('Example Intermediate', { ...LONG, issuer: root });
  const oldIntermediate = await authority('Example Intermediate of 2024', { ...OVER, issuer: root });

  const shop = await leaf('shop.example.com', { ...LONG, issuer: intermediate });
  const viaOld = await leaf('shop.example.com', { ...LONG, issuer: oldIntermediate });
  const expired = await leaf('shop.example.com', { ...OVER, issuer: root });
  const future = await leaf('shop.example.com', { ...FUTURE, issuer: root });
  const nameless = await leaf(undefined, { ...LONG, issuer: root });
  const weak = await leaf('shop.example.com', { ...LONG, issuer: root, algorithm: RSA_1024 });
  const other = await leaf('other.example.com', { ...LONG, issuer: root });
  return {
    'shop.crt': [shop.pem, intermediate.pem],
    'shop.key': [shop.key],
    'shop-and-key.pem': [shop.pem, shop.key],
    'disordered.crt': [intermediate.pem, shop.pem],
    'stranger.crt': [shop.pem, other.pem],
    'cut.crt': [shop.pem.slice(0, 300)],
    'two.key': [shop.key, other.key],
    'encrypted.key': [shop.key.replaceAll('PRIVATE KEY', 'ENCRYPTED PRIVATE KEY')],
    'other.crt': [other.pem],
    'other.key': [other.key],
    'expired.crt': [expired.pem],
    'expired.key': [expired.key],
    'expired-intermediate.crt': [viaOld.pem, oldIntermediate.pem],
    'expired-intermediate.key': [viaOld.key],
    'future.crt': [future.pem],
    'future.key': [future.key],
    'nameless.crt': [nameless.pem],
    'nameless.key': [nameless.key],
    'weak.crt': [weak.pem],
    'weak.key': [weak.key],
    'old-ca.crt': [oldRoot.pem],
    'mixed-ca.crt': [oldRoot.pem, root.pem],
  };
}

function authority(name: string, parameters: Parameters): Promise<Issued> {
  return issue(`CN=${name}`, [new x509.BasicConstraintsExtension(true, undefined, true)], parameters);
}

function leaf(name: string | undefined, parameters: Parameters): Promise<Issued> {
  const extensions = name === undefined ? [] : [new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: name }])];
  return issue(name === undefined ? 'O=Example' : `CN=${name}`, extensions, parameters);
}

async function issue(subject: string, extensions: x509.Extension[], parameters: Parameters): Promise<Issued> {
  const { issuer, algorithm = EC, notBefore, notAfter } = parameters;
  const keys = (await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
  const certificate = await x509.X509CertificateGenerator.create({
    subject,
    issuer: issuer?.certificate.subject ?? subject,
    publicKey: keys.publicKey,
    signingKey: (issuer?.keys ?? keys).privateKey,
    signingAlgorithm: EC,
    extensions,
    notBefore,
    notAfter,
  });
  const key = x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');
  return { certificate, keys, pem: `${certificate.toString('pem')}\n`, key: `${key}\n` };
}
