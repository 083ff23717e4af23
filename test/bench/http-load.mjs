// Load of HTTP/1.1 over connections that stay open, and the backend behind it: both read and write bytes and no more, so that neither is what
// is measured. `backend()` runs in a process of its own.
import { fork } from 'node:child_process';
import { connect, createServer } from 'node:net';
import { fileURLToPath } from 'node:url';

const END = Buffer.from('\r\n\r\n');
const ANSWER = Buffer.from('HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 2\r\n\r\nok');

/** Resolves to a backend on loopback ({port, pid}) that answers everything with 200; it ends with this process. */
export function startBackend() {
  const child = fork(fileURLToPath(import.meta.url), ['backend'], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], execArgv: [] });
  process.on('exit', () => child.kill('SIGKILL'));
  return new Promise((resolve, reject) => {
    child.once('message', (port) => resolve({ port, pid: child.pid }));
    child.once('exit', () => reject(new Error('the backend ended')));
  });
}

if (process.argv[2] === 'backend' && process.send) {
  const server = createServer({ noDelay: true }, (socket) => {
    // Requests without bodies: each ends with its headers, which may come in two parts.
    let rest = Buffer.alloc(0);
    socket.on('error', () => {});
    socket.on('data', (data) => {
      rest = rest.length === 0 ? data : Buffer.concat([rest, data]);
      for (let end = rest.indexOf(END); end >= 0; end = rest.indexOf(END)) {
        rest = rest.subarray(end + END.length);
        socket.write(ANSWER);
      }
    });
  });
  server.listen(0, '127.0.0.1', () => process.send(server.address().port));
  process.on('disconnect', () => process.exit(0));
}

/** Connections to a port, each with one request under way at most, and `refused`: answers so far that were no 200. */
export async function openConnections(port, count) {
  return Promise.all(Array.from({ length: count }, () => openOne(port)));
}

/** Sends `count` requests as fast as they are answered. */
export async function closedLoop(connections, requests, count) {
  let sent = 0;
  await Promise.all(
    connections.map(async (connection) => {
      while (sent < count) await connection.send(requests[sent++ % requests.length]);
    }),
  );
}

/**
 * Sends by the clock, whatever the answers take; who finds no connection free waits, which counts as part of the answer's time. Sleeps in
 * between: a loop that spins would take a core from those whom it measures. So requests come in small bunches, about a millisecond apart. Gives
 * how long each took, in ms, ascending.
 */
export async function openLoop(connections, requests, { perSecond, seconds }) {
  const took = [];
  const free = [...connections];
  const waiting = [];
  const begun = performance.now();
  const total = Math.floor(perSecond * seconds);
  let due = 0;
  const send = async (connection, dueMs, number) => {
    await connection.send(requests[number % requests.length]);
    took.push(performance.now() - dueMs);
    const next = waiting.shift();
    if (next === undefined) free.push(connection);
    else void send(connection, next.dueMs, next.number);
  };
  while (took.length < total) {
    const now = performance.now();
    while (due < total && begun + (due * 1000) / perSecond <= now) {
      const next = { dueMs: begun + (due * 1000) / perSecond, number: due };
      const connection = free.pop();
      if (connection === undefined) waiting.push(next);
      else void send(connection, next.dueMs, next.number);
      due++;
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return took.sort((left, right) => left - right);
}

function openOne(port) {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true }, () => resolve(connection));
    const connection = { send, refused: 0, last: '', close: () => socket.destroy() };
    let waiting;
    let text = '';
    const failed = (error) => {
      reject(error);
      waiting?.reject(error);
    };
    socket.on('error', failed);
    socket.on('close', () => failed(new Error('the proxy closed a connection')));
    socket.on('data', (data) => {
      text += data.latin1Slice();
      const end = text.indexOf('\r\n\r\n');
      if (end < 0) return;
      const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0);
      if (text.length < end + 4 + length) return;
      const answer = text;
      text = '';
      if (!answer.startsWith('HTTP/1.1 200 ')) {
        connection.refused++;
        connection.last = answer;
      }
      waiting.resolve();
    });
    function send(request) {
      return new Promise((done, fail) => {
        waiting = { resolve: done, reject: fail };
        socket.write(request);
      });
    }
  });
}
