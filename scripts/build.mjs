// Compiles src/ into dist/: TypeScript by tsc, other files as they are. Does nothing when dist/ is up to date.
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildStamp, buildStampFile, filesUnder, isBuildCurrent, missingOutputs, outputOf, sourceFiles } from './lib/compiled.mjs';
import { takeLock } from './lib/lock.mjs';
import { fail } from './lib/say.mjs';
import { writeAtomically } from './lib/stamp.mjs';

const SHEBANG = '#!/usr/bin/env node\n';
const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const program = path.join(root, 'dist/main.js');

if (process.argv.includes('--help')) {
  process.stdout.write(
    'usage: node scripts/build.mjs\n' +
      'Compiles src/ into dist/ unless it is up to date. Needs what scripts/setup.mjs brings.\n' +
      'Removing the folder dist makes it compile everything anew.\n',
  );
  process.exit(0);
}

if (!isBuildCurrent(root)) {
  takeLock(root, 'build');
  if (!isBuildCurrent(root)) build();
}

function build() {
  // Taken before tsc reads the files: one saved meanwhile makes the next build run again.
  const stamp = buildStamp(root);
  rmSync(buildStampFile(root), { force: true });
  // tsc believes its record of what it wrote, and would not write a removed file again.
  if (missingOutputs(root).length > 0) rmSync(path.join(root, 'dist/.tsbuildinfo'), { force: true });
  compile();
  removeOrphans();
  copyAssets();
  makeExecutable();
  writeAtomically(buildStampFile(root), stamp);
}

function compile() {
  const tsc = path.join(root, 'node_modules/typescript/bin/tsc');
  if (!existsSync(tsc)) fail('the TypeScript compiler is missing', 'run `npm run setup` first');
  const { status } = spawnSync(process.execPath, [tsc, '-p', path.join(root, 'tsconfig.build.json')], { stdio: ['ignore', 2, 2] });
  if (status !== 0) fail('src does not compile', 'mend the errors above');
}

/** Compiled files whose source is gone would be packed and could still be imported; Envoy's generated types have nothing to run. */
function removeOrphans() {
  rmSync(path.join(root, 'dist/proto/generated'), { recursive: true, force: true });
  const kept = new Set(sourceFiles(root).map(outputOf));
  for (const file of filesUnder(root, 'dist')) {
    if (!path.basename(file).startsWith('.') && !kept.has(file)) rmSync(path.join(root, file));
  }
}

function copyAssets() {
  for (const file of sourceFiles(root).filter((name) => !name.endsWith('.ts'))) {
    mkdirSync(path.dirname(path.join(root, outputOf(file))), { recursive: true });
    copyFileSync(path.join(root, file), path.join(root, outputOf(file)));
  }
}

function makeExecutable() {
  if (!existsSync(program)) return;
  const text = readFileSync(program, 'utf8');
  if (!text.startsWith('#!')) writeFileSync(program, SHEBANG + text);
  chmodSync(program, 0o755);
}
