// `clientCertificates:` and `ipLists:` → rules about the other end of the connection.
import type { ClientCertificateConfig } from '../../config/schema/client-certificate.ts';
import type { ConfigPath } from '../../lib/issue.ts';
import { errorAt, type Report } from '../issue.ts';
import { forwardedHeaders } from './forwarded-headers.ts';
import { sortedOnce } from './token-settings.ts';
import type { ClientCertificateRule, IpList, SubjectAltName } from './types.ts';

const SAN_TYPES = ['dns', 'uri', 'email', 'ip'] as const;

/** Sorted by name. */
export function resolveClientCertificates(
  config: Readonly<Record<string, ClientCertificateConfig>>,
  report: Report,
): readonly ClientCertificateRule[] {
  const rules = Object.entries(config).map(([name, { sans, forward }]): ClientCertificateRule => {
    const path: ConfigPath = ['clientCertificates', name];
    return {
      name,
      path,
      sans: sans.flatMap((san, index) => resolveSan(san, [...path, 'sans', index], report)),
      forward: forwardedHeaders(forward, [...path, 'forward'], report).map(({ header, told }) => ({ header, part: told })),
    };
  });
  return rules.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function resolveSan(san: ClientCertificateConfig['sans'][number], path: ConfigPath, report: Report): readonly SubjectAltName[] {
  return SAN_TYPES.flatMap((type): readonly SubjectAltName[] => {
    const test = san[type];
    if (test === undefined) return [];
    const { exact, prefix, suffix } = test;
    if (type === 'ip' && exact === undefined) {
      report(
        errorAt([...path, type], 'CH2827', {
          message: 'a part of an address is no address: 10.1 begins 10.1.0.1 and 10.11.0.1 alike',
          help: 'write {ip: {exact: 10.1.0.1}}',
        }),
      );
    }
    // A dot says where a label begins: `example.com` would also end `badexample.com`.
    if (type === 'dns' && suffix !== undefined && !suffix.startsWith('.')) {
      report(
        errorAt([...path, type, 'suffix'], 'CH2827', {
          message: `"${suffix}" also ends names of strangers, such as bad${suffix}`,
          help: `write ".${suffix}"`,
        }),
      );
    }
    const value = type === 'dns' ? lower : same;
    if (exact !== undefined) return [{ type, match: { kind: 'exact', value: value(exact) } }];
    if (prefix !== undefined) return [{ type, match: { kind: 'prefix', value: value(prefix) } }];
    return suffix === undefined ? [] : [{ type, match: { kind: 'suffix', value: value(suffix) } }];
  });
}

function lower(text: string): string {
  return text.toLowerCase();
}

function same(text: string): string {
  return text;
}

/** Sorted by name. */
export function resolveIpLists(config: Readonly<Record<string, readonly string[]>>): readonly IpList[] {
  return Object.entries(config)
    .map(([name, cidrs]): IpList => ({ name, path: ['ipLists', name], cidrs: sortedOnce(cidrs) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
