// `chancery authz`: the authz companion alone: workers that answer proxies, policies from the control plane (authz §4, §6).
import type { Command } from 'commander';
import type { StandAlone } from '../companion/stand-alone.ts';
import { AUTHZ_SETTINGS } from '../config/authz-setting-table.ts';
import { type AuthzSettings, authzSettings, type RawAuthzSettings } from '../config/authz-settings.ts';
import type { Logger } from '../telemetry/logger.ts';
import { addAuthzProveCommand } from './authz-prove.ts';
import type { CommandContext } from './command-context.ts';
import { EXIT } from './exit-codes.ts';
import { untilStopSignal } from './signals.ts';
import type { Terminal } from './terminal.ts';

type Flags = Readonly<Record<string, unknown>>;

export function addAuthzCommand(program: Command, context: CommandContext): void {
  const { terminal, finish } = context;
  const command = program
    .command('authz')
    .description('run the authz companion alone: answers ext_authz checks by the policies of a control plane')
    .addHelpText('after', HELP);
  for (const { name, flag, variable, fallback, value, help } of AUTHZ_SETTINGS) {
    const origin = fallback === undefined || value === undefined ? variable : `${variable}; default ${fallback}`;
    const option = value === undefined ? flag : `${flag} <${value}>`;
    if (name === 'gateway')
      command.option(option, `${help} (${origin})`, (text: string, all: readonly string[] | undefined) => [...(all ?? []), text]);
    else command.option(option, `${help} (${origin})`);
  }
  command.action(async (flags: Flags) => finish(await authz(flags, terminal)));
  addAuthzProveCommand(command, context);
}

const HELP = `
Prints one line \`ready authz=ENDPOINT,… metrics=HOST:PORT\` on standard output when it listens; the log goes to standard error. It serves, and says
so by gRPC health and /readyz, once it has policies: from the control plane, or with --state from its last run.
SIGTERM and SIGINT take it out of the proxies' endpoints, let calls finish for at most 10 s, and end it. A second one ends it at once.`;

async function authz(flags: Flags, terminal: Terminal): Promise<number> {
  const settings = authzSettings(AUTHZ_SETTINGS, rawSettings(flags), terminal.env);
  const [{ createLogger }, { startAuthz }] = await Promise.all([import('../telemetry/logger.ts'), import('./authz-process.ts')]);
  const pretty = settings.logFormat === 'pretty' || (settings.logFormat === 'auto' && terminal.isTerminal);
  const logger = createLogger({ level: settings.logLevel, pretty, color: pretty && terminal.colorErr });
  // From here on: a signal that comes while we start must end us cleanly too.
  const stopSignal = untilStopSignal();
  const running = await startAuthz(settings, logger);
  tellReady(settings, running, { logger, terminal });
  logger.info({ event: 'stopping', reason: await stopSignal }, 'leaving the endpoints of the proxies, finishing calls');
  await running.stop();
  logger.info({ event: 'stopped' }, 'stopped');
  return EXIT.ok;
}

function tellReady(
  { metricsHost, server }: AuthzSettings,
  { companion, metricsPort }: { readonly companion: StandAlone; readonly metricsPort: number | undefined },
  { logger, terminal }: { readonly logger: Logger; readonly terminal: Terminal },
): void {
  const endpoints = companion.endpoints();
  logger.info({ event: 'ready', endpoints, server }, 'listening');
  const metrics =
    metricsPort === undefined ? '' : ` metrics=${metricsHost.includes(':') ? `[${metricsHost}]` : metricsHost}:${metricsPort}`;
  terminal.out(`ready authz=${endpoints.join(',')}${metrics}\n`);
}

/** What came as flags, as text. */
function rawSettings(flags: Flags): RawAuthzSettings {
  return Object.fromEntries(
    AUTHZ_SETTINGS.flatMap(({ name }) => {
      const value = flags[name];
      if (Array.isArray(value)) return value.length === 0 ? [] : [[name, value.join(',')]];
      return typeof value === 'string' || value === true ? [[name, String(value)]] : [];
    }),
  );
}
