// The option -c, which most commands share.
import type { Command } from 'commander';
import type { Terminal } from './terminal.ts';

/** Adds `-c FILE`, to be given any number of times. */
export function addConfigOption(command: Command): Command {
  return command.option(
    '-c, --config <file>',
    'root file of a gateway, or a directory of them; may be repeated (CHANCERY_CONFIG)',
    (file: string, before: readonly string[] | undefined) => [...(before ?? []), file],
  );
}

/** Whether files are named at all, for commands that also do without. */
export function isConfigNamed(config: readonly string[] | undefined, { env }: Pick<Terminal, 'env'>): boolean {
  return config !== undefined || (env.CHANCERY_CONFIG ?? '') !== '';
}
