// `npm test` itself: its last line and its exit code tell the truth, whatever happens to the tests.
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { REPOSITORY } from '../../support/envoy-binary.ts';
import { createFakeCheckout, type FakeCheckout, type RunOptions } from './fake-checkout.ts';

const IMPORT = "import { it } from 'vitest';\n";

let checkout: FakeCheckout;

beforeAll(async () => {
  checkout = await createFakeCheckout();
  symlinkSync(path.join(REPOSITORY, 'node_modules'), checkout.workspace.path('node_modules'));
  for (const file of ['vitest.config.ts', 'test/support/property-seed.ts'])
    await checkout.workspace.write(file, readFileSync(path.join(REPOSITORY, file), 'utf8'));
  await checkout.workspace.write('test/pass/two.test.ts', `${IMPORT}it('a', () => {});\nit('b', () => {});\n`);
  await checkout.workspace.write('test/fail/one.test.ts', `${IMPORT}it('a', () => {});\nit('b', () => { throw new Error('no'); });\n`);
  await checkout.workspace.write('test/load/bad.test.ts', "import './missing.ts';\n");
  await checkout.workspace.write(
    'test/stray/promise.test.ts',
    `${IMPORT}it('a', () => { setTimeout(() => { throw new Error('stray'); }); return new Promise((done) => setTimeout(done, 50)); });\n`,
  );
  await checkout.workspace.write('test/crash/exit.test.ts', `${IMPORT}it('a', () => { process.kill(process.pid, 'SIGKILL'); });\n`);
  await checkout.workspace.write('test/skip/one.test.ts', `${IMPORT}it('a', () => {});\nit.skip('b', () => {});\n`);
  await checkout.workspace.write('test/bench/slow.test.ts', `${IMPORT}it('a', () => { throw new Error('not a test'); });\n`);
});

beforeEach(() => {
  writeFileSync(checkout.workspace.path('scripts/setup.mjs'), '');
  writeFileSync(checkout.workspace.path('scripts/build.mjs'), '');
});

afterAll(async () => {
  await checkout.workspace.remove();
});

async function npmTest(
  args: readonly string[],
  env: RunOptions['env'] = {},
): Promise<{ code: number | null; lastLine: string | undefined }> {
  const { code, stdout } = await checkout.run('scripts/test.mjs', { args, env });
  return { code, lastLine: stdout.trimEnd().split('\n').at(-1) };
}

describe('npm test', () => {
  it.each([
    ['test/pass', 0, '2 passed, 0 failed'],
    ['test/fail', 1, '1 passed, 1 failed'],
    ['test/load', 1, '0 passed, 1 failed'],
    ['test/stray', 1, '1 passed, 1 failed'],
    ['test/skip', 0, '1 passed, 0 failed, 1 skipped'],
    ['test/bench', 1, '0 passed, 1 failed'],
    ['test/nothing-here', 1, '0 passed, 1 failed'],
  ])('on %s exits with %i and ends with "%s"', async (filter, code, lastLine) => {
    expect(await npmTest([filter])).toEqual({ code, lastLine });
  });

  it('counts a worker that dies, however many tests that takes along', async () => {
    const { code, lastLine } = await npmTest(['test/crash']);
    expect(code).toBe(1);
    expect(lastLine).toMatch(/^0 passed, [1-9] failed$/);
  });

  it('adds up files of several filters', async () => {
    expect(await npmTest(['test/pass', 'test/fail'])).toEqual({ code: 1, lastLine: '3 passed, 1 failed' });
  });

  it('counts a broken vitest configuration as a failure', async () => {
    expect(await npmTest(['--config', 'missing.config.ts'])).toEqual({ code: 1, lastLine: '0 passed, 1 failed' });
  });

  it.each(['setup', 'build'])('does not test when the %s failed', async (script) => {
    writeFileSync(checkout.workspace.path(`scripts/${script}.mjs`), 'process.exit(1);');
    expect(await npmTest(['test/pass'])).toEqual({ code: 1, lastLine: '0 passed, 1 failed' });
  });
});
