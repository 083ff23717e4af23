// Files of a companion that runs alone: what it keeps for a restart, its certificates towards proxies and towards the control plane.
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { type ChannelCredentials, credentials } from '@grpc/grpc-js';
import type { StateFile } from '../companion/kept-policies.ts';
import type { StandAlone } from '../companion/stand-alone.ts';
import type { SentTls } from '../companion/worker-messages.ts';
import type { AuthzSettings } from '../config/authz-settings.ts';
import { watchFiles } from '../config/watch.ts';
import { ChanceryError } from '../lib/errors.ts';
import { replaceFile } from '../state/replace-file.ts';
import type { Logger } from '../telemetry/logger.ts';

/** The file of one gateway's policies or limits. */
export function stateFile(directory: string, role: string, gateway: string): StateFile {
  // A gateway's name is no path.
  const file = path.join(directory, role, `${encodeURIComponent(gateway).replaceAll('.', '%2E')}.json`);
  return {
    read: () =>
      readFile(file).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return undefined;
        throw error;
      }),
    write: (bytes) => replaceFile(file, bytes),
  };
}

/** Towards the control plane. Read at each connection, so that new certificates count. */
export function channelCredentials({ xdsTls }: Pick<AuthzSettings, 'xdsTls'>): ChannelCredentials {
  if (xdsTls === undefined) return credentials.createInsecure();
  const { ca, client } = xdsTls;
  const read = (file: string): Buffer => readOrRefuse(file, 'towards the control plane');
  const pair = client === undefined ? undefined : { key: read(client.key), cert: read(client.cert) };
  return credentials.createSsl(read(ca), pair?.key ?? null, pair?.cert ?? null);
}

export function readTls({ cert, key, clientCa }: NonNullable<AuthzSettings['security']>): SentTls {
  const read = (file: string): string => readOrRefuse(file, 'towards the proxies').toString('utf8');
  return { cert: read(cert), key: read(key), clientCa: read(clientCa) };
}

export function readOrRefuse(file: string, what: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ChanceryError('ERR_USAGE', `a TLS file ${what} cannot be read: ${reason}`, { cause });
  }
}

/** New certificate files count for new connections of proxies. */
export function followTls(
  security: NonNullable<AuthzSettings['security']>,
  companion: Pick<StandAlone, 'replaceTls'>,
  logger: Logger,
): { readonly close: () => void } {
  const watcher = watchFiles({
    onChange: () => {
      try {
        companion.replaceTls(readTls(security));
        logger.info({ event: 'companion.certificate_reloaded' }, 'new connections of proxies get the new certificate');
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        logger.warn({ event: 'companion.certificate_refused', reason }, 'the changed certificate files are not good: the old ones stay');
      }
    },
  });
  watcher.update([security.cert, security.key, security.clientCa].map((file) => path.resolve(file)));
  return watcher;
}
