// The certificates of the gateway, top-level and inside listeners: parsed once per entry, aged at every resolve (B3-B5).
// While serving, a pair that went bad keeps its last good form; nothing else of the configuration suffers for it.
import type { CertificateConfig } from '../config/schema/certificate.ts';
import type { ConfigPath } from '../lib/issue.ts';
import {
  type CertificatePair,
  type CertificateProblem,
  certificateAgeProblems,
  type ParsedCertificate,
  parseCertificate,
} from './certificate.ts';
import type { Report } from './issue.ts';
import type { Certificate } from './types.ts';

export interface CertificateRequest {
  readonly entry: CertificateConfig;
  readonly path: ConfigPath;
  /** The certificate's name once its pair is known. */
  readonly name: (pair: CertificatePair) => string;
  /** The pair of this place in the model that is being served; undefined when nothing is served. */
  readonly lastGood: Certificate | undefined;
}

export interface CertificateContext {
  readonly nowMs: number;
  /** True in a running server: a bad pair is a warning, and the last good one, or none, is used (B5). */
  readonly isServing: boolean;
}

export interface CertificateResolver {
  /** Undefined when there is neither a good nor a last good pair; the reasons are reported. */
  resolve(request: CertificateRequest, context: CertificateContext, report: Report): Certificate | undefined;
  /** Host names that a certificate made here is for. */
  namesOf(certificate: Certificate): readonly string[];
}

/** Remembers what it parsed by the identity of the entries: equal entries give the same Certificate object. */
export function createCertificateResolver(): CertificateResolver {
  const parsed = new WeakMap<CertificateConfig, ParsedCertificate>();
  const known = new WeakMap<CertificateConfig, Certificate>();
  const names = new WeakMap<Certificate, readonly string[]>();
  return {
    resolve({ entry, path, name, lastGood }, context, report) {
      const { pair, problems } = remembered(parsed, entry, () => parseCertificate(entry.cert, entry.key));
      const aged = pair === undefined ? problems : [...problems, ...certificateAgeProblems(pair, context.nowMs)];
      const used = context.isServing ? lastGood : undefined;
      const consequence =
        pair !== undefined ? 'it is served all the same' : used !== undefined ? 'the last good one is served on' : 'it is left out';
      for (const problem of aged) {
        reportProblem(problem, { path, ...(context.isServing ? { consequence } : {}) }, report);
      }
      if (pair === undefined) {
        return used;
      }
      const wanted = { name: name(pair), path };
      const old = known.get(entry);
      if (old !== undefined && old.name === wanted.name && samePath(old.path, path)) {
        return old;
      }
      const certificate = certificateOf(pair, wanted);
      known.set(entry, certificate);
      names.set(certificate, pair.names);
      return certificate;
    },
    namesOf: (certificate) => names.get(certificate) ?? [],
  };
}

function remembered<Key extends object, Value>(map: WeakMap<Key, Value>, key: Key, make: () => Value): Value {
  const known = map.get(key);
  if (known !== undefined) {
    return known;
  }
  const made = make();
  map.set(key, made);
  return made;
}

function certificateOf(pair: CertificatePair, { name, path }: { readonly name: string; readonly path: ConfigPath }): Certificate {
  return { name, path, chain: pair.chain, key: pair.key, notAfterMs: Math.min(...pair.links.map((link) => link.notAfterMs)) };
}

interface Circumstances {
  readonly path: ConfigPath;
  /** While serving: what becomes of the pair; an error is then a warning that says so. */
  readonly consequence?: string;
}

function reportProblem(problem: CertificateProblem, { path, consequence }: Circumstances, report: Report): void {
  const { code, message, help, part } = problem;
  const isSoftened = consequence !== undefined && problem.severity === 'error';
  report({
    code,
    severity: isSoftened ? 'warning' : problem.severity,
    path: [...path, part === 'cert' ? 'cert' : 'key'],
    message: isSoftened ? `${message}; ${consequence}` : message,
    ...(help === undefined ? {} : { help }),
    ...(part === 'pair' ? { related: [{ message: 'the certificate is here', path: [...path, 'cert'] }] } : {}),
  });
}

function samePath(left: ConfigPath, right: ConfigPath): boolean {
  return left.length === right.length && left.every((step, index) => step === right[index]);
}
