// A real Envoy with one worker that takes its configuration from a `chancery serve`, as users start it.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const children = [];
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});

/** `serve`: of startServe. Gives its process id at once; several listen on one port, which the kernel shares among them. */
export function startEnvoy(serve, id) {
  const main = path.join(ROOT, 'dist/main.js');
  const printed = spawnSync(process.execPath, [main, 'bootstrap', '-c', serve.file, '--node', id, '--xds-port', String(serve.xdsPort)], {
    encoding: 'utf8',
  });
  if (printed.status !== 0) throw new Error(printed.stderr);
  const bootstrap = { ...parse(printed.stdout), admin: { address: { socket_address: { address: '127.0.0.1', port_value: 0 } } } };
  const file = path.join(serve.folder, `${id}.json`);
  writeFileSync(file, JSON.stringify(bootstrap));
  const args = ['-c', file, '--concurrency', '1', '--log-level', 'error', '--use-dynamic-base-id'];
  const child = spawn(envoyBinary(), args, { stdio: 'ignore' });
  children.push(child);
  return { pid: child.pid, stop: () => child.kill('SIGKILL') };
}

function envoyBinary() {
  const own = process.env.CHANCERY_ENVOY;
  if (own) return own;
  const isOnPath = spawnSync('envoy', ['--version']).status === 0;
  const pinned = path.join(ROOT, '.venv/bin/envoy');
  if (!isOnPath && !existsSync(pinned)) throw new Error('no Envoy is at hand: run `npm run setup`');
  return isOnPath ? 'envoy' : pinned;
}

export function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port: free } = server.address();
      server.close(() => resolve(free));
    });
  });
}
