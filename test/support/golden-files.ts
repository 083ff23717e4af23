// Golden folders: which there are, and their files compared with what a test made. `UPDATE_GOLDENS=1` writes them anew and removes stale ones.
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { REPOSITORY } from './envoy-binary.ts';

export const GOLDENS = path.join(REPOSITORY, 'test/golden');

/** Names of the folders that hold a `gateway.yaml`, sorted. */
export function goldenFeatures(): readonly string[] {
  return readdirSync(GOLDENS, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(path.join(GOLDENS, entry.name, 'gateway.yaml')))
    .map((entry) => entry.name)
    .sort();
}

/** The golden files of `names` that are there; with UPDATE_GOLDENS they become `made` first. */
export function goldenFiles(folder: string, names: readonly string[], made: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  if (process.env.UPDATE_GOLDENS === '1') {
    for (const name of names) {
      writeGolden(path.join(folder, name), made.get(name));
    }
  }
  const present = names.filter((name) => existsSync(path.join(folder, name)));
  return new Map(present.map((name) => [name, readFileSync(path.join(folder, name), 'utf8')]));
}

function writeGolden(file: string, text: string | undefined): void {
  if (text === undefined) rmSync(file, { force: true });
  else writeFileSync(file, text);
}
