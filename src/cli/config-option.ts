// The option -c, which most commands share.
import type { Command } from 'commander';

/** Adds `-c FILE`, to be given any number of times. */
export function addConfigOption(command: Command): Command {
  return command.option(
    '-c, --config <file>',
    'root file of a gateway, or a directory of them; may be repeated (CHANCERY_CONFIG)',
    (file: string, before: readonly string[] | undefined) => [...(before ?? []), file],
  );
}
