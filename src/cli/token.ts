// `chancery token`: what a token says and what a gateway would say of it; tokens of the quickstart's own issuer. Local: nothing is stored or sent.
import type { Command } from 'commander';
import type { CommandContext } from './command-context.ts';
import { addConfigOption } from './config-option.ts';
import { addSettingOptions } from './setting-options.ts';
import { type DecodeFlags, decodeToken } from './token-decode.ts';
import { type MintFlags, mintToken } from './token-mint.ts';

export function addTokenCommand(program: Command, { terminal, finish }: CommandContext): void {
  const token = program.command('token').description('look at tokens, and make some for the quickstart');
  addSettingOptions(addConfigOption(token.command('decode')), ['state'])
    .description(
      'show what a token says; with -c also what each provider would say, the development issuer of `up --demo` included. Local: it is neither stored nor sent',
    )
    .argument('[file]', 'a file with one token; - or nothing: standard input')
    .option('-o, --output <format>', 'text or json', 'text')
    .action(async (file: string | undefined, flags: DecodeFlags) => finish(await decodeToken(file, flags, terminal)));
  const mint = addConfigOption(token.command('mint')).requiredOption('--dev', 'a token of the development issuer of `up --demo`');
  addSettingOptions(mint, ['state'])
    .description('make a token of the development issuer, which `chancery up --demo` trusts; without -c for the quickstart')
    .option('--provider <name>', 'name under jwt; default: the one that trusts the development issuer')
    .option('--scope <scopes>', 'scopes, separated by spaces')
    .option(
      '--claim <name=value>',
      'another claim, the value as JSON or as text; may be repeated',
      (value: string, before: readonly string[] | undefined) => [...(before ?? []), value],
    )
    .option('--expires <duration>', 'how long it is valid, such as 90s, 15m or 1h', '1h')
    .action(async (flags: MintFlags) => finish(await mintToken(flags, terminal)));
}
