// Facts read from X.509 certificates and the words that messages use for them; judges nothing.
import { X509Certificate } from 'node:crypto';
import type { PemBlock } from './pem.ts';

export function isCertificateBlock(block: PemBlock): boolean {
  return block.label === 'CERTIFICATE' || block.label === 'X509 CERTIFICATE' || block.label === 'TRUSTED CERTIFICATE';
}

/** The certificate of a block, or undefined when it is none. */
export function certificateOf(block: PemBlock): X509Certificate | undefined {
  try {
    return new X509Certificate(block.text);
  } catch {
    // OpenSSL's reason ("wrong tag", "too long") helps nobody; the caller names the block.
    return undefined;
  }
}

/** DNS names of a certificate; its IP addresses where it has none, else its common name; lower case. */
export function namesOf(leaf: X509Certificate): readonly string[] {
  const names = (leaf.subjectAltName ?? '').split(', ');
  const dns = names.filter((name) => name.startsWith('DNS:')).map((name) => name.slice('DNS:'.length).toLowerCase());
  if (dns.length > 0) {
    return dns;
  }
  const addresses = names.filter((name) => name.startsWith('IP Address:')).map((name) => name.slice('IP Address:'.length));
  const common = commonNameOf(leaf);
  return addresses.length > 0 || common === undefined ? addresses : [common.toLowerCase()];
}

/** How a certificate is named in messages. */
export function subjectOf(certificate: X509Certificate): string {
  const common = commonNameOf(certificate);
  return (
    common ??
    (certificate.subject?.split('\n').join(', ') ||
      certificate.subjectAltName?.split(', ')[0]?.replace(/^\w+:/, '') ||
      'an unnamed subject')
  );
}

function commonNameOf(certificate: X509Certificate): string | undefined {
  return /^CN=(.+)$/m.exec(certificate.subject ?? '')?.[1];
}

/** `2026-11-22`, in UTC. */
export function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

/** Help for a text without PEM blocks: mostly a path was given where the content is wanted. Never pass the text of a key here (C7). */
export function pemHelp(text: string, kind: 'cert' | 'key' | 'ca'): string {
  if (/^[\w./~-]{1,200}$/.test(text) && /[./]/.test(text)) {
    return `to read a file write "\${file:${text}}"`;
  }
  const begin = kind === 'key' ? 'PRIVATE KEY' : 'CERTIFICATE';
  return `expected text that begins with -----BEGIN ${begin}-----`;
}
