// Programs that may be on this machine already; looks at files only, runs nothing.
import { accessSync, constants, statSync } from 'node:fs';
import path from 'node:path';

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
