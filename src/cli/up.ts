// `chancery up`: everything on one machine: control plane, a local Envoy for each gateway, sample backends with --demo. Not for production.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import type { App } from '../app/app.ts';
import { DEVELOPMENT_KEY_VARIABLE, developmentKey } from '../demo/development-key.ts';
import type { DemoPorts } from '../demo/ports.ts';
import { shownPath } from '../lib/shown-path.ts';
import { defaultServer } from './admin-client.ts';
import type { CommandContext } from './command-context.ts';
import { companionParts } from './companion-parts.ts';
import { addConfigOption } from './config-option.ts';
import { EXIT } from './exit-codes.ts';
import { fileSink } from './file-sink.ts';
import { packageVersion } from './package.ts';
import { addSettingOptions } from './setting-options.ts';
import { untilStopSignal } from './signals.ts';
import type { Terminal } from './terminal.ts';
import { DEFAULT_STATE, type PlannedGateway, planUp, type UpFlags, type UpPlan } from './up-plan.ts';
import type { UpReporter } from './up-reporter.ts';
import { exampleCurl, protectedCurls, suggestedEdit } from './up-screen.ts';

export function addUpCommand(program: Command, { terminal, finish }: CommandContext): void {
  const command = program.command('up').description('run everything on this machine: control plane and a local Envoy, with live reload');
  addSettingOptions(addConfigOption(command), [
    'xdsPort',
    'adminPort',
    'authzPort',
    'ratelimitPort',
    'redis',
    'companions',
    'state',
    'logLevel',
  ])
    .option('--demo', 'with sample backends; without -c also with the sample gateway')
    .action(async (flags: UpFlags) => finish(await up(flags, terminal)));
}

/** What is started, to be stopped in reverse order. */
type Stops = (() => Promise<void>)[];

async function up(flags: UpFlags, surroundings: Terminal): Promise<number> {
  // Before anything runs: Ctrl-C during the start ends cleanly too.
  const stopSignal = untilStopSignal();
  const terminal = flags.demo === true ? trustingDevelopment(flags, surroundings) : surroundings;
  const plan = await planUp(flags, terminal);
  if (plan === undefined) return EXIT.invalid;
  const stops: Stops = [];
  try {
    await startAll(plan, terminal, stops);
    await stopSignal;
    terminal.out('\nstopping\n');
    return EXIT.ok;
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}

/** The files then know the public key of `chancery token mint --dev`. */
function trustingDevelopment({ state }: UpFlags, terminal: Terminal): Terminal {
  const named = typeof state === 'string' ? state : (terminal.env.CHANCERY_STATE ?? DEFAULT_STATE);
  const { x } = developmentKey(path.resolve(terminal.cwd, named));
  return { ...terminal, env: { ...terminal.env, [DEVELOPMENT_KEY_VARIABLE]: x } };
}

async function startAll(plan: UpPlan, terminal: Terminal, stops: Stops): Promise<void> {
  terminal.out(`Chancery ${packageVersion()}\n\n`);
  if (plan.demo !== undefined) terminal.out(await startDemo(plan.demo, stops));
  const { createUpReporter } = await import('./up-reporter.ts');
  const reporter = createUpReporter({ terminal, nowMs: Date.now });
  const logFile = path.join(plan.state, 'chancery.log');
  const app = await buildApp(plan, { terminal, reporter, logFile });
  stops.push(() => app.stop());
  const ports = await app.start();
  terminal.out(
    `  control plane     page and API http://127.0.0.1:${ports.admin}/, xDS on ${ports.xds}, log ${shownPath(logFile, terminal.cwd)}\n`,
  );
  for (const gateway of plan.gateways) {
    stops.push(() => gateway.envoy.stop());
    terminal.out(await startEnvoy(gateway, ports.xds, terminal));
  }
  terminal.out(
    `\nReady after ${process.uptime().toFixed(1)} s. Try:\n\n${nextSteps(plan, terminal, ports.admin)}\nCtrl-C ends everything.\n\n`,
  );
  reporter.begin(app);
}

async function startDemo(ports: DemoPorts, stops: Stops): Promise<string> {
  const { startDemoBackends } = await import('../demo/backends.ts');
  const backends = await startDemoBackends('127.0.0.1', ports);
  stops.push(() => backends.stop());
  const { helloV1, helloV2, greeterV1, greeterV2 } = ports;
  return `  sample backends   HTTP on ${helloV1} (v1) and ${helloV2} (v2), gRPC on ${greeterV1} (v1) and ${greeterV2} (v2)\n`;
}

interface Surroundings {
  readonly terminal: Terminal;
  readonly reporter: UpReporter;
  readonly logFile: string;
}

async function buildApp({ settings, state, gateways }: UpPlan, { terminal, reporter, logFile }: Surroundings): Promise<App> {
  const [{ createApp }, { workerBuilds }, { createLogger }, { loadEnvoyApi }] = await Promise.all([
    import('../app/app.ts'),
    import('../build/worker-builds.ts'),
    import('../telemetry/logger.ts'),
    import('../proto/api.ts'),
  ]);
  const logger = createLogger({ level: settings.logLevel, sink: fileSink(logFile) });
  return createApp(
    { ...settings, state, files: gateways.map(({ file }) => file) },
    {
      api: loadEnvoyApi(),
      logger,
      ...companionParts(settings, { logger, isDev: true }),
      createBuilds: workerBuilds({ env: terminal.env, cwd: terminal.cwd }),
      nowMs: Date.now,
      version: packageVersion(),
      diagnostics: { cwd: terminal.cwd, asMessage: false, color: false },
      processMetrics: true,
      onEvent: reporter.onEvent,
      onLive: reporter.onLive,
    },
  );
}

async function startEnvoy({ good, envoy }: PlannedGateway, xdsPort: number, { cwd }: Terminal): Promise<string> {
  const [{ bootstrapJson }, { loadEnvoyApi }] = await Promise.all([import('./bootstrap-json.ts'), import('../proto/api.ts')]);
  const { gateway, listeners } = good.model;
  const bootstrap = bootstrapJson(loadEnvoyApi(), {
    nodeId: `local-${gateway}`,
    gateway,
    xds: { host: '127.0.0.1', port: xdsPort },
    admin: { host: '127.0.0.1', port: 0 },
  });
  const adminUrl = await envoy.start(JSON.stringify(bootstrap, undefined, 2));
  const places = listeners.map(({ name, port }) => `${name} on ${port}`).join(', ');
  return `  Envoy             ${gateway}: ${places}; its admin ${adminUrl}/, log ${shownPath(envoy.logFile, cwd)}\n`;
}

function nextSteps({ gateways, settings, demo }: UpPlan, { cwd, env }: Terminal, adminPort: number): string {
  const [first] = gateways;
  if (first === undefined) return '';
  const curl = exampleCurl(first.good);
  const edit = suggestedEdit(shownPath(first.file, cwd), readFileSync(first.file, 'utf8')) ?? `edit ${shownPath(first.file, cwd)} and save`;
  const url = `http://127.0.0.1:${adminPort}`;
  const server = url === defaultServer({ env }) ? '' : ` --server ${url}`;
  const state = settings.state === undefined ? '' : ` --state ${shownPath(path.resolve(cwd, settings.state), cwd)}`;
  const mint = `npx chancery token mint --dev -c ${shownPath(first.file, cwd)}${state}`;
  const protectedOnes = demo === undefined ? [] : protectedCurls(first.good, mint);
  return [...(curl === undefined ? [] : [curl]), ...protectedOnes, edit, `npx chancery status${server}`]
    .map((line) => `  ${line}\n`)
    .join('');
}
