// The flags of `chancery bootstrap` about TLS towards the control plane. Reads no files: they are on the machine of the Envoy.
import type { XdsTls } from '../compiler/xds-tls.ts';
import { ChanceryError } from '../lib/errors.ts';

export interface TlsFlags {
  readonly xdsHost: string;
  readonly xdsCa?: string;
  readonly xdsServerName?: string;
  readonly xdsClientCert?: string;
  readonly xdsClientKey?: string;
}

/** Undefined for plain text. Throws ERR_USAGE for half of it. */
export function xdsTls({ xdsHost, xdsCa, xdsServerName, xdsClientCert, xdsClientKey }: TlsFlags): XdsTls | undefined {
  if (xdsCa === undefined) {
    if ((xdsServerName ?? xdsClientCert ?? xdsClientKey) === undefined) return undefined;
    throw new ChanceryError('ERR_USAGE', 'TLS to the control plane needs --xds-ca: the authorities of its certificate');
  }
  const serverName = xdsServerName ?? xdsHost;
  if (xdsClientCert === undefined && xdsClientKey === undefined) return { ca: xdsCa, serverName };
  if (xdsClientCert === undefined || xdsClientKey === undefined) {
    throw new ChanceryError('ERR_USAGE', '--xds-client-cert and --xds-client-key belong together');
  }
  return { ca: xdsCa, serverName, client: { cert: xdsClientCert, key: xdsClientKey } };
}
