// The pass over secrets: certificates and authorities that listeners and services refer to. Sorted by name.
import type { Certificate, Model, Service, TrustedCa } from '../model/types.ts';
import type { Secret } from '../proto/generated/envoy/extensions/transport_sockets/tls/v3/Secret.ts';
import { compareText } from './compare-text.ts';
import { memoised } from './memo.ts';
import { type ReferencedCa, referencedCas, referencedCertificates } from './referenced.ts';
import { compileCertificate, compileTrustedCa } from './secret.ts';
import type { LocatedResource } from './source-map.ts';

export function createSecretPass(systemCaFile: string): (model: Model, services: readonly Service[]) => readonly LocatedResource[] {
  const certificateOf = memoised(compileCertificate);
  // Several services may hold the same authority object under names of their own.
  const secretsOf = memoised((_ca: TrustedCa) => new Map<string, Secret>());
  const caOf = (name: string, { ca, path }: ReferencedCa): LocatedResource => {
    const message = secretsOf(ca).get(name) ?? compileTrustedCa(name, ca, systemCaFile);
    secretsOf(ca).set(name, message);
    return { resource: { kind: 'Secret', name, message, path } };
  };
  const certificate = (owner: Certificate): LocatedResource => {
    const message = certificateOf(owner);
    return { resource: { kind: 'Secret', name: message.name ?? '', message, path: owner.path } };
  };
  return (model, services) =>
    [
      ...referencedCertificates(model, services).map(certificate),
      ...[...referencedCas(model.listeners, services)].map(([name, ca]) => caOf(name, ca)),
    ].sort((a, b) => compareText(a.resource.name, b.resource.name));
}
