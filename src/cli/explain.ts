// `chancery explain`: which listener, route, limits and policy take a request, with the line of the file that decides each. Nothing is sent: from the
// files as they are, or from what a node runs, which its control plane tells.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import type { AskedRequest, Explained } from '../explain/explained.ts';
import { ChanceryError } from '../lib/errors.ts';
import { shownPath } from '../lib/shown-path.ts';
import { defaultServer, serverOf } from './admin-client.ts';
import type { CommandContext } from './command-context.ts';
import { addConfigOption } from './config-option.ts';
import { EXIT } from './exit-codes.ts';
import { gatewayFiles } from './gateway-files.ts';
import { checkFormat } from './output-format.ts';
import type { Terminal } from './terminal.ts';

interface ExplainFlags {
  readonly config?: readonly string[];
  readonly header?: readonly string[];
  readonly ip?: string;
  readonly jwt?: string;
  readonly listener?: string;
  readonly node?: string;
  readonly output: string;
  readonly server?: string;
}

export function addExplainCommand(program: Command, { terminal, finish }: CommandContext): void {
  addConfigOption(program.command('explain'))
    .description('say which listener, route, limits and policy take a request, and why; nothing is sent')
    .argument('<method>', 'such as GET')
    .argument('<url>', 'such as https://shop.example.com/orders/7')
    .option('-H, --header <header>', 'a header of the request, "name: value"; may be repeated', collect)
    .option('--ip <address>', 'where its connection comes from; behind trustedHops, x-forwarded-for counts')
    .option('--jwt <file>', 'a file with a token: which parts of the policy its claims satisfy, and what limits count; it is never printed')
    .option('--listener <name>', 'by which listener it comes; default: by scheme and port')
    .option('--node <id>', 'by what this node runs now, in place of the files; asks its control plane')
    .option('--server <url>', `with --node: admin API of its control plane (CHANCERY_SERVER; default ${defaultServer(terminal)})`)
    .option('-o, --output <format>', 'text or json', 'text')
    .action(async (method: string, url: string, flags: ExplainFlags) => finish(await run({ method, url, flags }, terminal)));
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

interface Asked {
  readonly method: string;
  readonly url: string;
  readonly flags: ExplainFlags;
}

async function run(asked: Asked, terminal: Terminal): Promise<number> {
  const { flags } = asked;
  checkFormat(flags.output, ['text', 'json']);
  const question = questionOf(asked, terminal);
  if (flags.node === undefined) return explainFiles(question, flags, terminal);
  if (flags.config !== undefined)
    throw new ChanceryError('ERR_USAGE', '--node asks what a node runs, and -c what files say', { remedy: 'leave one of them out' });
  const { explainNode } = await import('./explain-node.ts');
  const server = serverOf(flags.server, terminal);
  print(await explainNode(server, flags.node, question), flags, terminal);
  return EXIT.ok;
}

async function explainFiles(question: AskedRequest, flags: ExplainFlags, terminal: Terminal): Promise<number> {
  const [{ buildFiles }, { formatIssues }, { explained }, { policyForm }] = await Promise.all([
    import('./build-files.ts'),
    import('../config/diagnostics.ts'),
    import('../explain/explained.ts'),
    import('../compiler/auth/form.ts'),
  ]);
  const built = await buildFiles(gatewayFiles(flags.config, terminal), terminal);
  for (const { build } of built) {
    if (build.good === undefined) {
      terminal.err(formatIssues(build.issues, build.positions, { color: terminal.colorErr, cwd: terminal.cwd }));
      continue;
    }
    const answer = explained(build.good.model, question, {
      nowMs: Date.now(),
      formOf: policyForm,
      hidesValues: false,
      placeOf: (at) => {
        const position = build.positions.find(at, 'key');
        return position === undefined ? undefined : `${shownPath(position.file, terminal.cwd)}:${position.line}`;
      },
    });
    if (!answer.ok) {
      throw new ChanceryError('ERR_USAGE', answer.problem, {
        remedy: 'chancery explain GET https://shop.example.com/orders -H "x-team: a" --ip 203.0.113.7',
      });
    }
    print(answer.value, flags, terminal);
  }
  return built.every(({ build }) => build.good !== undefined) ? EXIT.ok : EXIT.invalid;
}

function print({ text, json }: Explained, { output }: ExplainFlags, terminal: Terminal): void {
  terminal.out(output === 'json' ? `${JSON.stringify(json, undefined, 2)}\n` : text);
}

function questionOf({ method, url, flags: { header, ip, jwt, listener } }: Asked, { cwd }: Terminal): AskedRequest {
  return {
    method,
    url,
    headers: header ?? [],
    ...(ip === undefined ? {} : { ip }),
    ...(jwt === undefined ? {} : { token: readToken(jwt, cwd) }),
    ...(listener === undefined ? {} : { listener }),
  };
}

function readToken(file: string, cwd: string): string {
  try {
    return readFileSync(path.resolve(cwd, file), 'utf8').trim();
  } catch {
    throw new ChanceryError('ERR_USAGE', `the file ${file} cannot be read`, { remedy: 'name a file that holds one token' });
  }
}
