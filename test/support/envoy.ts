// Starts a real Envoy for a test from a bootstrap object; the admin interface always goes to a free loopback port.
import { readFile } from 'node:fs/promises';
import { type Child, startChild } from './child.ts';
import { createEnvoyAdmin, type EnvoyAdmin } from './envoy-admin.ts';
import { findEnvoyBinary } from './envoy-binary.ts';
import { eventually } from './eventually.ts';
import { createWorkspace } from './workspace.ts';

export interface Envoy {
  readonly admin: EnvoyAdmin;
  readonly pid: number;
  /** Everything that Envoy wrote, access log included where it goes to standard output. */
  logs(): string;
  /** Lines of the access log that are JSON objects. */
  accessLog(): readonly Readonly<Record<string, unknown>>[];
  isRunning(): boolean;
  /** Stops the process where it stands (SIGSTOP), as an overloaded machine would. */
  pause(): void;
  resume(): void;
  stop(): Promise<void>;
}

export interface EnvoyOptions {
  /** Extra arguments, such as `--service-node`. */
  readonly args?: readonly string[];
  /** Default warning. */
  readonly logLevel?: string;
  /** Wait until the first configuration has arrived. Default true. */
  readonly waitUntilReady?: boolean;
}

/** Runs the bootstrap with one worker thread. Rejects with Envoy's own words when it ends or is not ready in time. */
export async function startEnvoy(bootstrap: object, options: EnvoyOptions = {}): Promise<Envoy> {
  const workspace = await createWorkspace({ 'bootstrap.json': JSON.stringify(withAdmin(bootstrap)) });
  const flags = {
    '-c': workspace.path('bootstrap.json'),
    '--concurrency': '1',
    '--admin-address-path': workspace.path('admin'),
    '--log-level': options.logLevel ?? 'warning',
    // Envoy counts in whole seconds and tells connections of their end at random moments between: one second would tell nobody.
    '--drain-time-s': '3',
    '--file-flush-interval-msec': '10',
  };
  const child = startChild(findEnvoyBinary(), [...Object.entries(flags).flat(), '--disable-hot-restart', ...(options.args ?? [])]);
  try {
    const admin = createEnvoyAdmin(await adminPort(child, workspace.path('admin')));
    if (options.waitUntilReady ?? true) await ready(child, admin);
    return handle(child, admin, () => workspace.remove());
  } catch (error) {
    await child.stop(0);
    await workspace.remove();
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n${child.stderr().slice(-8_000)}`, { cause: error });
  }
}

function handle(child: Child, admin: EnvoyAdmin, clean: () => Promise<void>): Envoy {
  const logs = (): string => child.stdout() + child.stderr();
  return {
    admin,
    pid: child.pid,
    logs,
    accessLog: () => jsonLines(logs()),
    isRunning: () => child.isRunning(),
    pause: () => child.signal('SIGSTOP'),
    resume: () => child.signal('SIGCONT'),
    stop: async () => {
      child.signal('SIGCONT');
      child.signal('SIGKILL');
      await child.exited;
      await clean();
    },
  };
}

function jsonLines(text: string): readonly Readonly<Record<string, unknown>>[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
}

function withAdmin(bootstrap: object): object {
  return { ...bootstrap, admin: { address: { socket_address: { address: '127.0.0.1', port_value: 0 } } } };
}

async function adminPort(child: Child, file: string): Promise<number> {
  const read = async (): Promise<number | undefined> => Number((await readFile(file, 'utf8')).split(':').at(-1)) || undefined;
  return eventually(read, { what: "Envoy's admin port", timeoutMs: 20_000, hopeless: () => ended(child) });
}

async function ready(child: Child, admin: EnvoyAdmin): Promise<void> {
  await eventually(() => admin.isReady(), { what: 'Envoy to be ready', timeoutMs: 20_000, hopeless: () => ended(child) });
}

function ended(child: Child): string | undefined {
  return child.isRunning() ? undefined : 'Envoy ended';
}
