// Processes with stores of the built program (test/support/ratelimit-worker.mjs) that take hits together as a test tells them.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { RedisSettings } from '../../src/ratelimit/redis/redis-settings.ts';
import type { StoreLimit } from '../../src/ratelimit/store.ts';
import { REPOSITORY } from './envoy-binary.ts';

const WORKER = path.join(REPOSITORY, 'test/support/ratelimit-worker.mjs');

export interface Job {
  readonly name: string;
  readonly limits: readonly StoreLimit[];
  readonly keys: number;
  /** Of each worker. */
  readonly requests: number;
  readonly clients: number;
  readonly hits: number;
  /** Each pass is told at once. */
  readonly isTold?: boolean;
}

export interface Passed {
  /** What remained of the first limit after each request that passed, of all workers. */
  readonly remaining: readonly number[];
  /** How many passed of each key, by its number. */
  readonly byKey: readonly number[];
  /** Hits that were given back after denials over several slots. */
  readonly gaveBack: number;
}

export interface RatelimitWorkers {
  run(job: Job): Promise<Passed>;
  /** One more process, and what it tells while it takes; the caller ends it. */
  victim(): Promise<ChildProcess>;
  stop(): Promise<void>;
}

export async function startWorkers(endpoint: RedisSettings['endpoint'], count: number): Promise<RatelimitWorkers> {
  const children: ChildProcess[] = [];
  const start = async (): Promise<ChildProcess> => {
    const child = fork(WORKER, [JSON.stringify(endpoint)]);
    children.push(child);
    await once(child, 'message');
    return child;
  };
  const workers = await Promise.all(Array.from({ length: count }, start));
  return {
    run: async (job) => {
      const answers = await Promise.all(workers.map((child) => asked(child, job)));
      const byKey = Array.from({ length: job.keys }, (_, key) => answers.reduce((sum, answer) => sum + (answer.byKey[key] ?? 0), 0));
      return {
        remaining: answers.flatMap(({ done }) => done),
        byKey,
        gaveBack: answers.reduce((sum, { gaveBack }) => sum + gaveBack, 0),
      };
    },
    victim: start,
    stop: async () => {
      const running = children.filter((child) => child.exitCode === null && child.signalCode === null && child.kill('SIGKILL'));
      await Promise.all(running.map((child) => once(child, 'exit')));
    },
  };
}

interface Answer {
  readonly done: readonly number[];
  readonly byKey: readonly number[];
  readonly gaveBack: number;
}

/** A worker that fails ends: that is told, not waited for. */
function asked(child: ChildProcess, job: Job): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const onExit = (): void => reject(new Error('a worker ended while it was to take hits'));
    child.once('exit', onExit);
    child.once('message', (answer) => {
      child.off('exit', onExit);
      resolve(answer as Answer);
    });
    child.send(job);
  });
}
