// TLS towards a service: whom to trust, which name to send and to expect.
import type { UpstreamTlsConfig } from '../config/schema/tls.ts';
import type { ConfigPath } from '../lib/issue.ts';
import { type Report, warningAt } from './issue.ts';
import { resolveTlsVersions } from './tls-versions.ts';
import type { TrustedCa, UpstreamTls } from './types.ts';

export interface UpstreamTlsPlace {
  /** Where `tls`, or a key inside it, was written. */
  readonly at: (key?: string) => ConfigPath;
  /** The host name of each endpoint that is known; undefined for one that has none. */
  readonly hosts: readonly (string | undefined)[];
  /** What `ca` came to. */
  readonly ca: TrustedCa;
}

export function resolveUpstreamTls(config: UpstreamTlsConfig, { at, hosts, ca }: UpstreamTlsPlace, report: Report): UpstreamTls {
  const sni = config.sni ?? commonHost(hosts);
  const subjectAltNames = config.subjectAltNames ?? (sni === undefined ? [] : [sni]);
  if (subjectAltNames.length === 0 && hosts.length > 0) {
    report(
      warningAt(at(), 'CH2608', {
        message: 'the name in the certificates of this service is not checked',
        label: 'any certificate of a trusted authority is taken',
        help: 'its endpoints have no common host name to expect; write sni, or subjectAltNames',
      }),
    );
  }
  const { clientCertificate } = config;
  return {
    path: at(),
    ca,
    ...(sni === undefined ? {} : { sni }),
    subjectAltNames,
    ...(clientCertificate === undefined ? {} : { clientCertificate }),
    ...resolveTlsVersions(config, at, report),
  };
}

/** The host name that all endpoints have; undefined where one has another or none. */
function commonHost([first, ...others]: readonly (string | undefined)[]): string | undefined {
  return others.every((host) => host === first) ? first : undefined;
}
