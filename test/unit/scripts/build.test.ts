import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { REPOSITORY } from '../../support/envoy-binary.ts';
import { createFakeCheckout, type FakeCheckout, fastestRun } from './fake-checkout.ts';

const BUILD = 'scripts/build.mjs';

let checkout: FakeCheckout;

beforeEach(async () => {
  checkout = await createFakeCheckout();
  symlinkSync(path.join(REPOSITORY, 'node_modules'), checkout.workspace.path('node_modules'));
  for (const file of ['tsconfig.json', 'tsconfig.build.json']) {
    await checkout.workspace.write(file, readFileSync(path.join(REPOSITORY, file), 'utf8'));
  }
  await checkout.workspace.write('src/main.ts', "import { one } from './lib/one.ts';\nprocess.stdout.write(`${one}`);\n");
  await checkout.workspace.write('src/lib/one.ts', 'export const one: number = 1;\n');
  await checkout.workspace.write('src/lib/script.lua', 'return 1\n');
  await checkout.workspace.write('src/proto/generated/a/B.ts', 'export interface B {}\n');
});

afterEach(async () => {
  await checkout.workspace.remove();
});

const runProgram = () => execFileSync(checkout.workspace.path('dist/main.js'), { encoding: 'utf8' });
const read = (file: string) => readFileSync(checkout.workspace.path(file), 'utf8');

describe('the build', () => {
  it('makes a program that runs by itself, copies other files, and leaves out types that have no code', async () => {
    expect(await checkout.run(BUILD)).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(read('dist/main.js')).toMatch(/^#!\/usr\/bin\/env node\nimport \{ one \} from '\.\/lib\/one\.js'/);
    expect(statSync(checkout.workspace.path('dist/main.js')).mode & 0o111).toBe(0o111);
    expect(read('dist/lib/script.lua')).toBe('return 1\n');
    expect(checkout.has('dist/proto/generated')).toBe(false);
    expect(runProgram()).toBe('1');
  });

  it('does nothing when nothing changed, in less than 0.2 s', async () => {
    await checkout.run(BUILD);
    const before = statSync(checkout.workspace.path('dist/.chancery-build')).mtimeMs;
    const fastest = await fastestRun(() => checkout.run(BUILD), 200);
    expect(statSync(checkout.workspace.path('dist/.chancery-build')).mtimeMs).toBe(before);
    expect(fastest).toBeLessThan(200);
  });

  it('follows a changed, a new and a removed file', async () => {
    await checkout.run(BUILD);
    await checkout.workspace.write('src/main.ts', "import { two } from './lib/two.ts';\nprocess.stdout.write(`${two}`);\n");
    await checkout.workspace.write('src/lib/two.ts', 'export const two: number = 2;\n');
    rmSync(checkout.workspace.path('src/lib/one.ts'));
    await checkout.run(BUILD);
    expect(runProgram()).toBe('2');
    expect(checkout.has('dist/lib/one.js')).toBe(false);
  });

  it('brings back a compiled file that somebody removed', async () => {
    await checkout.run(BUILD);
    rmSync(checkout.workspace.path('dist/lib/one.js'));
    await checkout.run(BUILD);
    expect(checkout.has('dist/lib/one.js')).toBe(true);
  });

  it('fails on an error of types, and again the next time', async () => {
    await checkout.workspace.write('src/lib/one.ts', "export const one: number = 'one';\n");
    for (const _round of [1, 2]) {
      const { code, stderr } = await checkout.run(BUILD);
      expect(code).toBe(1);
      expect(stderr).toMatch(/one\.ts\(1,14\): error TS2322[\s\S]*src does not compile/);
    }
  });

  it('compiles once when two builds are started together', async () => {
    const outcomes = await Promise.all([checkout.run(BUILD), checkout.run(BUILD)]);
    expect(outcomes.map(({ code }) => code)).toEqual([0, 0]);
    expect(checkout.has('.cache/build.lock')).toBe(false);
  });

  it('says that set-up comes first', async () => {
    rmSync(checkout.workspace.path('node_modules'));
    const { code, stderr } = await checkout.run(BUILD);
    expect(code).toBe(1);
    expect(stderr).toContain('remedy: run `npm run setup` first');
  });
});
