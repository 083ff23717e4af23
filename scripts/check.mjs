// `npm run check`: everything a change must pass. Each step runs even when one before it failed, so that one run tells all.
// The last line of the output is that of the tests: `N passed, N failed`.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { sha256 } from './lib/stamp.mjs';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

if (process.argv.includes('--help')) {
  process.stdout.write(
    'usage: node scripts/check.mjs\n' +
      'generate, format check, lint, typecheck, test; then tells files that these steps changed or left behind.\n' +
      'Ends with the line `N passed, N failed`.\n',
  );
  process.exit(0);
}

const before = workTree();
const failures = [
  step('set-up', 'scripts/setup.mjs'),
  step('format', 'node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings', '.'),
  step('lint', 'node_modules/oxlint/bin/oxlint', '--type-aware', '--deny-warnings'),
  step('typecheck', 'node_modules/typescript/bin/tsc', '-p', 'tsconfig.json', '--noEmit'),
].filter(Boolean);
for (const failure of failures) tell(`${failure} FAILED (see above); the tests run all the same`);
const { testFailure, lastLine } = test();
if (testFailure) failures.push('test');
if (workTree() !== before) {
  failures.push('no diff');
  tell('the steps changed files or left some behind: run `git status`, then commit, ignore or mend');
}
tell(failures.length > 0 ? `FAILED: ${failures.join(', ')}` : 'all steps passed');
process.stdout.write(`${lastLine}\n`);
process.exitCode = failures.length > 0 ? 1 : 0;

function tell(text) {
  process.stdout.write(`check: ${text}\n`);
}

/** Runs one step; its name when it failed. */
function step(name, script, ...args) {
  tell(name);
  const { status } = spawnSync(process.execPath, [path.join(root, script), ...args], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  return status === 0 ? undefined : name;
}

/** The tests print to the terminal directly, except for their last line, which must stay the last one of all. */
function test() {
  tell('test');
  const { status, stdout } = spawnSync(process.execPath, [path.join(root, 'scripts/test.mjs')], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, CHANCERY_TEST_OUTPUT: 'stderr' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return { testFailure: status !== 0, lastLine: stdout.trim() || '0 passed, 1 failed' };
}

/** A fingerprint of what git sees: names and contents of changed and of new files. */
function workTree() {
  const git = (...args) => spawnSync('git', args, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28 }).stdout ?? '';
  return sha256(git('status', '--porcelain', '--untracked-files=all'), git('diff', 'HEAD'));
}
