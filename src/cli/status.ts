// `chancery status [NODE]`: what a running control plane serves, and what each node has accepted or refused.
import type { Command } from 'commander';
import { z } from 'zod';
import { defaultServer, fetchJson } from './admin-client.ts';
import type { CommandContext } from './command-context.ts';
import { EXIT } from './exit-codes.ts';
import { checkFormat, formatData } from './output-format.ts';
import { gatewaySchema, nodeSchema, statusTable } from './status-table.ts';
import type { Terminal } from './terminal.ts';

interface StatusFlags {
  readonly server?: string;
  readonly output: string;
}

export function addStatusCommand(program: Command, { terminal, finish }: CommandContext): void {
  program
    .command('status')
    .description('show what is served, and per node and type what was sent, accepted, refused')
    .argument('[node]', 'only the node of this id')
    .option('--server <url>', `admin API of the control plane (CHANCERY_SERVER; default ${defaultServer(terminal)})`)
    .option('-o, --output <format>', 'table, json or yaml', 'table')
    .action(async (node: string | undefined, flags: StatusFlags) => finish(await status(node, flags, terminal)));
}

async function status(node: string | undefined, flags: StatusFlags, terminal: Terminal): Promise<number> {
  checkFormat(flags.output, ['table', 'json', 'yaml']);
  const server = flags.server ?? (terminal.env.CHANCERY_SERVER || defaultServer(terminal));
  const { gateways } = await fetchJson(server, '/api/v1/gateways', z.object({ gateways: z.array(gatewaySchema) }));
  const nodes =
    node === undefined
      ? (await fetchJson(server, '/api/v1/nodes', z.object({ nodes: z.array(nodeSchema) }))).nodes
      : [await fetchJson(server, `/api/v1/nodes/${encodeURIComponent(node)}`, nodeSchema)];
  const shown = {
    gateways: node === undefined ? gateways : gateways.filter(({ gateway }) => nodes.some(({ cluster }) => cluster === gateway)),
    nodes,
  };
  terminal.out(flags.output === 'table' ? statusTable(shown, Date.now()) : await formatData(shown, flags.output));
  return EXIT.ok;
}
