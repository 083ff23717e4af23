// `chancery up`: everything on one machine: control plane, a local Envoy for each gateway, sample backends with --demo. Not for production.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import type { App } from '../app.ts';
import { parseSettings, type Settings } from '../config/settings.ts';
import { type DemoPorts, demoPorts } from '../demo/ports.ts';
import { ChanceryError } from '../lib/errors.ts';
import { isLoopback } from '../lib/loopback.ts';
import type { GoodBuild } from '../pipeline.ts';
import type { CommandContext } from './command-context.ts';
import { addConfigOption } from './config-option.ts';
import { EXIT } from './exit-codes.ts';
import { fileSink } from './file-sink.ts';
import { requireFreePorts, type WantedPort } from './free-ports.ts';
import { gatewayFiles } from './gateway-files.ts';
import { PACKAGE_ROOT, packageVersion } from './package.ts';
import { wantedPorts } from './serve.ts';
import { addSettingOptions, settingFlags } from './setting-options.ts';
import { untilStopSignal } from './signals.ts';
import type { Terminal } from './terminal.ts';
import { createUpReporter } from './up-reporter.ts';
import { exampleCurl, shownPath, suggestedEdit } from './up-screen.ts';

interface UpFlags extends Readonly<Record<string, unknown>> {
  readonly config: readonly string[];
  readonly demo?: true;
}

/** One gateway that is brought up. */
interface Planned {
  readonly file: string;
  readonly good: GoodBuild;
}

interface Plan {
  readonly settings: Settings;
  readonly state: string;
  readonly gateways: readonly Planned[];
  /** Ports of the sample backends, where they are wanted. */
  readonly demo: DemoPorts | undefined;
  readonly envoyBinary: string;
}

const QUICKSTART = path.join(PACKAGE_ROOT, 'envoy/quickstart/gateway.yaml');
const DEFAULT_STATE = '.chancery';

export function addUpCommand(program: Command, { terminal, finish }: CommandContext): void {
  const command = program.command('up').description('run everything on this machine: control plane and a local Envoy, with live reload');
  addSettingOptions(addConfigOption(command), ['xdsPort', 'adminPort', 'state', 'logLevel'])
    .option('--demo', 'with sample backends; without -c also with the sample gateway')
    .action(async (flags: UpFlags) => finish(await up(flags, terminal)));
}

async function up(flags: UpFlags, terminal: Terminal): Promise<number> {
  const plan = await planUp(flags, terminal);
  if (plan === undefined) return EXIT.invalid;
  await requireFreePorts(portsOf(plan));
  const stops: (() => Promise<void>)[] = [];
  // Asked for before anything runs: Ctrl-C during the start ends cleanly too.
  const stopSignal = untilStopSignal({ onReload: () => undefined });
  try {
    await startAll(plan, terminal, stops);
    await stopSignal;
    terminal.out('\nstopping\n');
    return EXIT.ok;
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}

/** Undefined, with the errors printed, where a configuration is not good. */
async function planUp(flags: UpFlags, terminal: Terminal): Promise<Plan | undefined> {
  const settings = parseSettings(settingFlags(flags), terminal.env);
  if (!isLoopback(settings.host)) {
    throw new ChanceryError('ERR_USAGE', '`up` is for one machine and listens on loopback only', {
      remedy: 'use `chancery serve` with --host',
    });
  }
  const isNamed = flags.config.length > 0 || (terminal.env.CHANCERY_CONFIG ?? '') !== '';
  const files = flags.demo === true && !isNamed ? [QUICKSTART] : gatewayFiles(flags.config, terminal);
  const [{ buildFiles }, { findEnvoy }, { formatIssues }] = await Promise.all([
    import('./build-files.ts'),
    import('../local-envoy/find-envoy.ts'),
    import('../config/diagnostics.ts'),
  ]);
  const envoyBinary = findEnvoy({ env: terminal.env, packageRoot: PACKAGE_ROOT });
  const built = await buildFiles(files, terminal);
  for (const { build } of built) {
    terminal.err(formatIssues(build.issues, build.positions, { color: terminal.colorErr, cwd: terminal.cwd }));
  }
  const gateways = built.flatMap(({ file, build: { good } }) => (good === undefined ? [] : [{ file, good }]));
  if (gateways.length < built.length) return undefined;
  const demo = flags.demo === true ? demoPorts(terminal.env) : undefined;
  return { settings, state: path.resolve(terminal.cwd, settings.state ?? DEFAULT_STATE), gateways, demo, envoyBinary };
}

function portsOf({ settings, gateways, demo }: Plan): readonly WantedPort[] {
  const listeners = gateways.flatMap(({ good, file }) =>
    good.model.listeners.map(({ name, address, port }) => ({
      host: address,
      port,
      use: `listener "${name}" of Envoy`,
      remedy: `end the other program, or change the port in ${file}`,
    })),
  );
  const backends = Object.values(demo ?? {}).map((port: number) => ({
    host: '127.0.0.1',
    port,
    use: 'a sample backend',
    remedy: 'end the other program, or set CHANCERY_DEMO_HELLO_V1_PORT and its like (see envoy/quickstart/gateway.yaml)',
  }));
  return [...wantedPorts(settings), ...listeners, ...backends];
}

async function startAll(plan: Plan, terminal: Terminal, stops: (() => Promise<void>)[]): Promise<void> {
  terminal.out(`Chancery ${packageVersion()}\n\n`);
  if (plan.demo !== undefined) {
    const { startDemoBackends } = await import('../demo/backends.ts');
    const backends = await startDemoBackends('127.0.0.1', plan.demo);
    stops.push(() => backends.stop());
    const { helloV1, helloV2, greeterV1, greeterV2 } = plan.demo;
    terminal.out(`  sample backends   HTTP on ${helloV1} (v1) and ${helloV2} (v2), gRPC on ${greeterV1} (v1) and ${greeterV2} (v2)\n`);
  }
  const reporter = createUpReporter({ terminal, nowMs: Date.now });
  const { app, logFile } = await buildApp(plan, terminal, reporter);
  stops.push(() => app.stop());
  const ports = await app.start();
  terminal.out(
    `  control plane     page and API http://127.0.0.1:${ports.admin}/, xDS on ${ports.xds}, log ${shownPath(logFile, terminal.cwd)}\n`,
  );
  for (const gateway of plan.gateways) {
    await startEnvoy(gateway, { plan, terminal, xdsPort: ports.xds, stops });
  }
  terminal.out(
    `\nReady after ${process.uptime().toFixed(1)} s. Try:\n\n${nextSteps(plan, terminal, ports.admin)}\nCtrl-C ends everything.\n\n`,
  );
  reporter.begin(app);
}

async function buildApp(
  { settings, state, gateways }: Plan,
  terminal: Terminal,
  reporter: ReturnType<typeof createUpReporter>,
): Promise<{ readonly app: App; readonly logFile: string }> {
  const [{ createApp }, { createLogger }, { loadEnvoyApi }] = await Promise.all([
    import('../app.ts'),
    import('../telemetry/logger.ts'),
    import('../proto/api.ts'),
  ]);
  const logFile = path.join(state, 'chancery.log');
  const app = createApp(
    { ...settings, state, files: gateways.map(({ file }) => file) },
    {
      api: loadEnvoyApi(),
      logger: createLogger({ level: settings.logLevel, sink: fileSink(logFile) }),
      env: terminal.env,
      nowMs: Date.now,
      version: packageVersion(),
      diagnostics: { cwd: terminal.cwd, asMessage: false, color: false },
      processMetrics: true,
      onEvent: reporter.onEvent,
      onLive: reporter.onLive,
    },
  );
  return { app, logFile };
}

interface EnvoyStart {
  readonly plan: Plan;
  readonly terminal: Terminal;
  readonly xdsPort: number;
  readonly stops: (() => Promise<void>)[];
}

async function startEnvoy({ good }: Planned, { plan, terminal, xdsPort, stops }: EnvoyStart): Promise<void> {
  const [{ createLocalEnvoy }, { bootstrapJson }, { loadEnvoyApi }] = await Promise.all([
    import('../local-envoy/local-envoy.ts'),
    import('./bootstrap-json.ts'),
    import('../proto/api.ts'),
  ]);
  const { gateway, listeners } = good.model;
  const bootstrap = bootstrapJson(loadEnvoyApi(), {
    nodeId: `local-${gateway}`,
    gateway,
    xds: { host: '127.0.0.1', port: xdsPort },
    admin: { host: '127.0.0.1', port: 0 },
  });
  const envoy = createLocalEnvoy({
    binary: plan.envoyBinary,
    bootstrap: JSON.stringify(bootstrap, undefined, 2),
    directory: path.join(plan.state, 'envoy', gateway),
    onCrash: (message) => terminal.err(`${message}\n`),
    nowMs: Date.now,
  });
  stops.push(() => envoy.stop());
  const adminUrl = await envoy.start();
  const places = listeners.map(({ name, port }) => `${name} on ${port}`).join(', ');
  terminal.out(`  Envoy             ${gateway}: ${places}; its admin ${adminUrl}/, log ${shownPath(envoy.logFile, terminal.cwd)}\n`);
}

function nextSteps({ gateways }: Plan, { cwd }: Terminal, adminPort: number): string {
  const [first] = gateways;
  if (first === undefined) return '';
  const curl = exampleCurl(first.good);
  const edit = suggestedEdit(shownPath(first.file, cwd), readFileSync(first.file, 'utf8')) ?? `edit ${shownPath(first.file, cwd)} and save`;
  const server = adminPort === 18_080 ? '' : ` --server http://127.0.0.1:${adminPort}`;
  return [...(curl === undefined ? [] : [curl]), edit, `npx chancery status${server}`].map((line) => `  ${line}\n`).join('');
}
