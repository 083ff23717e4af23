// The pass over certificates: the top-level ones by name, and a door for those written inside listeners.
import { createHash } from 'node:crypto';
import type { CertificateConfig } from '../config/schema/certificate.ts';
import type { GatewayConfig } from '../config/schema/gateway.ts';
import type { ConfigPath } from '../lib/issue.ts';
import type { CertificatePair } from './certificate.ts';
import { createCertificateResolver } from './certificates.ts';
import type { Report } from './issue.ts';
import type { ListenerTlsTools } from './listener-tls.ts';
import type { ResolveContext } from './resolve-context.ts';
import type { Certificate, Model } from './types.ts';

export interface ResolvedCertificates extends Pick<ListenerTlsTools, 'named' | 'inline'> {
  /** Host names that a certificate is for; none where they are not known. */
  readonly namesOf: (certificate: Certificate) => readonly string[];
}

export interface CertificatePass {
  resolve(config: GatewayConfig, context: ResolveContext, report: Report): ResolvedCertificates;
}

export function createCertificatePass(): CertificatePass {
  const resolver = createCertificateResolver();
  return {
    resolve(config, { nowMs, serving, broken }, report) {
      const lastGood = lastGoodCertificates(serving?.previous);
      const resolve = (entry: CertificateConfig, path: ConfigPath, name: (pair: CertificatePair) => string): Certificate | undefined =>
        resolver.resolve(
          { entry, path, name, lastGood: lastGood.get(placeText(path)) },
          { nowMs, isServing: serving !== undefined },
          report,
        );
      const unusable = (broken?.certificates ?? []).map((name) => [name, undefined] as const);
      const named = new Map([
        ...unusable,
        ...Object.entries(config.certificates).map(([name, entry]) => [name, resolve(entry, ['certificates', name], () => name)] as const),
      ]);
      const namesOf = (certificate: Certificate): readonly string[] => resolver.namesOf(certificate);
      return {
        named,
        namesOf,
        inline: (entry, { listener, path, taken }) => resolve(entry, path, (pair) => inlineName(pair, { listener, taken, namesOf })),
      };
    },
  };
}

interface Naming {
  readonly listener: string;
  readonly taken: ReadonlyMap<string, Certificate>;
  readonly namesOf: (certificate: Certificate) => readonly string[];
}

/** `<listener>/<first name>/<key type>` (C16); a digest of all names goes behind where another certificate has this name, but not these names. */
function inlineName(pair: CertificatePair, { listener, taken, namesOf }: Naming): string {
  const name = `${listener}/${pair.names[0] ?? ''}/${pair.keyType}`;
  const other = taken.get(name);
  const names = pair.names.join();
  if (other === undefined || namesOf(other).join() === names) {
    return name;
  }
  return `${name}/${createHash('sha256').update(names).digest('hex').slice(0, 8)}`;
}

function lastGoodCertificates(previous: Model | undefined): ReadonlyMap<string, Certificate> {
  const certificates = [
    ...(previous?.certificates ?? []),
    ...(previous?.listeners ?? []).flatMap((listener) => listener.tls?.certificates ?? []),
  ];
  return new Map(certificates.map((certificate) => [placeText(certificate.path), certificate]));
}

function placeText(path: ConfigPath): string {
  return JSON.stringify(path);
}
