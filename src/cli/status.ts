// `chancery status [NODE]`: what a running control plane serves, how its revisions get on, and what each node has accepted or refused.
import type { Command } from 'commander';
import { z } from 'zod';
import { defaultServer, fetchJson, serverOf } from './admin-client.ts';
import type { CommandContext } from './command-context.ts';
import { EXIT } from './exit-codes.ts';
import { checkFormat, formatData } from './output-format.ts';
import { isAllWell } from './status-attention.ts';
import { gatewaySchema, nodeSchema, nodesSchema, type Status } from './status-schema.ts';
import { statusTable } from './status-table.ts';
import type { Terminal } from './terminal.ts';

interface StatusFlags {
  readonly server?: string;
  readonly types?: true;
  readonly exitCode?: true;
  readonly output: string;
}

export function addStatusCommand(program: Command, { terminal, finish }: CommandContext): void {
  program
    .command('status')
    .description('show what is served, how it reaches the nodes, and per node and type what was sent, accepted, refused')
    .argument('[node]', 'only the node of this id, each of its types')
    .option('--types', 'one line for each type of each node')
    .option('--exit-code', 'exit with 2 unless every gateway serves its files as they are and every node runs that')
    .option('--server <url>', `admin API of the control plane (CHANCERY_SERVER; default ${defaultServer(terminal)})`)
    .option('-o, --output <format>', 'table, json or yaml', 'table')
    .action(async (node: string | undefined, flags: StatusFlags) => finish(await status(node, flags, terminal)));
}

async function status(node: string | undefined, flags: StatusFlags, terminal: Terminal): Promise<number> {
  checkFormat(flags.output, ['table', 'json', 'yaml']);
  const server = serverOf(flags.server, terminal);
  const shown = node === undefined ? await statusOfAll(server) : await statusOfNode(server, node);
  const options = { nowMs: Date.now(), byType: node !== undefined || flags.types === true };
  terminal.out(flags.output === 'table' ? statusTable(shown, options) : await formatData(shown, flags.output));
  return flags.exitCode === true && !isAllWell(shown) ? EXIT.differs : EXIT.ok;
}

async function statusOfAll(server: string): Promise<Status> {
  const [{ gateways }, { nodes, gone }] = await Promise.all([gatewaysOf(server), fetchJson(server, '/api/v1/nodes', nodesSchema)]);
  return { gateways, nodes, gone };
}

async function statusOfNode(server: string, id: string): Promise<Status> {
  const node = await fetchJson(server, `/api/v1/nodes/${encodeURIComponent(id)}`, nodeSchema);
  const { gateways } = await gatewaysOf(server);
  return { gateways: gateways.filter(({ gateway }) => gateway === node.cluster), nodes: [node], gone: [] };
}

function gatewaysOf(server: string): Promise<Pick<Status, 'gateways'>> {
  return fetchJson(server, '/api/v1/gateways', z.object({ gateways: z.array(gatewaySchema) }));
}
