// What the xDS ports need to be safe beyond loopback: certificate, and who may read what (O8). Joins parts; decides nothing.
import type { XdsSecurity } from '../config/xds-security.ts';
import { type Access, OPEN_ACCESS } from '../grpc/access.ts';
import type { TransportSecurity } from '../grpc/transport-security.ts';
import type { Logger } from '../telemetry/logger.ts';
import { certificateAccess } from '../xds/certificate-access.ts';
import { createTlsFiles } from './tls-files.ts';

export interface PortSecurity {
  readonly access: Access;
  /** Absent: plain text. */
  readonly transport?: TransportSecurity;
  close(): void;
}

/** Throws ERR_USAGE where the files cannot be used. */
export function createPortSecurity(settings: XdsSecurity | undefined, logger: Logger): PortSecurity {
  if (settings === undefined) return { access: OPEN_ACCESS, close: () => {} };
  const { cert, key, clientCa, clientNames, companionNames } = settings;
  const files = createTlsFiles({ cert, key, ...(clientCa === undefined ? {} : { clientCa }) }, logger);
  const access = clientCa === undefined ? OPEN_ACCESS : certificateAccess({ clients: clientNames, companions: companionNames });
  return { access, transport: files.security, close: () => files.close() };
}
