// Finds the Envoy that tests run: CHANCERY_ENVOY, then PATH, then the one that set-up put into .venv. Never downloads, never skips.
import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's root. */
export const REPOSITORY = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

/** Absolute path of an Envoy binary. Throws with the remedy where none is found: a missing Envoy fails a test run. */
export function findEnvoyBinary(env: Readonly<Record<string, string | undefined>> = process.env): string {
  const named = env.CHANCERY_ENVOY;
  if (named !== undefined && named !== '') {
    if (isExecutable(named)) return named;
    throw new Error(`CHANCERY_ENVOY names ${named}, which is not an executable file`);
  }
  const folders = (env.PATH ?? '').split(path.delimiter).filter((folder) => folder !== '');
  const candidates = [...folders.map((folder) => path.join(folder, 'envoy')), path.join(REPOSITORY, '.venv/bin/envoy')];
  const found = candidates.find(isExecutable);
  if (found === undefined) throw new Error('no Envoy was found: run `npm run setup`, or name a binary with CHANCERY_ENVOY=/path/to/envoy');
  return found;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
