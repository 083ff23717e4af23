// `authz:` → where the companion is. Off the machine it must know who asks: an open port would tell anybody which credentials are good (authz G15).
import type { AuthzConfig } from '../../config/schema/authz.ts';
import type { ConfigPath } from '../../lib/issue.ts';
import { isLoopback } from '../../lib/loopback.ts';
import { parseCertificate } from '../certificate.ts';
import { errorAt, type Report } from '../issue.ts';
import * as defaults from './defaults.ts';
import type { KeyPlace } from './jwt-keys.ts';
import type { CompanionEndpoint, CompanionSettings, CompanionTls } from './types.ts';

export function resolveCompanion(config: AuthzConfig | undefined, trust: KeyPlace['trust'], report: Report): CompanionSettings {
  const path: ConfigPath = ['authz'];
  const tls = config?.tls === undefined ? undefined : companionTls(config.tls, { path: [...path, 'tls'], trust }, report);
  const remote = config?.endpoints?.findIndex((endpoint) => !isLocalCompanion(endpoint)) ?? -1;
  if (remote !== -1 && tls?.certificate === undefined) {
    report(
      errorAt([...path, 'endpoints', remote], 'CH2816', {
        message: 'a companion on another machine must know who asks it: whoever can ask learns which credentials are good',
        help: 'write tls: {ca: "${file:…}", cert: "${file:…}", key: "${file:…}"} beside endpoints',
      }),
    );
  }
  checkKeySecret(config?.keySecret, path, report);
  return {
    path,
    timeoutMs: config?.timeout ?? defaults.COMPANION_TIMEOUT_MS,
    ...(config?.endpoints === undefined ? {} : { endpoints: config.endpoints }),
    ...(tls === undefined ? {} : { tls }),
    ...(config?.keySecret === undefined ? {} : { keySecret: config.keySecret }),
  };
}

const LEAST_SECRET_BYTES = 16;

/** Names and mail addresses are few: whoever has the key, or guesses it, has them too. */
function checkKeySecret(secret: AuthzConfig['keySecret'], path: ConfigPath, report: Report): void {
  if (secret === undefined || Buffer.byteLength(secret.reveal()) >= LEAST_SECRET_BYTES) return;
  report(
    errorAt([...path, 'keySecret'], 'CH2828', {
      message: `the secret is shorter than ${LEAST_SECRET_BYTES} bytes`,
      help: 'head -c 32 /dev/urandom | base64 > subjects.key makes one',
    }),
  );
}

/** On the machine of the proxy itself. */
export function isLocalCompanion(endpoint: CompanionEndpoint): boolean {
  switch (endpoint.kind) {
    case 'unix':
      return true;
    case 'ip':
      return isLoopback(endpoint.ip);
    case 'dns':
      return isLoopback(endpoint.host);
  }
}

export function companionTls(
  { ca, cert, key, sni }: NonNullable<AuthzConfig['tls']>,
  { path, trust }: { readonly path: ConfigPath; readonly trust: KeyPlace['trust'] },
  report: Report,
): CompanionTls {
  const trusted = ca === undefined ? undefined : trust(ca, [...path, 'ca']);
  const parsed = cert === undefined || key === undefined ? undefined : parseCertificate(cert, key);
  for (const { part, ...problem } of parsed?.problems ?? []) {
    // Nobody chooses it by a host name.
    if (problem.code !== 'CH2306') report({ ...problem, path: [...path, part === 'cert' ? 'cert' : 'key'] });
  }
  return {
    path,
    ca: trusted ?? { kind: 'system' },
    ...(cert === undefined || key === undefined
      ? {}
      : { certificate: { chain: parsed?.pair?.chain ?? cert, key: parsed?.pair?.key ?? key } }),
    ...(sni === undefined ? {} : { sni }),
  };
}
