// `chancery limits`: what the rate limiter counts, and operators' changes of single counters (ratelimit R811), by the admin API of a control plane or
// of a rate limiter that runs alone. Values of keys leave this process in bodies only.
import type { Command } from 'commander';
import { ChanceryError } from '../lib/errors.ts';
import { nearest } from '../lib/nearest.ts';
import { defaultServer, serverOf } from './admin-client.ts';
import type { CommandContext } from './command-context.ts';
import { EXIT } from './exit-codes.ts';
import { counterText } from './limit-text.ts';
import { askCounter, hotKeys, listLimits } from './limits-client.ts';
import type { ListedLimit } from './limits-schema.ts';
import { hotTable, limitsTable, shadowTable } from './limits-table.ts';
import { checkFormat, formatData } from './output-format.ts';
import type { Terminal } from './terminal.ts';

interface Flags {
  readonly server: string | undefined;
  readonly gateway: string | undefined;
  readonly hits: string | undefined;
  readonly output: string;
}

const DEEDS = {
  show: 'what stands in the counter of these values; of a divided limit, who has what',
  explain: 'whether a request with these values is counted: what was tried, by which counter, what is left, how much may pass at worst',
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
      .option('-o, --output <format>', 'table, json or yaml', 'table')
      // Before anything is asked: a counter that was reset stays so.
      .hook('preAction', (command) => checkFormat(command.opts<Flags>().output, FORMATS));
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

const FORMATS = ['table', 'json', 'yaml'];

const HELP = `
Counters are named by the values of their key, as they stand in rateLimits: chancery limits show per-user jwt.sub=anna. The limiter hashes them
when they arrive; neither its log nor its answers hold them. With limitFrom in a limit, limitFrom=RATE says what the claim holds.

A rate limiter of its own answers on its own machine, where its /metrics are: chancery limits list --server http://127.0.0.1:18082. Several of
them over one Redis have the same counters; what they decided is each one's own. Limits of scope local are counted by each proxy for itself and
are not listed. Where a limit stands in the files tells chancery explain, of a request that meets it.`;

const NO_LIMITS = 'no limits\n';
const NO_SHADOW = 'no limit is in shadow mode: `mode: shadow` tries one without denying anything\n';

async function list(flags: Flags, terminal: Terminal, isShadowOnly: boolean): Promise<number> {
  const all = await listLimits(serverOf(flags.server, terminal));
  const isMeant = ({ gateway }: { readonly gateway: string }): boolean => flags.gateway === undefined || gateway === flags.gateway;
  const limits = all.limits.filter((limit) => isMeant(limit) && (!isShadowOnly || limit.mode === 'shadow'));
  const found = { limits, stores: all.stores.filter(isMeant) };
  const text = isShadowOnly ? shadowTable(found, Date.now()) || NO_SHADOW : limitsTable(found, Date.now()) || NO_LIMITS;
  terminal.out(flags.output === 'table' ? text : await formatData(found, flags.output));
  return EXIT.ok;
}

async function hot(limit: string, flags: Flags, terminal: Terminal): Promise<number> {
  const server = serverOf(flags.server, terminal);
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
  const server = serverOf(flags.server, terminal);
  const values = Object.fromEntries(parts.map(partOf));
  const hits = flags.hits === undefined ? {} : { hits: hitsOf(flags.hits) };
  const gateway = await gatewayOf(server, limit, flags);
  const found = await askCounter(server, { deed, gateway, limit, parts: values, ...hits });
  terminal.out(flags.output === 'table' ? counterText(found, Date.now()) : await formatData(found, flags.output));
  return EXIT.ok;
}

async function gatewayOf(server: string, limit: string, { gateway }: Flags): Promise<string> {
  if (gateway !== undefined) return gateway;
  const { limits } = await listLimits(server);
  const found = limits.filter(({ name }: ListedLimit) => name === limit);
  const [only] = found;
  if (only === undefined) throw new ChanceryError('ERR_USAGE', `there is no limit "${limit}"`, { remedy: remedyOfUnknown(limit, limits) });
  if (found.length === 1) return only.gateway;
  const names = found.map((each) => each.gateway).join(', ');
  throw new ChanceryError('ERR_USAGE', `several gateways have a limit "${limit}": ${names}`, { remedy: 'name one with --gateway' });
}

function remedyOfUnknown(limit: string, limits: readonly ListedLimit[]): string {
  const meant = nearest(
    limit,
    limits.map(({ name }) => name),
  );
  return meant === undefined ? 'chancery limits list shows all; those of scope local are in each proxy alone' : `did you mean ${meant}?`;
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
