// Makes certificates for tests: authorities, server and client leaves, EC or RSA, valid or expired. Nothing here is secret.
import './reflect-metadata.ts';
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

x509.cryptoProvider.set(webcrypto);

export type KeyType = 'ec' | 'rsa';

export interface CertificateOptions {
  /** Common name; for a leaf also its first DNS name, unless `names` is given. */
  readonly name: string;
  /** Subject alternative names: DNS names or IP addresses. */
  readonly names?: readonly string[];
  readonly keyType?: KeyType;
  /** Days from now; negative: expired so long ago. Default 30. */
  readonly days?: number;
  /** For a client certificate: clientAuth instead of serverAuth. */
  readonly client?: boolean;
  /** SPIFFE or other URI names. */
  readonly uris?: readonly string[];
}

export interface IssuedCertificate {
  /** PEM of the leaf alone. */
  readonly cert: string;
  /** PKCS #8 PEM. */
  readonly key: string;
  /** Upper-case hex of the SHA-256 of the DER form, with colons: as Node's `fingerprint256`. */
  readonly fingerprint256: string;
}

export interface CertificateAuthority extends IssuedCertificate {
  issue(options: CertificateOptions): Promise<IssuedCertificate>;
  /** An authority below this one. */
  intermediate(name: string): Promise<CertificateAuthority>;
}

const ALGORITHMS = {
  ec: { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  rsa: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', publicExponent: new Uint8Array([1, 0, 1]), modulusLength: 2048 },
} as const;

const DAY_MS = 86_400_000;

/** A self-signed authority. */
export async function createAuthority(name = 'Chancery test authority', keyType: KeyType = 'ec'): Promise<CertificateAuthority> {
  const keys = await generateKeys(keyType);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    keys,
    signingAlgorithm: ALGORITHMS[keyType],
    ...validity(365),
    extensions: authorityExtensions(),
  });
  return authority({ certificate, keys, keyType });
}

interface Issuer {
  readonly certificate: x509.X509Certificate;
  readonly keys: webcrypto.CryptoKeyPair;
  readonly keyType: KeyType;
}

async function authority(issuer: Issuer): Promise<CertificateAuthority> {
  return {
    ...(await toPem(issuer.certificate, issuer.keys)),
    issue: async (options) => {
      const keys = await generateKeys(options.keyType ?? 'ec');
      return toPem(await sign(issuer, keys, leafParameters(options)), keys);
    },
    intermediate: async (name) => {
      const keys = await generateKeys('ec');
      const certificate = await sign(issuer, keys, { subject: `CN=${name}`, ...validity(180), extensions: authorityExtensions() });
      return authority({ certificate, keys, keyType: 'ec' });
    },
  };
}

type LeafParameters = Pick<x509.X509CertificateCreateParams, 'subject' | 'notBefore' | 'notAfter' | 'extensions'>;

function leafParameters(options: CertificateOptions): LeafParameters {
  const names = options.names ?? [options.name];
  return {
    subject: `CN=${options.name}`,
    ...validity(options.days ?? 30),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyEncipherment, true),
      new x509.ExtendedKeyUsageExtension([options.client === true ? x509.ExtendedKeyUsage.clientAuth : x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension([
        ...names.map((value) => ({ type: /^[\d.]+$|:/.test(value) ? ('ip' as const) : ('dns' as const), value })),
        ...(options.uris ?? []).map((value) => ({ type: 'url' as const, value })),
      ]),
    ],
  };
}

function authorityExtensions(): x509.Extension[] {
  return [
    new x509.BasicConstraintsExtension(true, undefined, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
  ];
}

/** Begins long ago: tests hold clocks at days of their own. */
function validity(days: number): { notBefore: Date; notAfter: Date } {
  const end = Date.now() + days * DAY_MS;
  return { notBefore: new Date(Math.min(Date.now(), end) - 3_650 * DAY_MS), notAfter: new Date(end) };
}

function sign(issuer: Issuer, keys: webcrypto.CryptoKeyPair, parameters: LeafParameters): Promise<x509.X509Certificate> {
  return x509.X509CertificateGenerator.create({
    ...parameters,
    issuer: issuer.certificate.subject,
    publicKey: keys.publicKey,
    signingKey: issuer.keys.privateKey,
    signingAlgorithm: ALGORITHMS[issuer.keyType],
  });
}

function generateKeys(keyType: KeyType): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHMS[keyType], true, ['sign', 'verify']) as Promise<webcrypto.CryptoKeyPair>;
}

async function toPem(certificate: x509.X509Certificate, keys: webcrypto.CryptoKeyPair): Promise<IssuedCertificate> {
  const key = x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');
  const digest = Buffer.from(await certificate.getThumbprint('SHA-256'))
    .toString('hex')
    .toUpperCase();
  return { cert: `${certificate.toString('pem')}\n`, key: `${key}\n`, fingerprint256: digest.match(/../g)?.join(':') ?? '' };
}
