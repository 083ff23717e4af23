// Programs that may be on this machine already, and whether what set-up brought runs here.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import path from 'node:path';
import { fail } from './say.mjs';

const SUFFIX = process.platform === 'win32' ? '.exe' : '';

/** A file that may be executed. */
export function isProgram(file) {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/** All of this name on PATH, in its order. */
export function programsOnPath(name) {
  const folders = (process.env.PATH ?? '').split(path.delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => path.join(folder, name + SUFFIX)).filter(isProgram);
}

/** Runs it once, so that a system it cannot run on is told at set-up, with what to do. `name`: with its version. */
export function checkRuns(program, { name, remedy, env = {} }) {
  const run = spawnSync(program, ['--version'], { encoding: 'utf8', env: { ...process.env, ...env } });
  if (run.status !== 0) fail(`${name} does not run here: ${(run.stderr || run.error?.message || '').trim().split('\n')[0]}`, remedy);
}
