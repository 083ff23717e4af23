// The settings of TLS on the xDS port, checked together (O8). Paths only: the files are read elsewhere.
import { ChanceryError } from '../lib/errors.ts';

/** As they came from flags and variables. */
export interface RawXdsSecurity {
  readonly xdsTlsCert?: string | undefined;
  readonly xdsTlsKey?: string | undefined;
  readonly xdsClientCa?: string | undefined;
  readonly xdsClientNames?: string | undefined;
}

export interface XdsSecurity {
  /** PEM files: the certificate with its chain, and its key. */
  readonly cert: string;
  readonly key: string;
  /** Authorities of client certificates; absent: clients are not asked who they are. */
  readonly clientCa?: string;
  /** Names of client certificates that allow a gateway; absent: the default rule. */
  readonly clientNames?: readonly string[];
}

/** Undefined for plain text. Throws ERR_USAGE where one setting needs another. */
export function xdsSecurity(raw: RawXdsSecurity): XdsSecurity | undefined {
  const { xdsTlsCert: cert, xdsTlsKey: key, xdsClientCa: clientCa, xdsClientNames: names } = raw;
  if (names !== undefined && clientCa === undefined) throw usage('--xds-client-names needs --xds-client-ca');
  if (cert === undefined || key === undefined) {
    if ((cert ?? key ?? clientCa) === undefined) return undefined;
    throw usage('TLS on the xDS port needs --xds-tls-cert and --xds-tls-key');
  }
  const clientNames = names?.split(',').map((name) => name.trim());
  const vague = clientNames?.find((name) => !name.includes('{gateway}'));
  if (vague !== undefined) throw usage(`--xds-client-names "${vague}" allows every gateway: it must hold {gateway}`);
  return { cert, key, ...(clientCa === undefined ? {} : { clientCa }), ...(clientNames === undefined ? {} : { clientNames }) };
}

function usage(message: string): ChanceryError {
  return new ChanceryError('ERR_USAGE', message, { remedy: 'docs/security.md tells how the settings of the xDS port belong together' });
}
