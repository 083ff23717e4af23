// `chancery ratelimit`: the rate-limit companion alone: limits of gateways from their control plane (ratelimit R301), or the files of the reference
// rate-limit service as they are (R320-R326).
import type { Command } from 'commander';
import { type RawRatelimitSettings, ratelimitCompanionSettings } from '../config/ratelimit-companion-settings.ts';
import { RATELIMIT_COMPANION_SETTINGS, RATELIMIT_STORE_SETTINGS } from '../config/ratelimit-setting-table.ts';
import { ChanceryError } from '../lib/errors.ts';
import type { CommandContext } from './command-context.ts';
import { EXIT } from './exit-codes.ts';
import { type RatelimitFlags, ratelimitSettings } from './ratelimit-settings.ts';
import { untilStopSignal } from './signals.ts';
import type { Terminal } from './terminal.ts';

export function addRatelimitCommand(program: Command, { terminal, finish }: CommandContext): void {
  const command = program
    .command('ratelimit')
    .description('run the rate-limit companion alone: limits from a control plane, or from files of the reference rate-limit service')
    .addHelpText('after', HELP);
  for (const { name, flag, variable, fallback, value, help } of RATELIMIT_COMPANION_SETTINGS) {
    const origin = fallback === undefined || value === undefined ? variable : `${variable}; default ${fallback}`;
    const option = value === undefined ? flag : `${flag} <${value}>`;
    if (name === 'gateway')
      command.option(option, `${help} (${origin})`, (text: string, all: readonly string[] | undefined) => [...(all ?? []), text]);
    else command.option(option, `${help} (${origin})`);
  }
  for (const { flag, variable, value, help } of RATELIMIT_STORE_SETTINGS) command.option(`${flag} <${value}>`, `${help} (${variable})`);
  command
    .option('--reference-config <directory>', 'serve the files of this directory instead, and follow them; the options below are for this')
    .option('--merge-domains', 'files may name one domain several times')
    .option('--reference-headers [names]', 'add limit, remaining and reset as response headers')
    .option('--reference-metadata', 'tell the request and the metadata of passed rules as dynamic metadata')
    .option('--shadow', 'count everything, deny nothing')
    .option('--quota-mode', 'treat every rule as quota_mode')
    .option('--on-store-failure <mode>', 'what is answered while Redis is away: local, allow or deny (default local)')
    .action(async (flags: RatelimitFlags) =>
      finish(await (flags['referenceConfig'] === undefined ? companion(flags, terminal) : ratelimit(flags, terminal))),
    );
}

const HELP = `
Prints one line \`ready ratelimit=ENDPOINT,… metrics=HOST:PORT\` on standard output when it listens; the log goes to standard error. Beside a control
plane it serves, and says so by gRPC health and /readyz, once it has limits: from the control plane, or with --state from its last run. With
--reference-config files that change are taken over at once, all or none: with a mistake the last good ones stay.
SIGTERM and SIGINT take it out of the proxies' endpoints, let calls finish for at most 10 s, and end it. A second one ends it at once.`;

const REFERENCE_ONLY: readonly string[] = [
  'mergeDomains',
  'referenceHeaders',
  'referenceMetadata',
  'shadow',
  'quotaMode',
  'onStoreFailure',
];

async function companion(flags: RatelimitFlags, terminal: Terminal): Promise<number> {
  const stray = REFERENCE_ONLY.find((name) => flags[name] !== undefined);
  if (stray !== undefined) {
    const flag = stray.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    throw new ChanceryError('ERR_USAGE', `--${flag} is for --reference-config only`, {
      remedy: 'limits from a control plane say it themselves: rateLimits',
    });
  }
  const settings = ratelimitCompanionSettings(rawSettings(flags), terminal.env);
  const [{ createLogger }, { startRatelimitCompanion }] = await Promise.all([
    import('../telemetry/logger.ts'),
    import('./ratelimit-companion.ts'),
  ]);
  const pretty = settings.logFormat === 'pretty' || (settings.logFormat === 'auto' && terminal.isTerminal);
  const logger = createLogger({ level: settings.logLevel, pretty, color: pretty && terminal.colorErr });
  // From here on: a signal that comes while we start must end us cleanly too.
  const stopSignal = untilStopSignal();
  const running = await startRatelimitCompanion(settings, logger);
  const endpoints = running.companion.endpoints();
  logger.info({ event: 'ready', endpoints, server: settings.server }, 'listening');
  const { metricsHost } = settings;
  const host = metricsHost.includes(':') ? `[${metricsHost}]` : metricsHost;
  const metrics = running.metricsPort === undefined ? '' : ` metrics=${host}:${running.metricsPort}`;
  terminal.out(`ready ratelimit=${endpoints.join(',')}${metrics}\n`);
  logger.info({ event: 'stopping', reason: await stopSignal }, 'leaving the endpoints of the proxies, finishing calls');
  await running.stop();
  logger.info({ event: 'stopped' }, 'stopped');
  return EXIT.ok;
}

/** What came as flags, as text. */
function rawSettings(flags: RatelimitFlags): RawRatelimitSettings {
  return Object.fromEntries(
    [...RATELIMIT_COMPANION_SETTINGS, ...RATELIMIT_STORE_SETTINGS].flatMap(({ name }) => {
      const value = flags[name];
      if (Array.isArray(value)) return value.length === 0 ? [] : [[name, value.join(',')]];
      return typeof value === 'string' || value === true ? [[name, String(value)]] : [];
    }),
  );
}

async function ratelimit(flags: RatelimitFlags, terminal: Terminal): Promise<number> {
  const settings = ratelimitSettings(flags, terminal);
  const [{ createLogger }, { startRatelimit }] = await Promise.all([import('../telemetry/logger.ts'), import('./ratelimit-process.ts')]);
  const pretty = settings.logFormat === 'pretty' || (settings.logFormat === 'auto' && terminal.isTerminal);
  const logger = createLogger({ level: settings.logLevel, pretty, color: pretty && terminal.colorErr });
  // From here on: a signal that comes while we start must end us cleanly too.
  const stopSignal = untilStopSignal();
  const running = await startRatelimit(settings, logger, terminal);
  const metrics = running.metricsPort === undefined ? '' : ` metrics=${settings.metricsHost}:${running.metricsPort}`;
  logger.info({ event: 'ready', endpoint: running.endpoint }, 'ready');
  terminal.out(`ready ratelimit=${running.endpoint}${metrics}\n`);
  logger.info({ event: 'stopping', reason: await stopSignal }, 'finishing calls');
  await running.stop();
  logger.info({ event: 'stopped' }, 'stopped');
  return EXIT.ok;
}
