// A child process of a test: its output is kept, waits have deadlines, and it cannot outlive the test run. Only its own pid is ever signalled.
import { type ChildProcess, spawn } from 'node:child_process';

export interface Child {
  readonly pid: number;
  /** Everything written to stdout so far. */
  stdout(): string;
  /** Everything written to stderr so far. */
  stderr(): string;
  /** Resolves with the first match in stdout and stderr together; rejects with the output when the child ends before or time is up. */
  waitFor(pattern: RegExp, timeoutMs?: number): Promise<RegExpMatchArray>;
  signal(name: NodeJS.Signals): void;
  /** Exit code, or the signal's name. */
  readonly exited: Promise<number | NodeJS.Signals>;
  isRunning(): boolean;
  /** SIGTERM, and SIGKILL where the child has not ended after `graceMs` (default 5,000). */
  stop(graceMs?: number): Promise<number | NodeJS.Signals>;
}

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export interface ChildOptions {
  readonly cwd?: string;
  /** Added to the environment; undefined removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

export function startChild(command: string, args: readonly string[], options: ChildOptions = {}): Child {
  const child = spawn(command, args, { cwd: options.cwd, env: { ...process.env, ...options.env }, stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  const output = { stdout: '', stderr: '' };
  const watchers = new Set<() => void>();
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
      for (const look of watchers) look();
    });
  }
  const exited = new Promise<number | NodeJS.Signals>((resolve) => {
    child.once('error', (error) => {
      output.stderr += `${error.message}\n`;
      resolve(-1);
    });
    child.once('close', (code, signal) => resolve(code ?? signal ?? -1));
  });
  void exited.then(() => running.delete(child));
  const isRunning = (): boolean => running.has(child);
  return {
    pid: child.pid ?? -1,
    stdout: () => output.stdout,
    stderr: () => output.stderr,
    waitFor: (pattern, timeoutMs = 20_000) =>
      new Promise((resolve, reject) => {
        const end = (act: () => void): void => {
          clearTimeout(timer);
          watchers.delete(look);
          act();
        };
        const look = (): void => {
          const match = (output.stdout + output.stderr).match(pattern);
          if (match !== null) end(() => resolve(match));
        };
        const giveUp = (why: string): void =>
          end(() => reject(new Error(`${command} ${why} before it printed ${pattern}:\n${tail(output.stdout + output.stderr)}`)));
        const timer = setTimeout(() => giveUp(`waited ${timeoutMs} ms`), timeoutMs);
        watchers.add(look);
        void exited.then((code) => giveUp(`ended with ${code}`));
        look();
      }),
    signal: (name) => {
      if (isRunning()) child.kill(name);
    },
    exited,
    isRunning,
    stop: async (graceMs = 5_000) => {
      if (!isRunning()) return exited;
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
      const code = await exited;
      clearTimeout(timer);
      return code;
    },
  };
}

function tail(text: string): string {
  return text.length > 8_000 ? `…${text.slice(-8_000)}` : text;
}
