// `chancery serve`: the control plane in production: xDS, admin API, live reload. Starts no Envoy.
import type { Command } from 'commander';
import type { App } from '../app/app.ts';
import type { AppSettings } from '../app/app-parts.ts';
import { parseSettings, type Settings } from '../config/settings.ts';
import { DEVELOPMENT_KEY_VARIABLE } from '../demo/development-key.ts';
import { ChanceryError } from '../lib/errors.ts';
import { isLoopback } from '../lib/loopback.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { CommandContext } from './command-context.ts';
import { companionParts, hasCompanions } from './companion-parts.ts';
import { addConfigOption } from './config-option.ts';
import { EXIT } from './exit-codes.ts';
import { requireFreePorts, type WantedPort } from './free-ports.ts';
import { gatewayDirectories, gatewayFiles } from './gateway-files.ts';
import { operatorName } from './operator-name.ts';
import { packageVersion } from './package.ts';
import { addSettingOptions, settingFlags } from './setting-options.ts';
import { untilStopSignal } from './signals.ts';
import type { Terminal } from './terminal.ts';

interface ServeFlags extends Readonly<Record<string, unknown>> {
  readonly config?: readonly string[];
}

export function addServeCommand(program: Command, { terminal, finish }: CommandContext): void {
  const command = program
    .command('serve')
    .description('run the control plane: xDS and admin API for one gateway or several, with live reload')
    .addHelpText('after', HELP);
  addSettingOptions(addConfigOption(command)).action(async (flags: ServeFlags) => finish(await serve(flags, terminal)));
}

const HELP = `
Prints one line \`ready xds=HOST:PORT admin=HOST:PORT\` on standard output when it serves; the log goes to standard error.
SIGTERM and SIGINT end it cleanly, SIGHUP reads the configuration again.
The companions run in this process, on loopback, where --host is loopback or --companions is in-process: for proxies of this machine.
Elsewhere start them beside the proxies with \`chancery authz\` and \`chancery ratelimit\`.`;

async function serve(flags: ServeFlags, terminal: Terminal): Promise<number> {
  const settings = parseSettings(settingFlags(flags), terminal.env);
  if ((terminal.env[DEVELOPMENT_KEY_VARIABLE] ?? '') !== '') {
    throw new ChanceryError(
      'ERR_USAGE',
      `${DEVELOPMENT_KEY_VARIABLE} is set: whoever holds the development key could make tokens for anybody`,
      {
        remedy: `unset it: development keys are for \`chancery up --demo\` alone`,
      },
    );
  }
  const files = { files: gatewayFiles(flags.config, terminal), directories: gatewayDirectories(flags.config, terminal) };
  await requireFreePorts(wantedPorts(settings));
  const { logger, app, isPretty } = await buildApp(settings, files, terminal);
  logSettings(logger, settings);
  // From here on: a signal that comes while we start must end us cleanly too.
  const stopSignal = untilStopSignal({ onReload: () => reload(app, logger) });
  try {
    const { xds, admin } = await app.start();
    logger.info({ event: 'ready', host: settings.host, xds_port: xds, admin_port: admin }, 'ready');
    terminal.out(`ready xds=${address(settings.host, xds)} admin=${address(settings.adminHost, admin)}\n`);
  } catch (error) {
    // The JSON log has the problems too, but who starts a server by hand reads text.
    if (!isPretty && error instanceof ChanceryError && error.code === 'ERR_INVALID_CONFIG')
      terminal.err(app.problemsText(terminal.colorErr));
    throw error;
  }
  logger.info({ event: 'stopping', reason: await stopSignal }, 'ending streams and connections');
  await app.stop();
  logger.info({ event: 'stopped' }, 'stopped');
  return EXIT.ok;
}

/** The ports that the control plane itself opens. */
export function wantedPorts(
  settings: Pick<Settings, 'host' | 'adminHost' | 'xdsPort' | 'adminPort' | 'xdsRestPort'>,
): readonly WantedPort[] {
  const { host, adminHost, xdsPort, adminPort, xdsRestPort } = settings;
  const remedy = (flag: string): string => `choose another with ${flag} (0: any free one)`;
  return [
    { host, port: xdsPort, use: 'the xDS server', remedy: remedy('--xds-port') },
    { host: adminHost, port: adminPort, use: 'the admin API', remedy: remedy('--admin-port') },
    ...(xdsRestPort === undefined ? [] : [{ host, port: xdsRestPort, use: 'xDS by REST', remedy: remedy('--xds-rest-port') }]),
  ];
}

interface BuiltApp {
  readonly logger: Logger;
  readonly app: App;
  /** The log is text for people. */
  readonly isPretty: boolean;
}

async function buildApp(settings: Settings, files: Pick<AppSettings, 'files' | 'directories'>, terminal: Terminal): Promise<BuiltApp> {
  const [{ createApp }, { workerBuilds }, { createLogger }, { loadEnvoyApi }] = await Promise.all([
    import('../app/app.ts'),
    import('../build/worker-builds.ts'),
    import('../telemetry/logger.ts'),
    import('../proto/api.ts'),
  ]);
  const isPretty = settings.logFormat === 'pretty' || (settings.logFormat === 'auto' && terminal.isTerminal);
  const color = isPretty && terminal.colorErr;
  const logger = createLogger({ level: settings.logLevel, pretty: isPretty, color });
  const app = createApp(
    { ...settings, ...files },
    {
      api: loadEnvoyApi(),
      logger,
      createBuilds: workerBuilds({ env: terminal.env, cwd: terminal.cwd }),
      nowMs: Date.now,
      version: packageVersion(),
      author: operatorName(),
      ...companionParts(settings, { logger, isDev: false }),
      diagnostics: { cwd: terminal.cwd, asMessage: isPretty, color },
      processMetrics: true,
    },
  );
  return { logger, app, isPretty };
}

function logSettings(logger: Logger, settings: Settings): void {
  const { adminHost, xdsSecurity, state } = settings;
  const where = hasCompanions(settings) ? 'in-process' : 'elsewhere';
  logger.info({ event: 'companions', authz: where, ratelimit: where }, 'companions of this process start when a gateway first needs them');
  if (state === undefined)
    logger.info({ event: 'state.none' }, 'without --state nothing is kept over a restart: broken files would then stop it');
  if (isLoopback(adminHost)) return;
  const what = xdsSecurity === undefined ? 'keys and configuration are' : 'configuration and status are, by the admin port,';
  logger.warn({ event: 'plaintext', host: adminHost }, `${what} served without TLS beyond this machine`);
}

function reload(app: App, logger: Logger): void {
  logger.info({ event: 'reload', reason: 'SIGHUP' }, 'reading the configuration again');
  void app.reload();
}

function address(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
