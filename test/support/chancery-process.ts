// Runs the built program (dist/main.js) as users do. The build is made before the tests run; a missing one fails with the remedy.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { type Child, startChild } from './child.ts';
import { REPOSITORY } from './envoy-binary.ts';

const MAIN = path.join(REPOSITORY, 'dist/main.js');

export interface Finished {
  readonly code: number | NodeJS.Signals;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Chancery {
  readonly child: Child;
  readonly xdsPort: number;
  readonly adminPort: number;
  /** Standard output and error so far. */
  logs(): string;
  /** GET of the admin API; throws on another status than 2xx. */
  api(path: string): Promise<unknown>;
  /** Ends it without a chance to clean up (SIGKILL). */
  kill(): Promise<void>;
  stop(): Promise<number | NodeJS.Signals>;
}

export interface ChanceryOptions {
  /** Root files, one for each gateway. */
  readonly files: readonly string[];
  /** Directory for what survives a restart. */
  readonly state: string;
  /** Default 0: any. */
  readonly xdsPort?: number;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** Starts a command of the program without waiting for anything. */
export function spawnChancery(args: readonly string[], env: Readonly<Record<string, string | undefined>> = {}): Child {
  if (!existsSync(MAIN)) throw new Error('dist/main.js is missing: run `npm run build` first');
  return startChild(process.execPath, [MAIN, ...args], { env: { NO_COLOR: '1', ...env } });
}

/** Runs a command of the program to its end. */
export async function runChancery(args: readonly string[], env: Readonly<Record<string, string | undefined>> = {}): Promise<Finished> {
  const child = spawnChancery(args, env);
  const code = await child.exited;
  return { code, stdout: child.stdout(), stderr: child.stderr() };
}

/** `serve` on free ports, until it says that it is ready. */
export async function startChancery(options: ChanceryOptions): Promise<Chancery> {
  const ports = { '--xds-port': String(options.xdsPort ?? 0), '--admin-port': '0', '--authz-port': '0', '--ratelimit-port': '0' };
  const files = options.files.flatMap((file) => ['-c', file]);
  const child = spawnChancery(
    ['serve', ...files, ...Object.entries(ports).flat(), '--state', options.state, ...(options.args ?? [])],
    options.env,
  );
  try {
    return chancery(child, await readPorts(child));
  } catch (error) {
    await child.stop();
    throw error;
  }
}

async function readPorts(child: Child): Promise<{ readonly xds: number; readonly admin: number }> {
  const [, xds, admin] = await child.waitFor(/^ready xds=\S+:(\d+) admin=\S+:(\d+)$/m);
  return { xds: Number(xds), admin: Number(admin) };
}

function chancery(child: Child, ports: { readonly xds: number; readonly admin: number }): Chancery {
  return {
    child,
    xdsPort: ports.xds,
    adminPort: ports.admin,
    logs: () => child.stdout() + child.stderr(),
    api: async (path) => {
      const response = await fetch(`http://127.0.0.1:${ports.admin}${path}`, { signal: AbortSignal.timeout(5_000) });
      if (!response.ok) throw new Error(`the admin API answered ${response.status} to ${path}: ${await response.text()}`);
      return response.json();
    },
    kill: async () => {
      child.signal('SIGKILL');
      await child.exited;
    },
    stop: () => child.stop(),
  };
}
