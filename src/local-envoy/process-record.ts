// Remembers on disk which Envoy process runs, so that one left behind by a killed control plane is ended at the next start.
import { execFile } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { z } from 'zod';
import { ChanceryError } from '../lib/errors.ts';

const recordSchema = z.strictObject({ envoyPid: z.int().positive(), ownerPid: z.int().positive(), bootstrap: z.string() });

/** Which process is Envoy, whose child it is, and the bootstrap file on its command line, by which it is known for certain. */
export type ProcessRecord = z.output<typeof recordSchema>;

export async function writeRecord(file: string, record: ProcessRecord): Promise<void> {
  await writeFile(file, JSON.stringify(record), { mode: 0o600 });
}

export async function removeRecord(file: string): Promise<void> {
  await rm(file, { force: true });
}

/**
 * Ends the Envoy that the record names if its owner is gone; a record that fits no running process is only removed.
 * Throws ERR_ENVOY_FAILED where the owner still runs: two programs must not share a state directory.
 */
export async function endLeftover(file: string): Promise<void> {
  const record = await readRecord(file);
  if (record === undefined) return;
  const isOurs = (await commandLine(record.envoyPid)).includes(record.bootstrap);
  // A process that has ended but was not waited for has no arguments any more.
  if (isOurs && record.ownerPid !== process.pid && (await commandLine(record.ownerPid)) !== '') {
    throw new ChanceryError('ERR_ENVOY_FAILED', `process ${record.ownerPid} already runs a local Envoy in this state directory`, {
      remedy: `end it (kill ${record.ownerPid}), or give this one another directory with --state DIR`,
    });
  }
  if (isOurs) await endProcess(record.envoyPid);
  await removeRecord(file);
}

async function readRecord(file: string): Promise<ProcessRecord | undefined> {
  try {
    return recordSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch {
    // Absent, or half written when its writer was killed: either way there is nothing to go by.
    return undefined;
  }
}

/** Arguments of a running process as one string; empty where there is none or it cannot be asked. */
async function commandLine(pid: number): Promise<string> {
  try {
    return (await readFile(`/proc/${pid}/cmdline`, 'latin1')).replaceAll('\0', ' ');
  } catch {
    return argumentsByPs(pid);
  }
}

/** For systems without /proc. */
async function argumentsByPs(pid: number): Promise<string> {
  try {
    return (await promisify(execFile)('ps', ['-ww', '-o', 'args=', '-p', String(pid)])).stdout;
  } catch {
    return '';
  }
}

async function endProcess(pid: number): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    if (!kill(pid, signal)) return;
    for (let waited = 0; waited < 2_000 && isAlive(pid); waited += 20) await delay(20);
  }
}

function isAlive(pid: number): boolean {
  return kill(pid, 0);
}

function kill(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}
