// `chancery demo`: the sample backends of the quickstart alone, for a container of their own. `up --demo` has them in its process.
import type { Command } from 'commander';
import type { CommandContext } from './command-context.ts';
import { EXIT } from './exit-codes.ts';
import { untilStopSignal } from './signals.ts';
import type { Terminal } from './terminal.ts';

export function addDemoCommand(program: Command, { terminal, finish }: CommandContext): void {
  program
    .command('demo')
    .description('run the sample backends of the quickstart alone: HTTP and gRPC, each in two versions')
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .addHelpText('after', '\nPorts are those of CHANCERY_DEMO_HELLO_V1_PORT, _HELLO_V2_PORT, _GREETER_V1_PORT and _GREETER_V2_PORT.')
    .action(async ({ host }: { readonly host: string }) => finish(await demo(host, terminal)));
}

async function demo(host: string, terminal: Terminal): Promise<number> {
  const [{ startDemoBackends }, { demoPorts }] = await Promise.all([import('../demo/backends.ts'), import('../demo/ports.ts')]);
  const stopSignal = untilStopSignal();
  const ports = demoPorts(terminal.env);
  const backends = await startDemoBackends(host, ports);
  const list = Object.entries(ports).map(([name, port]) => `${name}=${host}:${port}`);
  terminal.out(`ready ${list.join(' ')}\n`);
  await stopSignal;
  await backends.stop();
  return EXIT.ok;
}
