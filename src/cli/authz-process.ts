// Joins the parts of a stand-alone authz companion with this machine: files, certificates, processes.
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { type ChannelCredentials, credentials } from '@grpc/grpc-js';
import { keyFeed } from '../companion/authz-key-feed.ts';
import type { StateFile } from '../companion/kept-policies.ts';
import { processWorkers } from '../companion/process-workers.ts';
import { type StandAlone, startStandAlone } from '../companion/stand-alone.ts';
import { startStatusServer } from '../companion/status-server.ts';
import { systemPorts } from '../companion/system-ports.ts';
import type { SentTls } from '../companion/worker-messages.ts';
import type { AuthzSettings } from '../config/authz-settings.ts';
import { watchFiles } from '../config/watch.ts';
import { ChanceryError } from '../lib/errors.ts';
import { loadEnvoyApi } from '../proto/api.ts';
import { replaceFile } from '../state/replace-file.ts';
import type { Logger } from '../telemetry/logger.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import { packageVersion } from './package.ts';

export interface AuthzProcess {
  readonly companion: StandAlone;
  readonly metricsPort: number | undefined;
  stop(): Promise<void>;
}

export async function startAuthz(settings: AuthzSettings, logger: Logger): Promise<AuthzProcess> {
  const { security, state, dev } = settings;
  const metrics = createMetrics({ version: packageVersion(), processMetrics: true });
  const companion = await startStandAlone(
    {
      ...companionSettings(settings),
      ...(security === undefined ? {} : { security: { tls: readTls(security), clientNames: security.clientNames } }),
    },
    {
      ...systemPorts(),
      logger,
      metrics,
      api: loadEnvoyApi(),
      startWorker: processWorkers(),
      createKeyFeed: keyFeed({ ...systemPorts(), dev, logger, metrics }),
      credentials: () => channelCredentials(settings),
      ...(state === undefined ? {} : { stateFile: (gateway: string) => stateFile(state, gateway) }),
    },
  );
  const watcher = security === undefined ? undefined : followTls(security, companion, logger);
  const status =
    settings.metricsPort === undefined
      ? undefined
      : await startStatusServer({ metrics, status: () => companion.status() }, settings.metricsHost, settings.metricsPort);
  return {
    companion,
    metricsPort: status?.port,
    stop: async () => {
      watcher?.close();
      await companion.stop();
      await status?.close();
    },
  };
}

function companionSettings(settings: AuthzSettings): Omit<Parameters<typeof startStandAlone>[0], 'security'> {
  const { address, advertise, nodeId } = settings;
  const where = 'path' in address ? address.path : `${advertise ?? address.host}:${address.port}`;
  return {
    kind: 'authz',
    address,
    workers: settings.workers ?? os.availableParallelism(),
    reflection: settings.reflection,
    dev: settings.dev,
    gateways: settings.gateways,
    server: settings.server,
    nodeId: nodeId ?? `authz-${os.hostname()}-${where}`,
    version: packageVersion(),
    ...(settings.xdsTls?.serverName === undefined ? {} : { serverName: settings.xdsTls.serverName }),
    ...(advertise === undefined ? {} : { advertise }),
  };
}

function stateFile(directory: string, gateway: string): StateFile {
  // A gateway's name is no path.
  const file = path.join(directory, 'authz', `${encodeURIComponent(gateway).replaceAll('.', '%2E')}.json`);
  return {
    read: () =>
      readFile(file).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return undefined;
        throw error;
      }),
    write: (bytes) => replaceFile(file, bytes),
  };
}

/** Read at each connection, so that new certificates count. */
function channelCredentials({ xdsTls }: AuthzSettings): ChannelCredentials {
  if (xdsTls === undefined) return credentials.createInsecure();
  const { ca, client } = xdsTls;
  const read = (file: string): Buffer => readOrRefuse(file, 'towards the control plane');
  const pair = client === undefined ? undefined : { key: read(client.key), cert: read(client.cert) };
  return credentials.createSsl(read(ca), pair?.key ?? null, pair?.cert ?? null);
}

function readTls({ cert, key, clientCa }: NonNullable<AuthzSettings['security']>): SentTls {
  const read = (file: string): string => readOrRefuse(file, 'towards the proxies').toString('utf8');
  return { cert: read(cert), key: read(key), clientCa: read(clientCa) };
}

function readOrRefuse(file: string, what: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ChanceryError('ERR_USAGE', `a TLS file ${what} cannot be read: ${reason}`, { cause });
  }
}

function followTls(
  security: NonNullable<AuthzSettings['security']>,
  companion: StandAlone,
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
