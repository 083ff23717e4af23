// The gateway that a proof asks: `chancery up` as a process of its own, until both forms of its policies answer.
import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ChanceryError } from '../lib/errors.ts';
import { FORMS, routePath } from '../prover/gateway-text.ts';
import { PACKAGE_ROOT } from './package.ts';

export interface ProofGateway {
  readonly file: string;
  /** Where its Envoy will listen. */
  readonly port: number;
  readonly state: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

const MAIN = path.join(PACKAGE_ROOT, 'dist/main.js');
const READY_WITHIN_MS = 60_000;
const STOP_GRACE_MS = 10_000;
const POLL_MS = 50;
const SHOWN_CHARACTERS = 4_000;

/** Throws ERR_PROOF_FAILED with what the program printed where it does not come up. */
export async function startProof({ file, port, state, env }: ProofGateway): Promise<{ stop(): Promise<void> }> {
  const args = [MAIN, 'up', '-c', file, '--state', state, '--xds-port', '0', '--admin-port', '0', '--authz-port', '0'];
  const child = spawn(process.execPath, args, { env: { ...env, NO_COLOR: '1' }, stdio: ['ignore', 'pipe', 'pipe'] });
  const printed: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => printed.push(chunk.toString()));
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  const stop = (): Promise<void> => end(child, exited);
  try {
    await untilAnswering(port, child);
    return { stop };
  } catch (cause) {
    await stop();
    throw new ChanceryError('ERR_PROOF_FAILED', `the gateway of the proof does not answer:\n${printed.join('').slice(-SHOWN_CHARACTERS)}`, {
      cause,
      remedy: 'read the lines above; the Envoy must be 1.37.1 or newer',
    });
  }
}

/** Without a credential both forms answer 401; 503 means that keys or policies are still on their way. */
async function untilAnswering(port: number, child: ChildProcess): Promise<void> {
  const untilMs = Date.now() + READY_WITHIN_MS;
  while (Date.now() < untilMs) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error('the program ended');
    const statuses = await Promise.all(FORMS.map((form) => statusOf(`http://127.0.0.1:${port}${routePath(form, 'user')}`)));
    if (statuses.every((status) => status === 401)) return;
    await delay(POLL_MS);
  }
  throw new Error(`not within ${READY_WITHIN_MS / 1_000} s`);
}

async function statusOf(url: string): Promise<number | undefined> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
    await response.arrayBuffer();
    return response.status;
  } catch {
    // Nothing listens yet.
    return undefined;
  }
}

async function end(child: ChildProcess, exited: Promise<void>): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
  const graceIsOver = delay(STOP_GRACE_MS, 'over', { ref: false });
  if ((await Promise.race([exited, graceIsOver])) === 'over') child.kill('SIGKILL');
  await exited;
}
