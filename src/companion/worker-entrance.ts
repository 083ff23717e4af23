// The entrance of a worker, thread or process (P19). It ends with its supervisor, and only when that says so: signals for the whole group are the
// supervisor's, which drains its workers first.
import { parentPort } from 'node:worker_threads';
import { loadEnvoyApi } from '../proto/api.ts';
import { serveWorker } from './serve-worker.ts';
import type { WorkerPort } from './worker-handle.ts';

const ports = { api: loadEnvoyApi(), nowMs: Date.now, monotonicMs: () => performance.now(), random: Math.random };

serveWorker(parentPort === null ? processPort() : threadPort(parentPort), { ...ports, exit: (code) => process.exit(code) });

function threadPort(port: NonNullable<typeof parentPort>): WorkerPort {
  return { send: (message) => port.postMessage(message), onMessage: (listener) => port.on('message', listener) };
}

function processPort(): WorkerPort {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
  process.on('disconnect', () => process.exit(0));
  return {
    send: (message) => void process.send?.(message, () => {}),
    onMessage: (listener) => process.on('message', listener),
  };
}
