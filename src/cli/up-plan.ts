// What `chancery up` will start: checked completely before anything runs, so that a mistake or a taken port leaves nothing half-started.
import path from 'node:path';
import type { DetailedGood } from '../build/pipeline.ts';
import { parseSettings, type Settings } from '../config/settings.ts';
import { type DemoPorts, demoPorts } from '../demo/ports.ts';
import { ChanceryError } from '../lib/errors.ts';
import { isLoopback } from '../lib/loopback.ts';
import type { LocalEnvoy } from '../local-envoy/local-envoy.ts';
import { requireFreePorts, type WantedPort } from './free-ports.ts';
import { gatewayFiles } from './gateway-files.ts';
import { PACKAGE_ROOT } from './package.ts';
import { wantedPorts } from './serve.ts';
import { settingFlags } from './setting-options.ts';
import type { Terminal } from './terminal.ts';

export interface UpFlags extends Readonly<Record<string, unknown>> {
  readonly config?: readonly string[];
  readonly demo?: true;
}

export interface PlannedGateway {
  readonly file: string;
  readonly good: DetailedGood;
  /** Not started yet. */
  readonly envoy: LocalEnvoy;
}

export interface UpPlan {
  readonly settings: Settings;
  /** Absolute. */
  readonly state: string;
  readonly gateways: readonly PlannedGateway[];
  /** Ports of the sample backends, where they are wanted. */
  readonly demo: DemoPorts | undefined;
}

export const QUICKSTART = path.join(PACKAGE_ROOT, 'envoy/quickstart/gateway.yaml');
export const DEFAULT_STATE = '.chancery';

/**
 * Undefined, with the errors printed, where a configuration is not good. Ends Envoys that a killed `up` left behind. Throws ERR_USAGE,
 * ERR_ENVOY_NOT_FOUND, and ERR_PORT_IN_USE that names every port that is taken.
 */
export async function planUp(flags: UpFlags, terminal: Terminal): Promise<UpPlan | undefined> {
  // The local Envoy speaks plain text on loopback.
  const { xdsSecurity: _security, xdsRestPort: _restPort, ...settings } = parseSettings(settingFlags(flags), terminal.env);
  if (!isLoopback(settings.host)) {
    throw new ChanceryError('ERR_USAGE', '`up` is for one machine and listens on loopback only', {
      remedy: 'use `chancery serve` with --host',
    });
  }
  const state = path.resolve(terminal.cwd, settings.state ?? DEFAULT_STATE);
  const gateways = await plannedGateways(rootFiles(flags, terminal), state, terminal);
  if (gateways === undefined) return undefined;
  const demo = flags.demo === true ? demoPorts(terminal.env) : undefined;
  const plan = { settings, state, gateways, demo };
  for (const { envoy } of gateways) await envoy.endLeftover();
  await requireFreePorts(portsOf(plan));
  return plan;
}

function rootFiles(flags: UpFlags, terminal: Terminal): readonly string[] {
  const isNamed = flags.config !== undefined || (terminal.env.CHANCERY_CONFIG ?? '') !== '';
  return flags.demo === true && !isNamed ? [QUICKSTART] : gatewayFiles(flags.config, terminal);
}

async function plannedGateways(
  files: readonly string[],
  state: string,
  terminal: Terminal,
): Promise<readonly PlannedGateway[] | undefined> {
  const [{ buildFiles }, { findEnvoy }, { createLocalEnvoy }, { formatIssues }] = await Promise.all([
    import('./build-files.ts'),
    import('../local-envoy/find-envoy.ts'),
    import('../local-envoy/local-envoy.ts'),
    import('../config/diagnostics.ts'),
  ]);
  const binary = findEnvoy({ env: terminal.env, packageRoot: PACKAGE_ROOT });
  const built = await buildFiles(files, terminal);
  for (const { build } of built) {
    terminal.err(formatIssues(build.issues, build.positions, { color: terminal.colorErr, cwd: terminal.cwd }));
  }
  const onCrash = (message: string): void => terminal.err(`${message}\n`);
  const gateways = built.flatMap(({ file, build: { good } }) => {
    if (good === undefined) return [];
    const directory = path.join(state, 'envoy', good.model.gateway);
    return [{ file, good, envoy: createLocalEnvoy({ binary, directory, onCrash, nowMs: Date.now }) }];
  });
  return gateways.length < built.length ? undefined : gateways;
}

function portsOf({ settings, gateways, demo }: UpPlan): readonly WantedPort[] {
  const listeners = gateways.flatMap(({ good, file }) =>
    good.model.listeners.map(({ name, address, port }) => ({
      host: address,
      port,
      use: `listener "${name}" of Envoy`,
      remedy: `change the port in ${file}`,
    })),
  );
  const backends = Object.values<number>({ ...demo }).map((port) => ({
    host: '127.0.0.1',
    port,
    use: 'a sample backend',
    remedy: 'set CHANCERY_DEMO_HELLO_V1_PORT and its like (see envoy/quickstart/gateway.yaml)',
  }));
  return [...wantedPorts(settings), ...listeners, ...backends];
}
