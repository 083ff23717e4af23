// `chancery watch`: what happens in a running control plane, as it happens: edits, pushes, ACKs, refusals, waves, nodes, endpoints.
import type { Command } from 'commander';
import { defaultServer, serverOf } from './admin-client.ts';
import type { CommandContext } from './command-context.ts';
import { eventLine } from './event-line.ts';
import { followEvents } from './event-source.ts';
import { EXIT } from './exit-codes.ts';
import { checkFormat } from './output-format.ts';
import { untilStopSignal } from './signals.ts';
import type { Terminal } from './terminal.ts';

interface WatchFlags {
  readonly server?: string;
  readonly gateway?: string;
  readonly node?: string;
  readonly kinds?: string;
  readonly output: string;
}

export function addWatchCommand(program: Command, { terminal, finish }: CommandContext): void {
  program
    .command('watch')
    .description('show what happens as it happens: edits, pushes, ACKs, refusals with their lines, waves, nodes, endpoints')
    .option('--gateway <name>', 'only what concerns this gateway')
    .option('--node <id>', 'only what this node does')
    .option('--kinds <names>', 'only these kinds, separated by commas: config, push, ack, nack, node, reached, live, wave, withdrawn, …')
    .option('--server <url>', `admin API of the control plane (CHANCERY_SERVER; default ${defaultServer(terminal)})`)
    .option('-o, --output <format>', 'text, or json: one object a line', 'text')
    .action(async (flags: WatchFlags) => finish(await watch(flags, terminal)));
}

async function watch(flags: WatchFlags, terminal: Terminal): Promise<number> {
  checkFormat(flags.output, ['text', 'json']);
  const server = serverOf(flags.server, terminal);
  const stop = new AbortController();
  void untilStopSignal().then(() => stop.abort());
  const events = followEvents({
    server,
    path: `/api/v1/events${query(flags)}`,
    signal: stop.signal,
    onLost: () => terminal.err(`lost the connection to ${server}; trying again\n`),
    onBack: () => terminal.err(`connected to ${server} again\n`),
    pause: (ms) => pause(ms, stop.signal),
  });
  for await (const event of events) {
    terminal.out(flags.output === 'json' ? `${JSON.stringify(event)}\n` : eventLine(event, terminal.colorOut));
  }
  return EXIT.ok;
}

function query({ gateway, node, kinds }: WatchFlags): string {
  const wanted = new URLSearchParams();
  for (const [name, value] of Object.entries({ gateway, node, kinds })) if (value !== undefined) wanted.set(name, value);
  return wanted.size === 0 ? '' : `?${wanted.toString()}`;
}

/** Sooner over when it is stopped. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
  });
}
