// `chancery explain`: which listener, route and policy take a request, with the line of the file that decides each. Offline: nothing is sent.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import type { ExplainQuestion } from '../explain/explain.ts';
import { ChanceryError } from '../lib/errors.ts';
import type { Model } from '../model/types.ts';
import type { CommandContext } from './command-context.ts';
import { addConfigOption } from './config-option.ts';
import { EXIT } from './exit-codes.ts';
import { gatewayFiles } from './gateway-files.ts';
import { checkFormat } from './output-format.ts';
import type { Terminal } from './terminal.ts';

interface ExplainFlags {
  readonly config?: readonly string[];
  readonly header?: readonly string[];
  readonly jwt?: string;
  readonly listener?: string;
  readonly output: string;
}

export function addExplainCommand(program: Command, { terminal, finish }: CommandContext): void {
  addConfigOption(program.command('explain'))
    .description('say which listener, route and policy take a request, and why: offline, from the files as they are')
    .argument('<method>', 'such as GET')
    .argument('<url>', 'such as https://shop.example.com/orders/7')
    .option('-H, --header <header>', 'a header of the request, "name: value"; may be repeated', collect)
    .option('--jwt <file>', 'a file with a token: which parts of the policy its claims satisfy; it is never printed')
    .option('--listener <name>', 'by which listener it comes; default: by scheme and port')
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
  const question = await questionOf(asked, terminal);
  const [{ buildFiles }, { formatIssues }, { explain }, texts] = await Promise.all([
    import('./build-files.ts'),
    import('../config/diagnostics.ts'),
    import('../explain/explain.ts'),
    import('./explanation-text.ts'),
  ]);
  const built = await buildFiles(gatewayFiles(flags.config, terminal), terminal);
  for (const { build } of built) {
    if (build.good === undefined) {
      terminal.err(formatIssues(build.issues, build.positions, { color: terminal.colorErr, cwd: terminal.cwd }));
      continue;
    }
    const { model } = build.good;
    checkListener(model, flags.listener);
    const explanation = explain(model, question);
    const places = { positions: build.positions, cwd: terminal.cwd };
    terminal.out(
      flags.output === 'json'
        ? `${JSON.stringify(texts.explanationJson(model.gateway, explanation, places), undefined, 2)}\n`
        : texts.explanationText(model.gateway, explanation, places),
    );
  }
  return built.every(({ build }) => build.good !== undefined) ? EXIT.ok : EXIT.invalid;
}

async function questionOf({ method, url, flags }: Asked, { cwd }: Terminal): Promise<ExplainQuestion> {
  const [{ readRequest }, { policyForm }] = await Promise.all([import('../explain/request.ts'), import('../compiler/auth/form.ts')]);
  const request = readRequest(method, url, flags.header ?? []);
  if (!request.ok) {
    throw new ChanceryError('ERR_USAGE', request.problem, {
      remedy: 'chancery explain GET https://shop.example.com/orders -H "x-team: a"',
    });
  }
  return {
    request: request.value,
    nowMs: Date.now(),
    formOf: policyForm,
    ...(flags.jwt === undefined ? {} : { token: readToken(flags.jwt, cwd) }),
    ...(flags.listener === undefined ? {} : { listener: flags.listener }),
  };
}

function checkListener({ gateway, listeners }: Model, wanted: string | undefined): void {
  if (wanted === undefined || listeners.some(({ name }) => name === wanted)) return;
  throw new ChanceryError('ERR_USAGE', `gateway ${gateway} has no listener ${wanted}`, {
    remedy: `listeners are ${listeners.map(({ name }) => name).join(', ')}`,
  });
}

function readToken(file: string, cwd: string): string {
  try {
    return readFileSync(path.resolve(cwd, file), 'utf8').trim();
  } catch {
    throw new ChanceryError('ERR_USAGE', `the file ${file} cannot be read`, { remedy: 'name a file that holds one token' });
  }
}
