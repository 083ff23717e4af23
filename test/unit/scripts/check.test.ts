// `npm run check` and .ci/run: every step runs, any failure is a failure, the tests' line stays the last.
import { execFileSync } from 'node:child_process';
import { rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFakeCheckout, type FakeCheckout } from './fake-checkout.ts';

const STEPS: Readonly<Record<string, string>> = {
  'set-up': 'scripts/setup.mjs',
  format: 'node_modules/@biomejs/biome/bin/biome',
  lint: 'node_modules/oxlint/bin/oxlint',
  typecheck: 'node_modules/typescript/bin/tsc',
  test: 'scripts/test.mjs',
};
const TEST = "process.stderr.write('the report\\n'); process.stdout.write('3 passed, 0 failed\\n');";

let checkout: FakeCheckout;

beforeEach(async () => {
  checkout = await createFakeCheckout();
  for (const file of Object.values(STEPS)) await checkout.workspace.write(file, '');
  await checkout.workspace.write('scripts/test.mjs', TEST);
  await checkout.workspace.write('.gitignore', 'node_modules/\n.cache/\nlog\n');
  const git = (...args: readonly string[]) => execFileSync('git', args, { cwd: checkout.workspace.root });
  git('init', '-q');
  git('add', '.');
  git('-c', 'user.name=test', '-c', 'user.email=test@example.com', 'commit', '-q', '-m', 'all');
  linkProgram('git');
});

afterEach(async () => {
  await checkout.workspace.remove();
});

function linkProgram(name: string): void {
  const found = execFileSync('/bin/sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim();
  symlinkSync(found, checkout.workspace.path(`bin/${name}`));
}

const lastLine = (stdout: string) => stdout.trimEnd().split('\n').at(-1);

describe('npm run check', () => {
  it("passes when every step passes, and ends with the tests' line", async () => {
    const { code, stdout } = await checkout.run('scripts/check.mjs');
    expect({ code, line: lastLine(stdout) }).toEqual({ code: 0, line: '3 passed, 0 failed' });
    expect(stdout).toContain('check: all steps passed');
  });

  it.each(['set-up', 'format', 'lint', 'typecheck'])('fails when %s fails, and runs the rest all the same', async (step) => {
    writeFileSync(checkout.workspace.path(STEPS[step] ?? ''), 'process.exit(1);');
    const { code, stdout, stderr } = await checkout.run('scripts/check.mjs');
    expect({ code, line: lastLine(stdout) }).toEqual({ code: 1, line: '3 passed, 0 failed' });
    expect(stdout).toContain(`check: FAILED: ${step}\n`);
    expect(stderr).toContain('the report');
  });

  it('fails when the tests fail', async () => {
    writeFileSync(checkout.workspace.path('scripts/test.mjs'), "process.stdout.write('2 passed, 1 failed\\n'); process.exit(1);");
    const { code, stdout } = await checkout.run('scripts/check.mjs');
    expect({ code, line: lastLine(stdout) }).toEqual({ code: 1, line: '2 passed, 1 failed' });
  });

  it('fails when a step changed a file or left one behind, but not for what was changed before', async () => {
    await checkout.workspace.write('scripts/test.mjs', `${TEST}\n// changed before\n`);
    expect((await checkout.run('scripts/check.mjs')).code).toBe(0);
    await checkout.workspace.write('scripts/setup.mjs', "import { writeFileSync } from 'node:fs';\nwriteFileSync('left.txt', '');\n");
    const { code, stdout } = await checkout.run('scripts/check.mjs');
    expect(code).toBe(1);
    expect(stdout).toContain('check: FAILED: no diff');
  });
});

describe('.ci/run', () => {
  beforeEach(() => {
    for (const name of ['dirname', 'id']) linkProgram(name);
    checkout.program('npm', '');
    checkout.program('apt-get', "log('apt-get ' + process.argv.slice(2).join(' '));");
    symlinkSync(process.execPath, checkout.workspace.path('bin/node'));
  });

  it('installs nothing when the machine lacks nothing, and runs the checks', async () => {
    const { code, stdout } = await checkout.run('.ci/run');
    expect({ code, line: lastLine(stdout) }).toEqual({ code: 0, line: '3 passed, 0 failed' });
    expect(checkout.log()).toEqual([]);
  });

  it('installs Python with venv and git when they are lacking', async () => {
    rmSync(checkout.workspace.path('bin/git'));
    checkout.program('python3', 'process.exit(1);');
    checkout.program('sudo', "log('sudo ' + process.argv.slice(2).join(' '));");
    await checkout.run('.ci/run');
    expect(checkout.log().at(-1)).toMatch(/install -q -y --no-install-recommends python3 python3-venv git$/);
  });

  it('says what is lacking on a machine without apt-get', async () => {
    rmSync(checkout.workspace.path('bin/apt-get'));
    checkout.program('python3', 'process.exit(1);');
    const { code, stderr } = await checkout.run('.ci/run');
    expect(code).toBe(1);
    expect(stderr).toContain('lacking python3 python3-venv');
  });
});
