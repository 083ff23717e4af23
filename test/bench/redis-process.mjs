// A redis-server for cases that count in Redis: keeps nothing on disk, ends with this process.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { findRedisServer } from '../../scripts/lib/redis.mjs';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** `port`: 0 for none. Gives the socket file, which is there in any case. */
export async function startRedis({ port = 0 } = {}) {
  const socket = path.join('/tmp', `chancery-bench-${process.pid}-${port}.sock`);
  const common = ['--bind', '127.0.0.1', '--unixsocket', socket, '--save', '', '--appendonly', 'no'];
  const server = spawn(findRedisServer(ROOT), ['--port', String(port), ...common], { stdio: ['ignore', 'pipe', 'inherit'] });
  process.on('exit', () => server.kill('SIGKILL'));
  for await (const line of server.stdout) if (line.toString().includes('Ready to accept')) break;
  server.stdout.resume();
  return { socket, pid: server.pid, stop: () => server.kill() };
}
