// `chancery schema`: prints the JSON schema of the configuration language, for editors.
import type { Command } from 'commander';
import type { CommandContext } from './command-context.ts';

export function addSchemaCommand(program: Command, { terminal }: CommandContext): void {
  program
    .command('schema')
    .description('print the JSON schema of the configuration language')
    .action(async () => {
      const { gatewayJsonSchema } = await import('../config/json-schema.ts');
      terminal.out(`${JSON.stringify(gatewayJsonSchema(), undefined, 2)}\n`);
    });
}
