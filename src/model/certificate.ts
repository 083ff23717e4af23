// A certificate and its key as the user gave them (PEM text) → the normalised pair, or every reason why Envoy would not take it.
// Pure but for `node:crypto`; the time is an argument of `certificateAgeProblems`, so that a parsed pair can be kept.
import type { KeyObject, X509Certificate } from 'node:crypto';
import type { Secret } from '../lib/secret.ts';
import { orderChain } from './certificate-chain.ts';
import type { ModelIssueCode } from './issue-codes.ts';
import { readPem } from './pem.ts';
import { exportKey, type KeyType, keyTypeOf, readPrivateKey } from './private-key.ts';
import { certificateOf, dayOf, isCertificateBlock, namesOf, pemHelp, subjectOf } from './x509.ts';

export interface CertificateProblem {
  readonly code: ModelIssueCode;
  readonly severity: 'error' | 'warning';
  /** Which of the two texts is meant; a problem of the pair names the key and mentions the certificate beside it. */
  readonly part: 'cert' | 'key' | 'pair';
  readonly message: string;
  readonly help?: string;
}

/** One certificate of the chain: whose it is and how long it is valid. */
export interface ChainLink {
  readonly subject: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

export interface CertificatePair {
  /** Leaf first, normalised (B1). */
  readonly chain: string;
  /** PKCS #8, whatever form it came in (B2). */
  readonly key: Secret;
  readonly links: readonly ChainLink[];
  /** DNS names of the leaf (IP addresses where it has none, else the common name); never empty. */
  readonly names: readonly string[];
  readonly keyType: KeyType;
}

export interface ParsedCertificate {
  /** Absent when a problem is an error. */
  readonly pair?: CertificatePair;
  readonly problems: readonly CertificateProblem[];
}

/** Certificate file and key file → the pair. Every problem at once (C11, B1-B3); ages are not looked at. */
export function parseCertificate(certText: string, keyText: Secret): ParsedCertificate {
  const problems: CertificateProblem[] = [];
  const certificates = readCertificates(certText, problems);
  const read = readPrivateKey(keyText);
  if (!read.ok) {
    problems.push({ ...read.problem, code: 'CH2302', severity: 'error', part: 'key' });
  }
  const key = read.ok ? read.value : undefined;
  const leaf = certificates?.find((certificate) => key !== undefined && certificate.checkPrivateKey(key));
  if (certificates !== undefined && key !== undefined && leaf === undefined) {
    problems.push(mismatch(certificates, key));
  }
  if (certificates === undefined || key === undefined || leaf === undefined) {
    return { problems };
  }
  const ordered = orderChain(leaf, certificates);
  problems.push(...ordered.remarks.map((remark) => ({ ...remark, code: 'CH2308', severity: 'warning', part: 'cert' }) as const));
  const keyType = keyTypeOf(leaf.publicKey);
  if (!keyType.ok) {
    problems.push({ ...keyType.problem, code: 'CH2307', severity: 'error', part: 'cert' });
  }
  const names = namesOf(leaf);
  if (names.length === 0) {
    problems.push(
      wrong(
        'CH2306',
        'the certificate names no host: it has neither a subject alternative name nor a common name',
        'request one with the host names as subject alternative names',
      ),
    );
  }
  if (!keyType.ok || problems.some((problem) => problem.severity === 'error')) {
    return { problems };
  }
  const chain = ordered.chain.map((certificate) => certificate.toString()).join('');
  const links = ordered.chain.map(linkOf);
  return { problems, pair: { chain, key: exportKey(key), links, names, keyType: keyType.value } };
}

/** B4: what has expired, or is not valid yet, at `nowMs`. */
export function certificateAgeProblems(pair: CertificatePair, nowMs: number): readonly CertificateProblem[] {
  return pair.links.flatMap((link, index): readonly CertificateProblem[] => {
    const what = index === 0 ? `the certificate of ${link.subject}` : `the intermediate certificate ${link.subject}`;
    if (link.notAfterMs < nowMs) {
      const message = `${what} expired on ${dayOf(link.notAfterMs)}`;
      return [wrong('CH2304', message, index === 0 ? 'renew it' : 'take the current chain from the authority that issued the certificate')];
    }
    if (link.notBeforeMs > nowMs) {
      const message = `${what} is not valid before ${new Date(link.notBeforeMs).toISOString()}`;
      return [{ ...wrong('CH2305', message, 'clients will refuse it until then'), severity: 'warning' }];
    }
    return [];
  });
}

/** All certificates of a PEM text; undefined (and a problem) when there is none or one cannot be read. */
function readCertificates(text: string, problems: CertificateProblem[]): readonly X509Certificate[] | undefined {
  const { blocks, problem } = readPem(text);
  if (problem !== undefined) {
    problems.push(wrong('CH2301', problem));
    return undefined;
  }
  const hasKey = blocks.some((block) => block.label.endsWith('PRIVATE KEY'));
  const wanted = blocks.filter(isCertificateBlock);
  if (wanted.length === 0) {
    const help = hasKey ? 'name the file of the certificate here' : pemHelp(text, 'cert');
    problems.push(wrong('CH2301', `this holds ${hasKey ? 'a private key, but ' : ''}no certificate in PEM form`, help));
    return undefined;
  }
  if (hasKey) {
    const message = 'the certificate file also holds a private key, which is ignored here';
    problems.push({ ...wrong('CH2309', message, 'keep the key in a file of its own'), severity: 'warning' });
  }
  const certificates = wanted.map((block) => certificateOf(block));
  const unreadable = certificates.indexOf(undefined);
  if (unreadable !== -1) {
    problems.push(wrong('CH2301', `certificate ${unreadable + 1} of ${wanted.length} cannot be read`));
    return undefined;
  }
  return certificates.filter((certificate) => certificate !== undefined);
}

function mismatch(certificates: readonly X509Certificate[], key: KeyObject): CertificateProblem {
  const [first] = certificates;
  const subject = first === undefined ? '' : ` of ${subjectOf(first)}`;
  const types = [first?.publicKey.asymmetricKeyType, key.asymmetricKeyType];
  const kinds = types[0] === types[1] ? '' : ` (they are ${types.join(' and ')})`;
  const help = 'put the key here from which the certificate was requested';
  return { ...wrong('CH2303', `the key does not match the certificate${subject}${kinds}`, help), part: 'pair' };
}

function linkOf(certificate: X509Certificate): ChainLink {
  return {
    subject: subjectOf(certificate),
    notBeforeMs: Date.parse(certificate.validFrom),
    notAfterMs: Date.parse(certificate.validTo),
  };
}

function wrong(code: ModelIssueCode, message: string, help?: string): CertificateProblem {
  return { code, severity: 'error', part: 'cert', message, ...(help === undefined ? {} : { help }) };
}
