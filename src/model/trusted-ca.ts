// A bundle of authorities in PEM → what Envoy shall trust. Expired ones are dropped with a warning (B4); the time is an argument.
import type { X509Certificate } from 'node:crypto';
import type { ModelIssueCode } from './issue-codes.ts';
import { pemOf, readPem } from './pem.ts';
import { certificateOf, dayOf, isCertificateBlock, pemHelp, subjectOf } from './x509.ts';

export interface CaProblem {
  readonly code: ModelIssueCode;
  readonly severity: 'error' | 'warning';
  readonly message: string;
  readonly help?: string;
}

interface Authority {
  readonly pem: string;
  readonly subject: string;
  readonly notAfterMs: number;
}

/** A bundle as parsed, before anyone asked for the time. */
export interface CaBundle {
  readonly authorities: readonly Authority[];
  readonly problems: readonly CaProblem[];
}

/** Reads a bundle; each certificate once, normalised (B1). */
export function parseCaBundle(text: string): CaBundle {
  const { blocks, problem } = readPem(text);
  if (problem !== undefined) {
    return { authorities: [], problems: [{ code: 'CH2310', severity: 'error', message: problem }] };
  }
  const wanted = blocks.filter(isCertificateBlock);
  if (wanted.length === 0) {
    const message = 'this holds no certificate in PEM form';
    const help = pemHelp(text, 'ca');
    return { authorities: [], problems: [{ code: 'CH2310', severity: 'error', message, help }] };
  }
  const authorities = new Map<string, Authority>();
  const problems: CaProblem[] = [];
  for (const [index, block] of wanted.entries()) {
    const certificate = certificateOf(block);
    if (certificate === undefined) {
      problems.push({ code: 'CH2310', severity: 'error', message: `certificate ${index + 1} of ${wanted.length} cannot be read` });
    } else {
      authorities.set(certificate.fingerprint256, authorityOf(certificate));
    }
  }
  return { authorities: [...authorities.values()], problems };
}

/** The part of a bundle that is still valid at `nowMs`, as one PEM text; empty when nothing is. */
export function validAuthorities(bundle: CaBundle, nowMs: number): { readonly pem: string; readonly problems: readonly CaProblem[] } {
  const expired = bundle.authorities.filter((authority) => authority.notAfterMs < nowMs);
  const valid = bundle.authorities.filter((authority) => authority.notAfterMs >= nowMs);
  if (valid.length === 0 && expired.length > 0) {
    const message = `every certificate of the bundle has expired, the last on ${dayOf(Math.max(...expired.map((authority) => authority.notAfterMs)))}`;
    return { pem: '', problems: [{ code: 'CH2304', severity: 'error', message, help: 'take a current bundle from the authority' }] };
  }
  return { pem: valid.map((authority) => authority.pem).join(''), problems: expired.map(expiredProblem) };
}

function expiredProblem(authority: Authority): CaProblem {
  return {
    code: 'CH2311',
    severity: 'warning',
    message: `the authority ${authority.subject} expired on ${dayOf(authority.notAfterMs)} and is left out`,
    help: 'remove it from the bundle',
  };
}

function authorityOf(certificate: X509Certificate): Authority {
  return {
    pem: pemOf('CERTIFICATE', certificate.raw.toString('base64')),
    subject: subjectOf(certificate),
    notAfterMs: Date.parse(certificate.validTo),
  };
}
