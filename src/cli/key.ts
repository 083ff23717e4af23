// `chancery key create`: a new API key, shown once, with the digest that goes into the gateway file (authz K1, K2). Nothing is stored or sent.
import { createHash, createHmac, randomInt } from 'node:crypto';
import type { Command } from 'commander';
import { ChanceryError } from '../lib/errors.ts';
import { nearest } from '../lib/nearest.ts';
import type { Secret } from '../lib/secret.ts';
import type { CommandContext } from './command-context.ts';
import { addConfigOption, isConfigNamed } from './config-option.ts';
import { EXIT } from './exit-codes.ts';
import { goodModels } from './good-models.ts';
import { checkFormat } from './output-format.ts';
import type { Terminal } from './terminal.ts';

interface KeyFlags {
  readonly config?: readonly string[];
  readonly output: string;
}

export function addKeyCommand(program: Command, { terminal, finish }: CommandContext): void {
  const key = program.command('key').description('API keys for callers');
  addConfigOption(key.command('create'))
    .description('make an API key: the key for the caller, shown this once, and its digest for the gateway file')
    .argument('<source>', 'name under apiKeys, such as partners')
    .argument('<consumer>', 'whose key it is, such as acme')
    .option('-o, --output <format>', 'text or json', 'text')
    .action(async (source: string, consumer: string, flags: KeyFlags) => finish(await create({ source, consumer, flags }, terminal)));
}

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

/** K1: `ck_<id 8>_<secret 32>`, base62: 190 secret bits, so that a plain digest suffices. */
export function newApiKey(pick: (below: number) => number): string {
  const text = (length: number): string => Array.from({ length }, () => BASE62.charAt(pick(BASE62.length))).join('');
  return `ck_${text(8)}_${text(32)}`;
}

/** As it stands in `keys` of a consumer: HMAC-SHA256 where the source has a pepper. */
export function apiKeyDigest(key: string, pepper: Secret | undefined): string {
  if (pepper === undefined) return `sha256:${createHash('sha256').update(key).digest('hex')}`;
  return `hmac:${createHmac('sha256', pepper.reveal()).update(key).digest('hex')}`;
}

interface Wanted {
  readonly source: string;
  readonly consumer: string;
  readonly flags: KeyFlags;
}

async function create({ source, consumer, flags }: Wanted, terminal: Terminal): Promise<number> {
  checkFormat(flags.output, ['text', 'json']);
  for (const name of [source, consumer]) {
    if (!NAME.test(name)) throw new ChanceryError('ERR_USAGE', `"${name}" is no name`, { remedy: 'use letters, digits, dots, - and _' });
  }
  const pepper = await pepperOf(source, flags, terminal);
  if (pepper === 'invalid') return EXIT.invalid;
  const key = newApiKey((below) => randomInt(below));
  const digest = apiKeyDigest(key, pepper);
  if (flags.output === 'json') {
    terminal.out(`${JSON.stringify({ source, consumer, key, digest }, undefined, 2)}\n`);
    return EXIT.ok;
  }
  terminal.out(`key     ${key}\ndigest  ${digest}\n\napiKeys:\n  ${source}:\n    consumers:\n      ${consumer}: {keys: ["${digest}"]}\n`);
  terminal.err('The key is for the caller and is not shown again; only its digest goes into the file.\n');
  return EXIT.ok;
}

async function pepperOf(source: string, { config }: KeyFlags, terminal: Terminal): Promise<Secret | undefined | 'invalid'> {
  if (!isConfigNamed(config, terminal)) return undefined;
  const models = await goodModels(config, terminal);
  if (models === undefined) return 'invalid';
  const sources = models.flatMap(({ auth }) => auth?.apiKeys ?? []);
  const found = sources.find(({ name }) => name === source);
  if (found !== undefined) return found.pepper;
  const names = sources.map(({ name }) => name);
  const near = nearest(source, names);
  throw new ChanceryError('ERR_USAGE', `there is no apiKeys "${source}"`, {
    remedy:
      near === undefined
        ? `apiKeys of the file: ${names.length === 0 ? 'none' : names.join(', ')}; write the source first, or leave -c out`
        : `did you mean "${near}"?`,
  });
}
