// Puts the certificates of one file into the order TLS wants: the leaf, then each one's issuer (C11). Ages and keys are checked elsewhere.
import type { X509Certificate } from 'node:crypto';
import { subjectOf } from './x509.ts';

export interface OrderedChain {
  /** Leaf first. */
  readonly chain: readonly X509Certificate[];
  /** What was not as it should be; none of it keeps the chain from working. */
  readonly remarks: readonly ChainRemark[];
}

interface ChainRemark {
  readonly message: string;
  readonly help: string;
}

/** Orders what belongs to the chain of `leaf`; what does not belong is left out, and both are told as remarks. */
export function orderChain(leaf: X509Certificate, certificates: readonly X509Certificate[]): OrderedChain {
  const rest = withoutDoubles(certificates).filter((certificate) => certificate.fingerprint256 !== leaf.fingerprint256);
  const chain = [leaf];
  for (let current = leaf; ; ) {
    const issuer = rest.find((candidate) => !chain.includes(candidate) && current.checkIssued(candidate));
    if (issuer === undefined) {
      break;
    }
    chain.push(issuer);
    current = issuer;
  }
  // Cross-signed variants of an issuer give clients a second way; they stay, at the end.
  const variants = rest.filter((certificate) => !chain.includes(certificate) && chain.some((member) => member.checkIssued(certificate)));
  const strangers = rest.filter((certificate) => !chain.includes(certificate) && !variants.includes(certificate));
  const ordered = [...chain, ...variants];
  return { chain: ordered, remarks: [...orderRemark(ordered, certificates), ...strangers.map(strangerRemark)] };
}

function withoutDoubles(certificates: readonly X509Certificate[]): readonly X509Certificate[] {
  return [...new Map(certificates.map((certificate) => [certificate.fingerprint256, certificate])).values()];
}

function orderRemark(ordered: readonly X509Certificate[], written: readonly X509Certificate[]): readonly ChainRemark[] {
  const places = ordered.map((certificate) => written.findIndex((candidate) => candidate.fingerprint256 === certificate.fingerprint256));
  if (places.every((place, index) => index === 0 || place > (places[index - 1] ?? -1))) {
    return [];
  }
  return [
    {
      message: `the certificates are not in order; they are served as ${ordered.map(subjectOf).join(' → ')}`,
      help: 'put the certificate of the server first, then each issuer',
    },
  ];
}

function strangerRemark(stranger: X509Certificate): ChainRemark {
  return {
    message: `the certificate of ${subjectOf(stranger)} does not belong to the chain and is left out`,
    help: 'if an intermediate is missing between them, add it; otherwise remove it',
  };
}
