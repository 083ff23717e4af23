// Runs one Envoy as a child of this program: starts it, waits until it serves, starts it again when it crashes, ends it with us.
// Knows nothing of configuration but the bootstrap that it is given.
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ChanceryError } from '../lib/errors.ts';
import { endLeftover, removeRecord, writeRecord } from './process-record.ts';

export interface LocalEnvoyOptions {
  readonly binary: string;
  /** Folder of this Envoy alone: bootstrap, log, process record. Made when absent. */
  readonly directory: string;
  /** Told in one line what happened and what comes next. */
  readonly onCrash: (message: string) => void;
  readonly nowMs: () => number;
  /** Wait before the start after the nth crash, n from 1. Default: 0.5 s, doubled each time, 10 s at most. */
  readonly restartDelayMs?: (crashes: number) => number;
  /** How long the first start may take. Default 20 s. */
  readonly startTimeoutMs?: number;
}

export interface LocalEnvoy {
  readonly logFile: string;
  /** Ends an Envoy left over from a program that was killed; it would hold its ports. Throws ERR_ENVOY_FAILED where that program still runs. */
  endLeftover(): Promise<void>;
  /**
   * Ends what is left over, starts a new one and resolves with the URL of its admin interface when it serves.
   * `bootstrap`: its text as JSON; its admin interface must be on port 0 of loopback. Throws ERR_ENVOY_FAILED with the end of Envoy's log,
   * and leaves nothing running.
   */
  start(bootstrap: string): Promise<string>;
  /** SIGTERM, then SIGKILL after 2 s. Idempotent. */
  stop(): Promise<void>;
}

interface Running {
  readonly child: ChildProcess;
  readonly startedAtMs: number;
  /** How it ended, as the end of a sentence that begins with "Envoy". */
  readonly ended: Promise<string>;
}

const STOP_GRACE_MS = 2_000;
const START_TIMEOUT_MS = 20_000;
/** An Envoy that ran this long was well: its next crash counts as the first. */
const STEADY_AFTER_MS = 30_000;
const POLL_MS = 20;
const LOG_LINES_SHOWN = 15;

export function createLocalEnvoy(options: LocalEnvoyOptions): LocalEnvoy {
  return new SupervisedEnvoy(options);
}

class SupervisedEnvoy implements LocalEnvoy {
  readonly #options: LocalEnvoyOptions;
  readonly #files: Files;
  readonly #stopping = new AbortController();
  #running: Running | undefined;
  #supervision: Promise<void> = Promise.resolve();
  readonly #killAtExit = (): void => void this.#running?.child.kill('SIGKILL');

  constructor(options: LocalEnvoyOptions) {
    this.#options = options;
    this.#files = filesIn(options.directory);
  }

  get logFile(): string {
    return this.#files.log;
  }

  endLeftover(): Promise<void> {
    return endLeftover(this.#files.record);
  }

  async start(bootstrap: string): Promise<string> {
    await mkdir(this.#options.directory, { recursive: true, mode: 0o700 });
    await this.endLeftover();
    await writeFile(this.#files.bootstrap, bootstrap, { mode: 0o600 });
    await rm(this.#files.log, { force: true });
    process.once('exit', this.#killAtExit);
    try {
      const first = await this.#launch();
      const url = await untilServing(first, this.#files, this.#options.startTimeoutMs ?? START_TIMEOUT_MS);
      this.#supervision = this.#supervise(first);
      return url;
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    if (this.#running !== undefined) await endChild(this.#running);
    await this.#supervision;
    process.off('exit', this.#killAtExit);
    // Only a start of ours wrote it: without one it may be another program's.
    if (this.#running !== undefined) await removeRecord(this.#files.record);
  }

  async #launch(): Promise<Running> {
    const { binary, nowMs } = this.#options;
    await rm(this.#files.adminAddress, { force: true });
    const running = spawnEnvoy(binary, this.#files, nowMs());
    this.#running = running;
    const envoyPid = running.child.pid;
    const bootstrap = this.#files.bootstrap;
    if (envoyPid !== undefined) await writeRecord(this.#files.record, { envoyPid, ownerPid: process.pid, bootstrap });
    return running;
  }

  async #supervise(first: Running): Promise<void> {
    const { nowMs, onCrash, restartDelayMs = defaultRestartDelayMs } = this.#options;
    let current = first;
    for (let crashes = 1; ; crashes += 1) {
      const how = await current.ended;
      if (this.#stopping.signal.aborted) return;
      if (nowMs() - current.startedAtMs > STEADY_AFTER_MS) crashes = 1;
      const waitMs = restartDelayMs(crashes);
      onCrash(`Envoy ${how}; starting it again in ${waitMs / 1_000} s (its log: ${this.#files.log})`);
      await delay(waitMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
      if (this.#stopping.signal.aborted) return;
      current = await this.#launch();
    }
  }
}

interface Files {
  readonly bootstrap: string;
  readonly log: string;
  readonly record: string;
  readonly adminAddress: string;
}

function filesIn(directory: string): Files {
  const file = (name: string): string => path.resolve(directory, name);
  return { bootstrap: file('bootstrap.json'), log: file('envoy.log'), record: file('envoy.pid'), adminAddress: file('admin-address') };
}

function spawnEnvoy(binary: string, files: Files, startedAtMs: number): Running {
  const log = openSync(files.log, 'a', 0o600);
  // A process group of its own: Ctrl-C in a terminal reaches every process of the group, and we want to end Envoy after its streams.
  const child = spawn(
    binary,
    ['-c', files.bootstrap, '--admin-address-path', files.adminAddress, '--disable-hot-restart', '--concurrency', '2', '-l', 'warning'],
    { detached: true, stdio: ['ignore', log, log] },
  );
  closeSync(log);
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(`could not be started: ${error.message}`));
    child.once('exit', (code, signal) => resolve(signal === null ? `ended with code ${code}` : `was ended by ${signal}`));
  });
  return { child, startedAtMs, ended };
}

function defaultRestartDelayMs(crashes: number): number {
  return Math.min(500 * 2 ** (crashes - 1), 10_000);
}

async function endChild({ child, ended }: Running): Promise<void> {
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_GRACE_MS);
  await ended;
  clearTimeout(timer);
}

async function untilServing(envoy: Running, files: Files, timeoutMs: number): Promise<string> {
  const timeout = AbortSignal.timeout(timeoutMs);
  for (;;) {
    const how = await Promise.race([envoy.ended, delay(POLL_MS)]);
    if (how !== undefined) throw await failure(`Envoy ${how} instead of serving`, files);
    if (timeout.aborted) throw await failure(`Envoy did not serve within ${timeoutMs / 1_000} s`, files);
    const url = await adminUrl(files.adminAddress);
    if (url !== undefined && (await isReady(url))) return url;
  }
}

/** Envoy writes the file when it has bound the port. */
async function adminUrl(file: string): Promise<string | undefined> {
  const address = await readFile(file, 'utf8').catch(() => '');
  return address === '' ? undefined : `http://${address.trim()}`;
}

/** Live is not enough: its main thread says so a moment before its workers listen. */
async function isReady(url: string): Promise<boolean> {
  const get = (path: string): Promise<Response> => fetch(`${url}${path}`, { signal: AbortSignal.timeout(1_000) });
  try {
    if (!(await get('/ready')).ok) return false;
    return /\bworkers_started: 1$/m.test(await (await get('/stats?filter=workers_started')).text());
  } catch {
    // Not listening yet.
    return false;
  }
}

async function failure(message: string, files: Files): Promise<ChanceryError> {
  const log = await readFile(files.log, 'utf8').catch(() => '');
  const lastLines = log.trimEnd().split('\n').slice(-LOG_LINES_SHOWN).join('\n');
  return new ChanceryError('ERR_ENVOY_FAILED', lastLines === '' ? message : `${message}; the end of its log:\n${lastLines}`, {
    remedy: `the whole log is ${files.log}; its bootstrap is ${files.bootstrap}`,
  });
}
