// A `chancery serve` of dist/ over a file in a folder of its own, for cases that measure the program as it is run.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const READY_MS = 60_000;

/** Gives the ports and `save(text)`, which replaces the file as editors do, and gives the time of it in ms since the epoch. */
export async function startServe(text, { args = [], nodeArgs = ['--max-semi-space-size=64'] } = {}) {
  const folder = mkdtempSync(path.join(tmpdir(), 'chancery-bench-'));
  const file = path.join(folder, 'gateway.yaml');
  const save = (next) => {
    writeFileSync(`${file}.new`, next);
    const atMs = Date.now();
    renameSync(`${file}.new`, file);
    return atMs;
  };
  save(text);
  const zero = ['--xds-port', '0', '--admin-port', '0', '--authz-port', '0', '--ratelimit-port', '0'];
  const child = spawn(process.execPath, [...nodeArgs, MAIN, 'serve', '-c', file, ...zero, '--state', path.join(folder, 'state'), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  process.on('exit', () => {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });
  let output = '';
  child.stderr.on('data', (data) => (output = (output + data).slice(-20_000)));
  const ready = await readyLine(child, () => output);
  const port = (name) => Number(new RegExp(`${name}=\\S+?:(\\d+)`).exec(ready)?.[1]);
  return {
    folder,
    file,
    pid: child.pid,
    save,
    xdsPort: port('xds'),
    adminPort: port('admin'),
    output: () => output,
    stop: () => child.kill('SIGTERM'),
  };
}

function readyLine(child, output) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`the control plane was not ready in time\n${output()}`)), READY_MS);
    let text = '';
    child.stdout.on('data', (data) => {
      text += data;
      const line = text.split('\n').find((candidate) => candidate.startsWith('ready '));
      if (line === undefined) return;
      clearTimeout(timer);
      resolve(line);
    });
    child.on('exit', (code) => reject(new Error(`the control plane ended with ${code}\n${output()}`)));
  });
}

/** The same by the threads that it has now, exact where `cpuMsOf` counts in steps of 10 ms. */
export function cpuMsOfThreads(pid) {
  const threads = readdirSync(`/proc/${pid}/task`);
  const ns = threads.map((thread) => Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]));
  return ns.reduce((sum, each) => sum + each, 0) / 1e6;
}

/** CPU that a process has used; undefined where the system does not say (it does on Linux). */
export function cpuMsOf(pid) {
  const stat = `/proc/${pid}/stat`;
  if (!existsSync(stat)) return undefined;
  const text = readFileSync(stat, 'utf8');
  const [user, system] = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13);
  return (Number(user) + Number(system)) * 10;
}
