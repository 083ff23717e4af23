// From the save of a file to the change seen in a real Envoy: 50 edits of one route among 2,000, one after the other.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { gatewayText } from './large-gateway.mjs';
import { percentile, report } from './measure.mjs';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const EDITS = 50;
const DEADLINE_MS = 30_000;
const SIZE = { routes: 2_000, services: 400 };

const folder = mkdtempSync(path.join(tmpdir(), 'chancery-bench-'));
const children = [];
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

function envoyBinary() {
  const own = process.env.CHANCERY_ENVOY;
  if (own) return own;
  const isOnPath = spawnSync('envoy', ['--version']).status === 0;
  const pinned = path.join(ROOT, '.venv/bin/envoy');
  if (!isOnPath && !existsSync(pinned)) throw new Error('no Envoy is at hand: run `npm run setup`');
  return isOnPath ? 'envoy' : pinned;
}

function start(command, args) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  child.output = '';
  child.stdout.on('data', (data) => (child.output += data));
  child.stderr.on('data', (data) => (child.output += data));
  children.push(child);
  return child;
}

async function until(what, check) {
  for (const begun = performance.now(); performance.now() - begun < DEADLINE_MS; ) {
    const found = await check();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  throw new Error(`${what} took more than ${DEADLINE_MS / 1000} s\n${children.map(({ output }) => output.slice(-2_000)).join('\n')}`);
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** Saved as editors do: a new file takes the place of the old one. */
function save(file, port, edit) {
  const text = gatewayText(SIZE).replace('{port: 10000}', `{port: ${port}}`);
  const marker = ['  - name: marker', '    hostnames: [marker.test]', `    respond: {status: 200, body: "edit ${edit}"}`, ''].join('\n');
  writeFileSync(`${file}.new`, text + marker);
  renameSync(`${file}.new`, file);
}

const agent = new Agent({ keepAlive: true, maxSockets: 1 });
function seen(port) {
  return new Promise((resolve) => {
    const request = get({ port, host: '127.0.0.1', agent, headers: { host: 'marker.test' } }, (response) => {
      let body = '';
      response.on('data', (data) => (body += data));
      response.on('end', () => resolve(body));
    });
    request.on('error', () => resolve(undefined));
  });
}

const file = path.join(folder, 'gateway.yaml');
const port = await freePort();
save(file, port, 0);
const main = path.join(ROOT, 'dist/main.js');
const zero = ['--admin-port', '0', '--authz-port', '0', '--ratelimit-port', '0'];
const chancery = start(process.execPath, [main, 'serve', '-c', file, '--xds-port', '0', ...zero, '--state', path.join(folder, 'state')]);
const [, xdsPort] = await until('the start of the control plane', () => /ready xds=\S+:(\d+)/.exec(chancery.output));
const printed = spawnSync(process.execPath, [main, 'bootstrap', '-c', file, '--node', 'bench', '--xds-port', xdsPort], {
  encoding: 'utf8',
});
if (printed.status !== 0) throw new Error(printed.stderr);
const bootstrap = { ...parse(printed.stdout), admin: { address: { socket_address: { address: '127.0.0.1', port_value: 0 } } } };
writeFileSync(path.join(folder, 'bootstrap.json'), JSON.stringify(bootstrap));
start(envoyBinary(), ['-c', path.join(folder, 'bootstrap.json'), '--concurrency', '1', '--log-level', 'error', '--disable-hot-restart']);
await until('the start of Envoy', async () => (await seen(port)) === 'edit 0');

const times = [];
for (let edit = 1; edit <= EDITS; edit++) {
  save(file, port, edit);
  const begun = performance.now();
  await until(`edit ${edit}`, async () => (await seen(port)) === `edit ${edit}`);
  times.push(performance.now() - begun);
}
times.sort((left, right) => left - right);
const cpu = cpuMsOf(chancery.pid);
const figure = (value) => ({ median: value, min: value, max: value });

report([
  { id: 'PB9', name: `save to live in a real Envoy, 2,000 routes, ${EDITS} edits: p50`, wallMs: figure(percentile(times, 50)) },
  { id: 'PB9', name: 'the same: p99', goalId: 'live-p99', wallMs: figure(percentile(times, 99)) },
  ...(cpu === undefined ? [] : [{ id: 'PB9', name: 'CPU of the control plane per edit, start included', cpuMs: figure(cpu / EDITS) }]),
]);
agent.destroy();
process.exit(0);

/** Linux only. */
function cpuMsOf(pid) {
  const stat = `/proc/${pid}/stat`;
  if (!existsSync(stat)) return undefined;
  const [user, system] = readFileSync(stat, 'utf8')
    .slice(readFileSync(stat, 'utf8').lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13);
  return (Number(user) + Number(system)) * 10;
}
