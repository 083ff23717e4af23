// Certificates, keys and authorities → Envoy's Secrets, which travel over SDS alone (C7). The only place where a key is revealed.
import type { Certificate, TrustedCa } from '../model/types.ts';
import type { Secret } from '../proto/generated/envoy/extensions/transport_sockets/tls/v3/Secret.ts';
import { nameOfCertificate } from './names.ts';

/** Where most Linux distributions and Envoy's own image keep the machine's authorities. */
export const SYSTEM_CA_FILE = '/etc/ssl/certs/ca-certificates.crt';

export function compileCertificate(certificate: Certificate): Secret {
  return {
    name: nameOfCertificate(certificate.name),
    tls_certificate: {
      certificate_chain: { inline_string: certificate.chain },
      private_key: { inline_string: certificate.key.reveal() },
    },
  };
}

/** `systemCaFile` is a path on Envoy's machine, which Envoy watches. */
export function compileTrustedCa(name: string, ca: TrustedCa, systemCaFile: string): Secret {
  const trusted = ca.kind === 'system' ? { filename: systemCaFile } : { inline_string: ca.pem };
  return { name, validation_context: { trusted_ca: trusted } };
}
