// The xDS port's own certificate from its files: read at start, and again when they change (B8). Bad files keep what was good.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createSecureContext } from 'node:tls';
import { watchFiles } from '../config/watch.ts';
import { type TlsMaterial, TransportSecurity } from '../grpc/transport-security.ts';
import { ChanceryError } from '../lib/errors.ts';
import { Secret } from '../lib/secret.ts';
import type { Logger } from '../telemetry/logger.ts';

/** Relative ones belong to the working directory. */
export interface TlsPaths {
  readonly cert: string;
  readonly key: string;
  /** Authorities of client certificates. */
  readonly clientCa?: string;
}

export interface TlsFiles {
  readonly security: TransportSecurity;
  close(): void;
}

/** Throws ERR_USAGE where the files are no pair of certificate and key. */
export function createTlsFiles(paths: TlsPaths, logger: Logger): TlsFiles {
  const all = [paths.cert, paths.key, ...(paths.clientCa === undefined ? [] : [paths.clientCa])].map((file) => path.resolve(file));
  const security = new TransportSecurity(readMaterial(paths));
  const watcher = watchFiles({ onChange: () => reload(paths, security, logger) });
  watcher.update(all);
  return { security, close: () => watcher.close() };
}

function reload(paths: TlsPaths, security: TransportSecurity, logger: Logger): void {
  try {
    security.replace(readMaterial(paths));
    logger.info({ event: 'xds.certificate_reloaded' }, 'new xDS connections get the new certificate');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    logger.warn(
      { event: 'xds.certificate_refused', reason },
      'the changed certificate files of the xDS port are not good: the old ones stay',
    );
  }
}

function readMaterial(paths: TlsPaths): TlsMaterial {
  try {
    const [cert, key] = [readFileSync(paths.cert, 'utf8'), readFileSync(paths.key, 'utf8')];
    const clientCa = paths.clientCa === undefined ? undefined : readFileSync(paths.clientCa, 'utf8');
    createSecureContext({ cert, key, ...(clientCa === undefined ? {} : { ca: clientCa }) });
    if (clientCa !== undefined && !clientCa.includes('-----BEGIN')) throw new Error(`${paths.clientCa} holds no certificate`);
    return { cert, key: new Secret(key), ...(clientCa === undefined ? {} : { clientCa }) };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ChanceryError('ERR_USAGE', `the TLS files of the xDS port cannot be used: ${reason}`, {
      remedy: '--xds-tls-cert and --xds-tls-key name a PEM certificate (with its chain) and its key, --xds-client-ca authorities in PEM',
      cause,
    });
  }
}
