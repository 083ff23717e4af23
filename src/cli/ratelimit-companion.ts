// Joins the parts of a stand-alone rate-limit companion of a control plane with this machine: files, certificates, processes.
import os from 'node:os';
import { createLimitApi } from '../companion/limit-api.ts';
import { processWorkers } from '../companion/process-workers.ts';
import type { RatelimitWorkerSettings } from '../companion/ratelimit-worker-settings.ts';
import { type StandAlone, startStandAlone } from '../companion/stand-alone.ts';
import { startStatusServer } from '../companion/status-server.ts';
import { systemPorts } from '../companion/system-ports.ts';
import type { RatelimitCompanionSettings } from '../config/ratelimit-companion-settings.ts';
import { isLoopback } from '../lib/loopback.ts';
import { loadEnvoyApi } from '../proto/api.ts';
import type { Logger } from '../telemetry/logger.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import { channelCredentials, followTls, readTls, stateFile } from './companion-files.ts';
import { packageVersion } from './package.ts';
import { readKeySecret, readRedis } from './redis-files.ts';

export interface RatelimitCompanion {
  readonly companion: StandAlone;
  readonly metricsPort: number | undefined;
  stop(): Promise<void>;
}

export async function startRatelimitCompanion(settings: RatelimitCompanionSettings, logger: Logger): Promise<RatelimitCompanion> {
  const { security, state, metricsHost, metricsPort } = settings;
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
      credentials: () => channelCredentials(settings),
      ...(state === undefined ? {} : { stateFile: (gateway: string) => stateFile(state, 'ratelimit', gateway) }),
    },
  );
  const watcher = security === undefined ? undefined : followTls(security, companion, logger);
  const limits = isLoopback(metricsHost) ? { limits: createLimitApi({ ask: (question) => companion.askLimits(question), logger }) } : {};
  const status =
    metricsPort === undefined
      ? undefined
      : await startStatusServer({ metrics, status: () => companion.status(), ...limits }, metricsHost, metricsPort);
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

function companionSettings(settings: RatelimitCompanionSettings): Omit<Parameters<typeof startStandAlone>[0], 'security'> {
  const { address, advertise, nodeId, redis } = settings;
  const where = 'path' in address ? address.path : `${advertise ?? address.host}:${address.port}`;
  return {
    kind: 'ratelimit',
    address,
    workers: settings.workers ?? (redis === undefined ? 1 : os.availableParallelism()),
    ratelimit: workerSettings(settings),
    reflection: settings.reflection,
    dev: settings.dev,
    gateways: settings.gateways,
    server: settings.server,
    nodeId: nodeId ?? `ratelimit-${os.hostname()}-${where}`,
    version: packageVersion(),
    ...(settings.xdsTls?.serverName === undefined ? {} : { serverName: settings.xdsTls.serverName }),
    ...(advertise === undefined ? {} : { advertise }),
  };
}

function workerSettings({ redis, keySecret, nearRatio }: RatelimitCompanionSettings): Omit<RatelimitWorkerSettings, 'workers' | 'worker'> {
  return {
    nearRatio,
    ...(redis === undefined ? {} : { redis: readRedis(redis, process.cwd()) }),
    ...(keySecret === undefined ? {} : { keySecret: readKeySecret(keySecret, process.cwd()).toString('base64') }),
  };
}
