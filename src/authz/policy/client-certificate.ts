// The certificate that a proxy verified in TLS and tells with a request: parsed once, compared by the type of each name (M10).
import { X509Certificate } from 'node:crypto';
import { ProvenIdentity } from '../proven-identity.ts';
import { addressKey } from './address-set.ts';
import { type CertificateName, certificateNames } from './certificate-names.ts';
import type { CertificateSettings, SubjectAltName } from './settings.ts';

const MOST_BYTES = 64 * 1024;
const NO_CLAIMS: Readonly<Record<string, unknown>> = Object.freeze(Object.create(null));

export class ClientCertificate {
  readonly names: readonly CertificateName[];
  /** SHA-256 of the DER, hexadecimal, as Envoy prints it. */
  readonly fingerprint: string;
  readonly #subject: string;
  readonly #identities = new WeakMap<CertificateSettings, ProvenIdentity | false>();

  private constructor(certificate: X509Certificate, names: readonly CertificateName[]) {
    this.names = names;
    this.fingerprint = certificate.fingerprint256.replaceAll(':', '').toLowerCase();
    this.#subject = certificate.subject.split('\n').reverse().join(',');
  }

  /** From URL-encoded PEM, as Envoy tells it; undefined for what is no certificate that can be compared. */
  static parse(text: string): ClientCertificate | undefined {
    if (text.length > MOST_BYTES) return undefined;
    try {
      const certificate = new X509Certificate(decodeURIComponent(text));
      const names = certificateNames(certificate.raw);
      return names === undefined ? undefined : new ClientCertificate(certificate, names);
    } catch {
      return undefined;
    }
  }

  /** The identity where one of the names fits. */
  identity(settings: CertificateSettings): ProvenIdentity | undefined {
    let known = this.#identities.get(settings);
    if (known === undefined) {
      known = settings.sans.some((san) => this.names.some((name) => fits(san, name))) && this.#identityOf(settings);
      this.#identities.set(settings, known);
    }
    return known === false ? undefined : known;
  }

  #identityOf(settings: CertificateSettings): ProvenIdentity {
    const stamps = new Map<string, string>();
    for (const { header, part } of settings.forward) {
      const text = this.#part(part);
      if (text !== undefined) stamps.set(header, text);
    }
    return new ProvenIdentity({
      kind: 'certificate',
      provider: settings.name,
      issuer: undefined,
      subject: this.fingerprint,
      claims: NO_CLAIMS,
      scopeClaim: [],
      scopes: new Set(),
      forward: [],
      stamps,
    });
  }

  #part(part: CertificateSettings['forward'][number]['part']): string | undefined {
    if (part === 'fingerprint') return this.fingerprint;
    if (part === 'subject') return this.#subject === '' ? undefined : this.#subject;
    return this.names.find(({ type }) => type === part)?.text;
  }
}

function fits({ type, match }: SubjectAltName, name: CertificateName): boolean {
  if (type !== name.type) return false;
  switch (match.kind) {
    case 'exact':
      return type === 'ip' ? addressKey(name.text) === addressKey(match.value) : name.text === match.value;
    case 'prefix':
      return name.text.startsWith(match.value);
    case 'suffix':
      return name.text.endsWith(match.value);
    default:
      return match.kind satisfies never;
  }
}
