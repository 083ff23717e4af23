// `chancery ratelimit`: the rate-limit companion alone. Serves the files of the reference rate-limit service as they are (ratelimit R320-R326).
import type { Command } from 'commander';
import type { CommandContext } from './command-context.ts';
import { EXIT } from './exit-codes.ts';
import { type RatelimitFlags, ratelimitSettings } from './ratelimit-settings.ts';
import { untilStopSignal } from './signals.ts';
import type { Terminal } from './terminal.ts';

export function addRatelimitCommand(program: Command, { terminal, finish }: CommandContext): void {
  program
    .command('ratelimit')
    .description('run the rate-limit companion alone, with limits from files of the reference rate-limit service')
    .requiredOption('--reference-config <directory>', 'directory of the files; followed while it runs')
    .option('--merge-domains', 'files may name one domain several times')
    .option('--redis <url>', 'count in Redis, for several instances; without it in memory')
    .option('--key-secret-file <file>', 'secret that the names of counters are hashed with; the same in all instances of one Redis')
    .option('--host <address>', 'address that proxies call (default 127.0.0.1)')
    .option('--port <port>', 'port that proxies call; 0: any (default 18002)')
    .option('--metrics-host <address>', 'address of /livez, /readyz and /metrics (default 127.0.0.1)')
    .option('--metrics-port <port>', 'their port; 0: any; none (default 18082)')
    .option('--reference-headers [names]', 'add limit, remaining and reset as response headers')
    .option('--reference-metadata', 'tell the request and the metadata of passed rules as dynamic metadata')
    .option('--shadow', 'count everything, deny nothing')
    .option('--quota-mode', 'treat every rule as quota_mode')
    .option('--near-ratio <share>', 'used share above which a decision counts as near (default 0.8)')
    .option('--on-store-failure <mode>', 'what is answered while Redis is away: local, allow or deny (default local)')
    .option('--log-format <format>', 'json, pretty or auto (default auto)')
    .addHelpText('after', HELP)
    .action(async (flags: RatelimitFlags) => finish(await ratelimit(flags, terminal)));
}

const HELP = `
Prints one line \`ready ratelimit=HOST:PORT metrics=HOST:PORT\` on standard output when it serves; the log goes to standard error. Files that change
are taken over at once, all or none: with a mistake the last good ones stay. SIGTERM and SIGINT let calls finish for at most 10 s.`;

async function ratelimit(flags: RatelimitFlags, terminal: Terminal): Promise<number> {
  const settings = ratelimitSettings(flags, terminal.cwd);
  const [{ createLogger }, { startRatelimit }] = await Promise.all([import('../telemetry/logger.ts'), import('./ratelimit-process.ts')]);
  const pretty = flags.logFormat === 'pretty' || (flags.logFormat !== 'json' && terminal.isTerminal);
  const logger = createLogger({ pretty, color: pretty && terminal.colorErr });
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
