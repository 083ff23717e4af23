// A TCP proxy in a process of its own that holds every answer back for a while: a Redis that is slow, however busy it is.
import { fork } from 'node:child_process';
import { connect, createServer } from 'node:net';
import { fileURLToPath } from 'node:url';

/** Gives the port; ends with this process. */
export function startReplyDelay(toPort, delayMs) {
  const child = fork(fileURLToPath(import.meta.url), ['delay', String(toPort), String(delayMs)], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    execArgv: [],
  });
  process.on('exit', () => child.kill('SIGKILL'));
  return new Promise((resolve, reject) => {
    child.once('message', (port) => resolve({ port, stop: () => child.kill('SIGKILL') }));
    child.once('exit', () => reject(new Error('the proxy that delays ended')));
  });
}

if (process.argv[2] === 'delay' && process.send) {
  const [toPort, delayMs] = process.argv.slice(3).map(Number);
  const server = createServer({ noDelay: true }, (socket) => {
    const upstream = connect({ port: toPort, host: '127.0.0.1', noDelay: true });
    for (const each of [socket, upstream]) each.on('error', () => {});
    socket.on('data', (data) => upstream.write(data));
    upstream.on('data', (data) => setTimeout(() => socket.write(data), delayMs));
    socket.on('close', () => upstream.destroy());
    upstream.on('close', () => socket.destroy());
  });
  server.listen(0, '127.0.0.1', () => process.send(server.address().port));
  process.on('disconnect', () => process.exit(0));
}
