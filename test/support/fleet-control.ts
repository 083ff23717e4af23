// The control plane of a fleet under test: in this process, where waits can be short, or as the built program, where it is to be killed.
import { createApp } from '../../src/app/app.ts';
import type { AppParts } from '../../src/app/app-parts.ts';
import { createLocalBuilds } from '../../src/build/local-builds.ts';
import { loadEnvoyApi } from '../../src/proto/api.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { startChancery } from './chancery-process.ts';

export interface FleetControl {
  readonly xdsPort: number;
  readonly adminPort: number;
  /** The log so far. */
  logs(): string;
  /** GET of the admin API. */
  api(path: string): Promise<unknown>;
  /** As SIGTERM ends it. */
  stop(): Promise<unknown>;
  /** As SIGKILL ends it; in this process the same as `stop`. */
  kill(): Promise<unknown>;
}

export interface ControlOptions {
  readonly file: string;
  readonly state: string;
  /** Default 0: any. */
  readonly xdsPort?: number;
  /** Only in this process. */
  readonly timing?: NonNullable<AppParts['timing']>;
  /** Only in this process. */
  readonly loadReportIntervalMs?: number;
  /** Only in this process. */
  readonly discoveryPorts?: NonNullable<AppParts['discoveryPorts']>;
}

export async function startAppControl(options: ControlOptions): Promise<FleetControl> {
  const { file, state, xdsPort = 0, timing, loadReportIntervalMs, discoveryPorts } = options;
  const log: string[] = [];
  const api = loadEnvoyApi();
  const app = createApp(
    { files: [file], host: '127.0.0.1', xdsPort, adminPort: 0, state },
    {
      api,
      logger: createLogger({ sink: { write: (line) => log.push(line) }, level: 'debug' }),
      createBuilds: () => createLocalBuilds({ api, env: {}, nowMs: Date.now, cwd: '/' }),
      nowMs: Date.now,
      version: 'test',
      diagnostics: { cwd: '/', asMessage: false, color: false },
      ...(timing === undefined ? {} : { timing }),
      ...(loadReportIntervalMs === undefined ? {} : { loadReportIntervalMs }),
      ...(discoveryPorts === undefined ? {} : { discoveryPorts }),
    },
  );
  const ports = await app.start();
  return {
    xdsPort: ports.xds,
    adminPort: ports.admin,
    logs: () => log.join(''),
    api: (path) => apiOf(ports.admin, path),
    stop: () => app.stop(),
    kill: () => app.stop(),
  };
}

export async function startProcessControl({ file, state, xdsPort = 0 }: ControlOptions): Promise<FleetControl> {
  return startChancery({ files: [file], state, xdsPort, env: { CHANCERY_LOG_LEVEL: 'debug' } });
}

async function apiOf(port: number, path: string): Promise<unknown> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(5_000) });
  if (!response.ok) throw new Error(`the admin API answered ${response.status} to ${path}: ${await response.text()}`);
  return response.json();
}
