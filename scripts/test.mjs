// `npm test`: set-up, build, then vitest. The last line of the output is `N passed, N failed`.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { readIfPresent } from './lib/stamp.mjs';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const countsFile = path.join(root, '.cache', `test-counts.${process.pid}.json`);
/** `npm run check` prints our last line itself, at its own end. */
const reportTo = process.env.CHANCERY_TEST_OUTPUT === 'stderr' ? 2 : 'inherit';

if (process.argv.includes('--help')) {
  process.stdout.write(
    'usage: npm test [-- FILTER… | VITEST OPTION…]\n' +
      'Sets up, builds and runs the tests whose path contains a FILTER (all without one),\n' +
      'for instance: npm test -- test/unit/compiler\n' +
      'Options go to `vitest run`, for instance: npm test -- -t "weighted" or -- -u (rewrite goldens).\n' +
      'Ends with the line `N passed, N failed`.\n',
  );
  process.exit(0);
}

const isPrepared = run('scripts/setup.mjs', '--tests') && run('scripts/build.mjs');
finish(isPrepared ? runTests() : { passed: 0, failed: 1, isRight: false });

function run(script, ...args) {
  return (
    spawnSync(process.execPath, [path.join(root, script), ...args], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] }).status === 0
  );
}

function runTests() {
  const vitest = path.join(root, 'node_modules/vitest/vitest.mjs');
  const reporters = ['--reporter=default', `--reporter=${path.join(root, 'scripts/lib/count-reporter.mjs')}`];
  mkdirSync(path.dirname(countsFile), { recursive: true });
  const { status } = spawnSync(process.execPath, [vitest, 'run', ...reporters, ...process.argv.slice(2)], {
    cwd: root,
    env: { ...process.env, CHANCERY_TEST_COUNTS: countsFile },
    stdio: ['ignore', reportTo, 'inherit'],
  });
  const counts = existsSync(countsFile) ? JSON.parse(readIfPresent(countsFile)) : { passed: 0, failed: 0 };
  rmSync(countsFile, { force: true });
  return { ...counts, isRight: status === 0 };
}

/** A run that failed without a failed test (a crash, no test found, a broken global set-up) counts as one failure. */
function finish({ passed, failed, skipped = 0, isRight }) {
  const isRed = !isRight || failed > 0 || passed === 0;
  const failures = isRed ? Math.max(failed, 1) : 0;
  process.stdout.write(`${passed} passed, ${failures} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`);
  process.exitCode = isRed ? 1 : 0;
}
