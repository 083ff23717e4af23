// Several processes with stores of the built program over one Redis (ratelimit R1006): as many pass as the limit says, whoever asks.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StoreLimit } from '../../../src/ratelimit/store.ts';
import { yearly } from '../../contract/ratelimit-store-contract.ts';
import { REPOSITORY } from '../../support/envoy-binary.ts';
import { type RedisServer, startRedis } from '../../support/redis-server.ts';
import { limitOf } from '../../unit/ratelimit/store-limit.ts';

const WORKERS = 4;
const WORKER = path.join(REPOSITORY, 'test/support/ratelimit-worker.mjs');

interface Job {
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

let server: RedisServer;
let workers: ChildProcess[];

beforeAll(async () => {
  server = await startRedis();
  workers = await startWorkers(WORKERS);
});

afterAll(async () => {
  await end(workers);
  await server.stop();
});

async function startWorkers(count: number): Promise<ChildProcess[]> {
  const started = Array.from({ length: count }, () => fork(WORKER, [String(server.port)]));
  await Promise.all(started.map((child) => once(child, 'message')));
  return started;
}

async function end(children: readonly ChildProcess[]): Promise<void> {
  const running = children.filter((child) => child.exitCode === null && child.kill('SIGKILL'));
  await Promise.all(running.map((child) => once(child, 'exit')));
}

/** What remained after each request that passed, of all workers. */
async function run(job: Job): Promise<readonly number[]> {
  const answers = workers.map(async (child) => {
    child.send(job);
    const [{ done }] = (await once(child, 'message')) as [{ readonly done: number[] }];
    return done;
  });
  return (await Promise.all(answers)).flat();
}

describe('four processes over one Redis (ratelimit R1006)', () => {
  it.each(['fixed', 'sliding', 'slidingExact'] as const)(
    '%s: of a hot key exactly N pass, and each is told another number that remains',
    async (algorithm) => {
      const limit = yearly(algorithm, 1_000);
      const passed = await run({ name: 'hot', limits: [limit], keys: 1, requests: 2_500, clients: 64, hits: 1 });
      expect(passed.toSorted((a, b) => b - a)).toEqual(Array.from({ length: 1_000 }, (_, at) => 999 - at));
    },
  );

  it('a bucket: of a hot key at least B pass and at most what flowed in meanwhile besides', async () => {
    const limit = limitOf({ id: 'bucket', algorithm: 'bucket', limit: 3_600, periodUs: 3_600_000_000, burst: 1_000 });
    const startedAt = performance.now();
    const passed = await run({ name: 'hot', limits: [limit], keys: 1, requests: 2_500, clients: 64, hits: 1 });
    expect(passed.length).toBeGreaterThanOrEqual(1_000);
    expect(passed.length).toBeLessThanOrEqual(1_000 + Math.ceil((performance.now() - startedAt) / 1000));
  });

  it('of many keys exactly N pass for each', async () => {
    const passed = await run({ name: 'many', limits: [yearly('fixed', 4)], keys: 2_000, requests: 6_000, clients: 64, hits: 1 });
    expect(passed.length).toBe(8_000);
    expect(passed.filter((remaining) => remaining === 0).length).toBe(2_000);
  });

  it('of requests that cost several hits as many pass as fit', async () => {
    expect((await run({ name: 'costs', limits: [yearly('fixed', 1_000)], keys: 1, requests: 500, clients: 64, hits: 3 })).length).toBe(333);
  });

  it('of pairs of limits the narrower one decides, and the wider one is not spent by what it denied', async () => {
    const limits = [yearly('bucket', 300), yearly('fixed', 500)];
    expect((await run({ name: 'pair', limits, keys: 1, requests: 500, clients: 64, hits: 1 })).length).toBe(300);
    const wide = await run({ name: 'pair', limits: limits.slice(1), keys: 1, requests: 500, clients: 64, hits: 1 });
    expect(wide.length).toBe(200);
  });

  it('when one is killed, no more pass than N, and no fewer than N without what it had on its way', async () => {
    const [victim] = await startWorkers(1);
    const job: Job = { name: 'killed', limits: [yearly('fixed', 2_000)], keys: 1, requests: 2_500, clients: 16, hits: 1, isTold: true };
    let told = 0;
    victim?.on('message', (message: { readonly done?: unknown }) => {
      if (message.done === undefined) told += 1;
      // Should the others have been quicker, there is nothing left to be killed in the middle of.
      if (told === 100 || message.done !== undefined) victim.kill('SIGKILL');
    });
    victim?.send(job);
    const [passed] = await Promise.all([run({ ...job, isTold: false }), victim === undefined ? undefined : once(victim, 'exit')]);
    expect(passed.length + told).toBeLessThanOrEqual(2_000);
    // Its clients, and what it had decided and could not tell any more.
    expect(passed.length + told).toBeGreaterThanOrEqual(2_000 - 2_000 / 4);
  });
});
