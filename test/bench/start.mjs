// PB4: what a new process costs: `validate` of a small file, and `serve` until it is ready; beside it a Node process that does nothing.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadEnvoyApi } from '../../dist/proto/api.js';
import { gatewayText } from './large-gateway.mjs';
import { figuresOf, measure, report } from './measure.mjs';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const ROUNDS = 7;
const WARM_UPS = 2;

const folder = mkdtempSync(path.join(tmpdir(), 'chancery-bench-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const file = path.join(folder, 'gateway.yaml');
writeFileSync(file, gatewayText({ routes: 20, services: 5 }));
// Prints its own CPU time at its end: the parent cannot read that of one child.
const probe = path.join(folder, 'probe.mjs');
writeFileSync(probe, "process.on('exit', () => process.stderr.write(`\\ncpu=${JSON.stringify(process.cpuUsage())}\\n`));\n");

/** Runs Node to its end, or to its `ready` line; gives CPU and wall time in ms. */
function run(args) {
  return new Promise((resolve, reject) => {
    const begun = performance.now();
    const child = spawn(process.execPath, ['--import', probe, ...args], { stdio: ['ignore', 'pipe', 'pipe'], cwd: folder });
    let errors = '';
    let wallMs;
    child.stderr.on('data', (data) => (errors += data));
    child.stdout.on('data', (data) => {
      if (wallMs !== undefined || !String(data).startsWith('ready ')) return;
      wallMs = performance.now() - begun;
      child.kill('SIGTERM');
    });
    child.on('error', reject);
    child.on('close', (code) => {
      const cpu = /cpu=(\{.*\})/.exec(errors)?.[1];
      if (code !== 0 || cpu === undefined) reject(new Error(`node ${args.join(' ')} ended with ${code}: ${errors}`));
      const { user, system } = JSON.parse(cpu ?? '{}');
      resolve({ cpuMs: (user + system) / 1000, wallMs: wallMs ?? performance.now() - begun });
    });
  });
}

const commands = {
  nothing: ['-e', '0'],
  validate: [MAIN, 'validate', '-c', file],
  serve: [
    MAIN,
    'serve',
    '-c',
    file,
    '--xds-port',
    '0',
    '--admin-port',
    '0',
    '--authz-port',
    '0',
    '--ratelimit-port',
    '0',
    '--state',
    path.join(folder, 'state'),
  ],
};
const taken = { nothing: [], validate: [], serve: [] };
for (let round = -WARM_UPS; round < ROUNDS; round++) {
  for (const [name, args] of Object.entries(commands)) {
    const time = await run(args);
    if (round >= 0) taken[name].push(time);
  }
}
const figures = (name) => figuresOf(taken[name]);
const protobuf = await measure({ load: () => ({ measure: () => void loadEnvoyApi() }) });

report([
  { id: 'PB4', name: 'a Node process that does nothing', ...figures('nothing') },
  { id: 'PB4', name: '`validate` of 20 routes', goalId: 'validate-cpu', ...figures('validate') },
  { id: 'PB4', name: '`serve` of 20 routes: wall to `ready`, CPU to its end', ...figures('serve') },
  { id: 'PB4', name: "of it: loading Envoy's API", ...protobuf.load },
  {
    id: 'PB4',
    name: '`validate` ÷ a Node process that does nothing',
    ratio: figures('validate').cpuMs.median / figures('nothing').cpuMs.median,
  },
]);
