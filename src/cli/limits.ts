// `chancery limits`: what the rate limiter counts, and operators' changes of single counters (ratelimit R811), by the admin API of a control plane or
// of a rate limiter that runs alone. Values of keys leave this process in bodies only.
import type { Command } from 'commander';
import { ChanceryError } from '../lib/errors.ts';
import { defaultServer } from './admin-client.ts';
import type { CommandContext } from './command-context.ts';
import { EXIT } from './exit-codes.ts';
import { askCounter, hotKeys, type ListedLimit, listLimits } from './limits-client.ts';
import { countersTable, hotTable, limitsTable, shadowTable } from './limits-table.ts';
import { formatData } from './output-format.ts';
import type { Terminal } from './terminal.ts';

interface Flags {
  readonly server: string | undefined;
  readonly gateway: string | undefined;
  readonly hits: string | undefined;
  readonly output: string;
}

const DEEDS = {
  show: 'what stands in the counter of these values',
  explain: 'whether a request with these values is counted, by which counter, and what is left',
  reset: 'forget what was used',
  ban: 'use up what is left: nothing passes before the window ends or the bucket fills again',
  grant: 'let more hits pass',
} as const;

export function addLimitsCommand(program: Command, { terminal, finish }: CommandContext): void {
  const limits = program
    .command('limits')
    .description('what the rate limiter counts, and changes of single counters')
    .addHelpText('after', HELP);
  const add = (name: string, description: string): Command =>
    limits
      .command(name)
      .description(description)
      .option(
        '--server <url>',
        `admin API of the control plane, or of a rate limiter alone (CHANCERY_SERVER; default ${defaultServer(terminal)})`,
      )
      .option('--gateway <name>', 'of this gateway; needed where several have the limit')
      .option('-o, --output <format>', 'table, json or yaml', 'table');
  add('list', 'all limits with what they decided').action(async (flags: Flags) => finish(await list(flags, terminal, false)));
  add('shadow', 'limits in shadow mode: how much they would deny').action(async (flags: Flags) =>
    finish(await list(flags, terminal, true)),
  );
  add('hot <limit>', 'the counters that are asked most, as hashes').action(async (limit: string, flags: Flags) =>
    finish(await hot(limit, flags, terminal)),
  );
  for (const [deed, description] of Object.entries(DEEDS)) {
    const command = add(`${deed} <limit> [part=value...]`, description);
    if (deed === 'grant') command.requiredOption('--hits <number>', 'how many');
    command.action(async (limit: string, parts: readonly string[], flags: Flags) =>
      finish(await counter({ deed, limit, parts }, flags, terminal)),
    );
  }
}

const HELP = `
Counters are named by the values of their key, as they stand in rateLimits: chancery limits show per-user jwt.sub=anna. The limiter hashes them
when they arrive; neither its log nor its answers hold them.`;

async function list(flags: Flags, terminal: Terminal, isShadowOnly: boolean): Promise<number> {
  const all = await listLimits(serverOf(flags, terminal));
  const limits = all.filter(
    ({ gateway, mode }) => (flags.gateway === undefined || gateway === flags.gateway) && (!isShadowOnly || mode === 'shadow'),
  );
  const table = isShadowOnly ? shadowTable : limitsTable;
  terminal.out(flags.output === 'table' ? table(limits) || 'no limits\n' : await formatData({ limits }, flags.output));
  return EXIT.ok;
}

async function hot(limit: string, flags: Flags, terminal: Terminal): Promise<number> {
  const server = serverOf(flags, terminal);
  const keys = await hotKeys(server, { gateway: await gatewayOf(server, limit, flags), limit });
  terminal.out(flags.output === 'table' ? hotTable(keys) || 'nothing was counted lately\n' : await formatData({ keys }, flags.output));
  return EXIT.ok;
}

interface Asked {
  readonly deed: string;
  readonly limit: string;
  readonly parts: readonly string[];
}

async function counter({ deed, limit, parts }: Asked, flags: Flags, terminal: Terminal): Promise<number> {
  const server = serverOf(flags, terminal);
  const values = Object.fromEntries(parts.map(partOf));
  const hits = flags.hits === undefined ? {} : { hits: hitsOf(flags.hits) };
  const gateway = await gatewayOf(server, limit, flags);
  const found = await askCounter(server, { deed, gateway, limit, parts: values, ...hits });
  terminal.out(flags.output === 'table' ? countersTable(found) : await formatData(found, flags.output));
  return EXIT.ok;
}

function serverOf({ server }: Flags, terminal: Terminal): string {
  return server ?? (terminal.env['CHANCERY_SERVER'] || defaultServer(terminal));
}

async function gatewayOf(server: string, limit: string, { gateway }: Flags): Promise<string> {
  if (gateway !== undefined) return gateway;
  const found = (await listLimits(server)).filter(({ name }: ListedLimit) => name === limit);
  const [only] = found;
  if (only === undefined)
    throw new ChanceryError('ERR_USAGE', `there is no limit "${limit}"`, { remedy: 'chancery limits list shows all' });
  if (found.length === 1) return only.gateway;
  const names = found.map((each) => each.gateway).join(', ');
  throw new ChanceryError('ERR_USAGE', `several gateways have a limit "${limit}": ${names}`, { remedy: 'name one with --gateway' });
}

function partOf(text: string): readonly [string, string] {
  const at = text.indexOf('=');
  if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
  throw new ChanceryError('ERR_USAGE', 'a part of a key is written PART=VALUE', { remedy: 'for example jwt.sub=anna' });
}

function hitsOf(text: string): number {
  const hits = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(hits) && hits > 0) return hits;
  throw new ChanceryError('ERR_USAGE', `--hits ${text} is no number of hits`, { remedy: 'write a whole number above 0' });
}
