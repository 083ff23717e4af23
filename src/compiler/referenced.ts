// What of the model the gateway's listeners and routes really use: nothing else becomes a resource (B28), and no proxy gets a secret that
// it has no use for.

import type { ConfigPath } from '../lib/issue.ts';
import type { Certificate, Listener, Model, Route, Service, TrustedCa } from '../model/types.ts';
import { nameOfListenerCa, nameOfServiceCa } from './names.ts';
import { nameOfCa } from './sds.ts';

/** Services that a backend or a mirror names, in the order of the model. */
export function referencedServices(model: Model): readonly Service[] {
  const names = new Set(model.routes.flatMap(servicesOf));
  return model.services.filter((service) => names.has(service.name));
}

/** Certificates of listeners, and those that the gateway shows to services; each name once. */
export function referencedCertificates(model: Model, services: readonly Service[]): readonly Certificate[] {
  const shown = new Set(services.map((service) => service.tls?.clientCertificate));
  const all = [
    ...model.listeners.flatMap((listener) => listener.tls?.certificates ?? []),
    ...model.certificates.filter((certificate) => shown.has(certificate.name)),
  ];
  return [...new Map(all.map((certificate) => [certificate.name, certificate])).values()];
}

export interface ReferencedCa {
  readonly ca: TrustedCa;
  readonly path: ConfigPath;
}

/** Authorities by the name of their secret. */
export function referencedCas(listeners: readonly Listener[], services: readonly Service[]): ReadonlyMap<string, ReferencedCa> {
  const ofListeners = listeners.flatMap(({ name, path, tls }) =>
    tls?.clientAuth === undefined ? [] : [[nameOfCa(tls.clientAuth.ca, nameOfListenerCa(name)), { ca: tls.clientAuth.ca, path }] as const],
  );
  const ofServices = services.flatMap(({ name, tls }) =>
    tls === undefined ? [] : [[nameOfCa(tls.ca, nameOfServiceCa(name)), { ca: tls.ca, path: tls.path }] as const],
  );
  return new Map([...ofServices, ...ofListeners]);
}

function servicesOf({ action }: Route): readonly string[] {
  return action.kind === 'forward' ? [...action.backends, ...action.mirrors].map(({ service }) => service) : [];
}
