// TLS of listeners: certificates (named ones, and those written inside), client certificates, versions and ALPN.
import type { CertificateConfig } from '../config/schema/certificate.ts';
import type { ListenerTlsConfig } from '../config/schema/listener.ts';
import type { ConfigPath } from '../lib/issue.ts';
import { nearest } from '../lib/nearest.ts';
import * as defaults from './defaults.ts';
import { errorAt, type Report } from './issue.ts';
import { resolveTlsVersions } from './tls-versions.ts';
import type { Certificate, ListenerTls, TrustedCa } from './types.ts';

/** Undefined when the listener cannot serve TLS; the reason is reported. */
export type ListenerTlsResolver = (listener: string, config: ListenerTlsConfig) => ListenerTls | undefined;

export interface ListenerTlsTools {
  /** Top-level certificates; undefined as a value: known, but nothing of it can be used, which is told already. */
  readonly named: ReadonlyMap<string, Certificate | undefined>;
  /** A certificate written inside a listener. */
  readonly inline: (entry: CertificateConfig, place: InlinePlace) => Certificate | undefined;
  readonly trust: (pem: string, path: ConfigPath) => TrustedCa | undefined;
  /** In a running server bad certificates are warnings, until a listener is left with none (B5). */
  readonly isServing: boolean;
  readonly report: Report;
}

export interface InlinePlace {
  readonly listener: string;
  readonly path: ConfigPath;
  /** Certificates of this listener so far, by name. */
  readonly taken: ReadonlyMap<string, Certificate>;
}

/** What Envoy can speak over TCP; h3 is another kind of listener. */
const KNOWN_ALPN: readonly string[] = ['h2', 'http/1.1', 'http/1.0'];

export function createListenerTlsResolver(tools: ListenerTlsTools): ListenerTlsResolver {
  return (listener, config) => {
    const path: ConfigPath = ['listeners', listener, 'tls'];
    const certificates = resolveCertificates(listener, config, tools);
    const versions = resolveTlsVersions(config, (key) => [...path, key], tools.report);
    const clientAuth = resolveClientAuth(config, path, tools);
    reportUnknownAlpn(config.alpn ?? [], path, tools.report);
    if (certificates.length === 0 || clientAuth === 'unusable') {
      return undefined;
    }
    return {
      ...versions,
      alpn: config.alpn ?? defaults.ALPN,
      certificates,
      ...(clientAuth === undefined ? {} : { clientAuth }),
    };
  };
}

function resolveCertificates(listener: string, config: ListenerTlsConfig, tools: ListenerTlsTools): readonly Certificate[] {
  const path: ConfigPath = ['listeners', listener, 'tls', 'certificates'];
  const certificates = new Map<string, Certificate>();
  for (const [index, entry] of config.certificates.entries()) {
    const here = [...path, index];
    if (typeof entry === 'string' && !tools.named.has(entry)) {
      reportUnknownCertificate(entry, { path: here, known: tools.named.keys() }, tools.report);
      continue;
    }
    const resolved =
      typeof entry === 'string' ? tools.named.get(entry) : tools.inline(entry, { listener, path: here, taken: certificates });
    if (resolved === undefined) {
      continue;
    }
    const twin = certificates.get(resolved.name);
    if (twin !== undefined) {
      reportTwice(here, twin, tools.report);
    }
    certificates.set(resolved.name, resolved);
  }
  if (certificates.size === 0 && tools.isServing) {
    const message = `listener "${listener}" has no certificate that can be used`;
    tools.report(errorAt(path, 'CH2203', { message, help: 'the reasons are told for each certificate' }));
  }
  return [...certificates.values()];
}

function reportTwice(path: ConfigPath, twin: Certificate, report: Report): void {
  report(
    errorAt(path, 'CH2205', {
      message: `the certificate "${twin.name}" stands twice in this listener`,
      label: 'never used',
      help: 'remove one: of two certificates with the same names and kind of key Envoy serves the first alone',
    }),
  );
}

export function reportUnknownCertificate(
  name: string,
  { path, known }: { readonly path: ConfigPath; readonly known: Iterable<string> },
  report: Report,
): void {
  const names = [...known];
  const meant = nearest(name, names);
  report(
    errorAt(path, 'CH2103', {
      message: `unknown certificate "${name}"`,
      label: 'not defined under certificates',
      help: meant === undefined ? 'define it under certificates, with cert and key' : `did you mean "${meant}"?`,
      ...(meant === undefined ? {} : { related: [{ message: `"${meant}" is here`, path: ['certificates', meant], at: 'key' }] }),
    }),
  );
}

function resolveClientAuth(
  { clientAuth }: ListenerTlsConfig,
  path: ConfigPath,
  tools: ListenerTlsTools,
): ListenerTls['clientAuth'] | 'unusable' {
  if (clientAuth === undefined) {
    return undefined;
  }
  const ca = tools.trust(clientAuth.ca, [...path, 'clientAuth', 'ca']);
  return ca === undefined ? 'unusable' : { ca, mode: clientAuth.mode ?? 'require' };
}

function reportUnknownAlpn(alpn: readonly string[], path: ConfigPath, report: Report): void {
  for (const [index, protocol] of alpn.entries()) {
    if (!KNOWN_ALPN.includes(protocol)) {
      const meant = protocol.includes('2') ? 'h2' : nearest(protocol, KNOWN_ALPN);
      const help = meant === undefined ? `possible are ${KNOWN_ALPN.join(', ')}` : `did you mean "${meant}"?`;
      report(errorAt([...path, 'alpn', index], 'CH2206', { message: `a listener cannot speak "${protocol}"`, help }));
    }
  }
}
