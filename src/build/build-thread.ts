// The entrance of the build thread (P8): reads, resolves, compiles, encodes and hashes, away from the thread that serves. Compiled code only:
// Node starts no TypeScript in a thread.
import { parentPort, workerData } from 'node:worker_threads';
import { loadEnvoyApi } from '../proto/api.ts';
import { createLocalBuilds } from './local-builds.ts';
import { serveBuilds } from './serve-builds.ts';
import type { BuildThreadData } from './worker-builds.ts';

const { env, cwd }: BuildThreadData = workerData;
if (parentPort === null) throw new Error('this is the entrance of a thread, not of the program');
const port = parentPort;
serveBuilds(
  { postMessage: (answer, transfer) => port.postMessage(answer, transfer), on: (event, listener) => port.on(event, listener) },
  createLocalBuilds({ api: loadEnvoyApi(), env, nowMs: Date.now, cwd }),
);
