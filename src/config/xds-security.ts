// The settings of TLS on the xDS port, checked together (O8). Paths only: the files are read elsewhere.
import { ChanceryError } from '../lib/errors.ts';

/** As they came from flags and variables. */
export interface RawXdsSecurity {
  readonly xdsTlsCert?: string | undefined;
  readonly xdsTlsKey?: string | undefined;
  readonly xdsClientCa?: string | undefined;
  readonly xdsClientNames?: string | undefined;
  readonly xdsCompanionNames?: string | undefined;
}

export interface XdsSecurity {
  /** PEM files: the certificate with its chain, and its key. */
  readonly cert: string;
  readonly key: string;
  /** Authorities of client certificates; absent: clients are not asked who they are. */
  readonly clientCa?: string;
  /** Names of client certificates that allow a gateway; absent: the default rule. */
  readonly clientNames?: readonly string[];
  /** Names that allow a companion of a gateway; absent: the default rule. */
  readonly companionNames?: readonly string[];
}

/** Undefined for plain text. Throws ERR_USAGE where one setting needs another. */
export function xdsSecurity(raw: RawXdsSecurity): XdsSecurity | undefined {
  const { xdsTlsCert: cert, xdsTlsKey: key, xdsClientCa: clientCa } = raw;
  const clientNames = nameTemplates('--xds-client-names', raw.xdsClientNames, clientCa);
  const companionNames = nameTemplates('--xds-companion-names', raw.xdsCompanionNames, clientCa);
  if (cert === undefined || key === undefined) {
    if ((cert ?? key ?? clientCa) === undefined) return undefined;
    throw usage('TLS on the xDS port needs --xds-tls-cert and --xds-tls-key');
  }
  return {
    cert,
    key,
    ...(clientCa === undefined ? {} : { clientCa }),
    ...(clientNames === undefined ? {} : { clientNames }),
    ...(companionNames === undefined ? {} : { companionNames }),
  };
}

function nameTemplates(flag: string, text: string | undefined, clientCa: string | undefined): readonly string[] | undefined {
  if (text !== undefined && clientCa === undefined) throw usage(`${flag} needs --xds-client-ca`);
  const names = text?.split(',').map((name) => name.trim());
  const vague = names?.find((name) => !name.includes('{gateway}'));
  if (vague !== undefined) throw usage(`${flag} "${vague}" allows every gateway: it must hold {gateway}`);
  return names;
}

function usage(message: string): ChanceryError {
  return new ChanceryError('ERR_USAGE', message, { remedy: 'docs/security.md tells how the settings of the xDS port belong together' });
}
