// Which files dist/ must hold, and whether it was made from the sources as they are.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { readIfPresent, sha256 } from './stamp.mjs';

const SETTINGS = ['tsconfig.json', 'tsconfig.build.json', 'package-lock.json', 'scripts/build.mjs', 'scripts/lib/compiled.mjs'];
const GENERATED = `src${path.sep}proto${path.sep}generated`;

export const buildStampFile = (root) => path.join(root, 'dist/.chancery-build');

/** Files of src/ that are written by hand, relative to the root, sorted. */
export function sourceFiles(root) {
  return filesUnder(root, 'src').filter((file) => !file.startsWith(GENERATED));
}

/** Files below a folder, relative to the root, sorted. */
export function filesUnder(root, folder) {
  if (!existsSync(path.join(root, folder))) return [];
  return readdirSync(path.join(root, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(root, path.join(entry.parentPath ?? entry.path, entry.name)))
    .sort();
}

/** src/x/y.ts -> dist/x/y.js; other files keep their name. */
export function outputOf(source) {
  return path.join('dist', path.relative('src', source)).replace(/\.ts$/, '.js');
}

/** Changes when anything changes that dist/ is made from. Envoy's generated types count by their stamp. */
export function buildStamp(root) {
  const files = [...SETTINGS, path.join('generated', 'stamp'), ...sourceFiles(root)].filter((file) => existsSync(path.join(root, file)));
  return sha256(...files.flatMap((file) => [file, readFileSync(path.join(root, file))]));
}

export function isBuildCurrent(root) {
  return readIfPresent(buildStampFile(root)) === buildStamp(root) && missingOutputs(root).length === 0;
}

export function missingOutputs(root) {
  return sourceFiles(root)
    .filter((file) => !file.endsWith('.d.ts'))
    .map(outputOf)
    .filter((file) => !existsSync(path.join(root, file)));
}
