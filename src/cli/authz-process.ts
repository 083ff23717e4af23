// Joins the parts of a stand-alone authz companion with this machine: files, certificates, processes.
import os from 'node:os';
import { keyFeed } from '../companion/authz-key-feed.ts';
import { processWorkers } from '../companion/process-workers.ts';
import { type StandAlone, startStandAlone } from '../companion/stand-alone.ts';
import { startStatusServer } from '../companion/status-server.ts';
import { systemPorts } from '../companion/system-ports.ts';
import type { AuthzSettings } from '../config/authz-settings.ts';
import { loadEnvoyApi } from '../proto/api.ts';
import type { Logger } from '../telemetry/logger.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import { channelCredentials, followTls, readTls, stateFile } from './companion-files.ts';
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
      ...(state === undefined ? {} : { stateFile: (gateway: string) => stateFile(state, 'authz', gateway) }),
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
