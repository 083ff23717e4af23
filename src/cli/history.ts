// `chancery history [GATEWAY]`: the revisions of a gateway: who changed what when, how far it came, who refused it.
import type { Command } from 'commander';
import { z } from 'zod';
import { ChanceryError } from '../lib/errors.ts';
import { defaultServer, fetchJson, serverOf } from './admin-client.ts';
import type { CommandContext } from './command-context.ts';
import { EXIT } from './exit-codes.ts';
import { historyTable, revisionsSchema } from './history-table.ts';
import { checkFormat, formatData } from './output-format.ts';
import type { Terminal } from './terminal.ts';

interface HistoryFlags {
  readonly server?: string;
  readonly limit: string;
  readonly output: string;
}

const DEFAULT_LIMIT = 20;

export function addHistoryCommand(program: Command, { terminal, finish }: CommandContext): void {
  program
    .command('history')
    .description('show the revisions of a gateway, newest first: when, by whom, how it went')
    .argument('[gateway]', 'its name; not needed where only one is served')
    .option('-n, --limit <number>', 'the newest so many', String(DEFAULT_LIMIT))
    .option('--server <url>', `admin API of the control plane (CHANCERY_SERVER; default ${defaultServer(terminal)})`)
    .option('-o, --output <format>', 'table, json or yaml', 'table')
    .action(async (gateway: string | undefined, flags: HistoryFlags) => finish(await history(gateway, flags, terminal)));
}

async function history(gateway: string | undefined, flags: HistoryFlags, terminal: Terminal): Promise<number> {
  checkFormat(flags.output, ['table', 'json', 'yaml']);
  if (!/^[1-9]\d{0,5}$/.test(flags.limit)) {
    throw new ChanceryError('ERR_USAGE', `--limit is "${flags.limit}"`, { remedy: 'it is a number from 1 on' });
  }
  const server = serverOf(flags.server, terminal);
  const name = gateway ?? (await onlyGateway(server));
  const { revisions } = await fetchJson(server, `/api/v1/gateways/${encodeURIComponent(name)}/revisions`, revisionsSchema);
  const shown = revisions.slice(-Number(flags.limit)).reverse();
  terminal.out(
    flags.output === 'table' ? historyTable(shown, Date.now()) : await formatData({ gateway: name, revisions: shown }, flags.output),
  );
  return EXIT.ok;
}

/** Throws ERR_USAGE where several are served, or none. */
async function onlyGateway(server: string): Promise<string> {
  const schema = z.object({ gateways: z.array(z.object({ gateway: z.string().optional() })) });
  const names = (await fetchJson(server, '/api/v1/gateways', schema)).gateways.flatMap(({ gateway }) => gateway ?? []);
  const [name] = names;
  if (name === undefined) throw new ChanceryError('ERR_USAGE', 'no gateway is served yet', { remedy: 'see `chancery status`' });
  if (names.length > 1) {
    throw new ChanceryError('ERR_USAGE', 'several gateways are served', { remedy: `name one of ${names.join(', ')}` });
  }
  return name;
}
