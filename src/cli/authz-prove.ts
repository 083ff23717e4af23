// `chancery authz prove`: asks the parity table of a real Envoy (authz C8): does this Envoy, with Chancery's filters, answer as the companion does?
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Command } from 'commander';
import { ChanceryError } from '../lib/errors.ts';
import { findEnvoy } from '../local-envoy/find-envoy.ts';
import type { RowResult } from '../prover/prove.ts';
import type { CommandContext } from './command-context.ts';
import { EXIT } from './exit-codes.ts';
import { checkFormat } from './output-format.ts';
import { PACKAGE_ROOT } from './package.ts';
import { startProof } from './proof-gateway.ts';
import type { Terminal } from './terminal.ts';

interface ProveFlags {
  readonly envoy?: string;
  readonly only?: string;
  readonly output: string;
}

export function addAuthzProveCommand(authz: Command, { terminal, finish }: CommandContext): void {
  authz
    .command('prove')
    .description('ask a real Envoy every row of the parity table, in both forms of each policy, and compare')
    .option('--envoy <path>', 'the Envoy to prove (CHANCERY_ENVOY; default: the one that set-up brought)')
    .option('--only <text>', 'only rows whose name, policy or rules contain this text')
    .option('-o, --output <format>', 'table or json', 'table')
    .addHelpText('after', HELP)
    .action(async (flags: ProveFlags) => finish(await prove(flags, terminal)));
}

const HELP = `
Starts a control plane with a companion, the Envoy and a backend on free ports of this machine, and ends them afterwards. Exit code 0: every
answer was as the table says; 1: some were not, and each is printed.`;

async function prove(flags: ProveFlags, terminal: Terminal): Promise<number> {
  checkFormat(flags.output, ['table', 'json']);
  const [{ prove: proveRows }, { PARITY_TABLE }] = await Promise.all([import('../prover/prove.ts'), import('../prover/table.ts')]);
  const rows = PARITY_TABLE.filter(
    ({ name, policy, rules }) => flags.only === undefined || [name, policy, ...rules].some((text) => text.includes(flags.only ?? '')),
  );
  if (rows.length === 0) throw new ChanceryError('ERR_USAGE', `no row of the table contains "${flags.only ?? ''}"`);
  const env = { ...terminal.env, CHANCERY_ENVOY: envoyOf(flags, terminal) };
  const directory = await mkdtemp(path.join(os.tmpdir(), 'chancery-prove-'));
  const start = async (text: string, { port }: { readonly port: number }): ReturnType<typeof startProof> => {
    const file = path.join(directory, 'gateway.yaml');
    await writeFile(file, text);
    return startProof({ file, port, state: path.join(directory, 'state'), env });
  };
  try {
    const results = await proveRows({ now: Math.floor(Date.now() / 1_000), start }, rows);
    terminal.out(flags.output === 'json' ? `${JSON.stringify(results.map(plainResult), undefined, 2)}\n` : resultText(results));
    return results.every(({ differences }) => differences.length === 0) ? EXIT.ok : EXIT.invalid;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Before anything is started. */
function envoyOf({ envoy }: ProveFlags, { env, cwd }: Terminal): string {
  const flag = envoy === undefined ? {} : { flag: { name: '--envoy', value: path.resolve(cwd, envoy) } };
  return findEnvoy({ env, packageRoot: PACKAGE_ROOT, ...flag });
}

function plainResult({ row, form, outcome, differences }: RowResult): object {
  const { name, policy, rules } = row;
  return { name, policy, rules, form, isAsExpected: differences.length === 0, differences, outcome };
}

function resultText(results: readonly RowResult[]): string {
  const wrong = results.filter(({ differences }) => differences.length > 0);
  const lines = wrong.map(
    ({ row, form, differences }) =>
      `${form.padEnd(9)} ${row.name} (${row.rules.join(', ')})\n          ${differences.join('\n          ')}\n`,
  );
  const listed = results.filter(({ row, form }) => form === 'proxy' && row.proxySays !== undefined).length;
  return `${lines.join('')}${results.length - wrong.length} of ${results.length} answers are as the table says; ${listed} are listed differences (docs/auth-parity.md)\n`;
}
