// Several processes with stores of the built program over one Redis, or a Cluster (ratelimit R1006): as many pass as the limit says, whoever asks.
// Small as part of all tests; LIMITS_FULL=1 asks ten times each limit of 10,000 keys for every algorithm, which takes minutes.
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Algorithm } from '../../../src/ratelimit/store.ts';
import { YEAR_US, yearly } from '../../contract/ratelimit-store-contract.ts';
import { type Job, type RatelimitWorkers, startWorkers } from '../../support/ratelimit-workers.ts';
import { type RedisCluster, type RedisServer, startCluster, startRedis } from '../../support/redis-server.ts';
import { limitOf } from '../../unit/ratelimit/store-limit.ts';

const IS_FULL = process.env['LIMITS_FULL'] === '1';
const WORKERS = 4;
const CLIENTS = 64;
/** Hits of a hot key for each that fits, and how many keys else. */
const HOT = IS_FULL ? { limit: 10_000, times: 10 } : { limit: 1_000, times: 10 };
const MANY = IS_FULL ? { keys: 10_000, limit: 2, times: 10 } : { keys: 200, limit: 4, times: 3 };
const ALGORITHMS: readonly Algorithm[] = ['fixed', 'sliding', 'slidingExact', 'bucket'];
const LONG_MS = IS_FULL ? 600_000 : 60_000;

const job = (parts: Partial<Job> & Pick<Job, 'name' | 'limits'>): Job => ({ keys: 1, requests: 500, clients: CLIENTS, hits: 1, ...parts });

describe('four processes over one Redis (ratelimit R1006)', () => {
  let server: RedisServer;
  let workers: RatelimitWorkers;

  beforeAll(async () => {
    server = await startRedis();
    workers = await startWorkers({ kind: 'single', host: '127.0.0.1', port: server.port }, WORKERS);
  });
  afterAll(async () => {
    await workers?.stop();
    await server?.stop();
  });

  it.each(ALGORITHMS)(
    '%s: of a hot key exactly N pass, and each is told another number that remains',
    async (algorithm) => {
      // An exact log holds 1,000 times. A bucket of a year's rate gains nothing meanwhile.
      const limit = yearly(algorithm, algorithm === 'slidingExact' ? 1_000 : HOT.limit);
      const requests = (HOT.times * limit.limit) / WORKERS;
      const { remaining } = await workers.run(job({ name: 'hot', limits: [limit], requests }));
      expect(remaining.toSorted((a, b) => b - a)).toEqual(Array.from({ length: limit.limit }, (_, at) => limit.limit - 1 - at));
    },
    LONG_MS,
  );

  it('a bucket that fills: of a hot key at least B pass and at most what flowed in meanwhile besides', async () => {
    const limit = limitOf({ id: 'bucket', algorithm: 'bucket', limit: 3_600, periodUs: 3_600_000_000, burst: 1_000 });
    const startedAt = performance.now();
    const { remaining } = await workers.run(job({ name: 'fills', limits: [limit], requests: 2_500 }));
    expect(remaining.length).toBeGreaterThanOrEqual(1_000);
    expect(remaining.length).toBeLessThanOrEqual(1_000 + Math.ceil((performance.now() - startedAt) / 1000));
  });

  it.each(ALGORITHMS)(
    '%s: of many keys exactly N pass for each',
    async (algorithm) => {
      const { keys, limit, times } = MANY;
      const requests = (keys * limit * times) / WORKERS;
      const { byKey } = await workers.run(job({ name: 'many', limits: [yearly(algorithm, limit)], keys, requests }));
      expect(new Set(byKey)).toEqual(new Set([limit]));
    },
    LONG_MS,
  );

  it('of requests that cost several hits as many pass as fit', async () => {
    expect((await workers.run(job({ name: 'costs', limits: [yearly('fixed', 1_000)], hits: 3 }))).remaining).toHaveLength(333);
  });

  it.each([
    ['bucket', 'fixed'],
    ['sliding', 'slidingExact'],
  ] as const)(
    'of pairs of limits, %s and %s, the narrower one decides, and what it denied spends nothing of the wider one',
    async (a, b) => {
      const limits = [yearly(a, 300), yearly(b, 500)];
      expect((await workers.run(job({ name: 'pair', limits }))).remaining).toHaveLength(300);
      expect((await workers.run(job({ name: 'pair', limits: limits.slice(1) }))).remaining).toHaveLength(200);
    },
  );

  it('when one is killed, no more pass than N, and no fewer than N without what it had on its way', async () => {
    const victim = await workers.victim();
    const killed = job({ name: 'killed', limits: [yearly('fixed', 2_000)], requests: 2_500, clients: 16, isTold: true });
    let told = 0;
    victim.on('message', (message: { readonly done?: unknown }) => {
      if (message.done === undefined) told += 1;
      // Should the others have been quicker, there is nothing left to be killed in the middle of.
      if (told === 100 || message.done !== undefined) victim.kill('SIGKILL');
    });
    const ended = once(victim, 'exit');
    victim.send(killed);
    const [{ remaining }] = await Promise.all([workers.run({ ...killed, isTold: false }), ended]);
    expect(remaining.length + told).toBeLessThanOrEqual(2_000);
    // Its clients, and what it had decided and could not tell any more.
    expect(remaining.length + told).toBeGreaterThanOrEqual(2_000 - 2_000 / 4);
  });

  it.each([
    ['fixed', 0],
    ['sliding', 1],
    ['bucket', 1],
  ] as const)('leases, %s: never more than %d M max above N, nor more than M max below it (ratelimit R506)', async (algorithm, over) => {
    const max = 20;
    const limit = limitOf({
      id: `lease ${algorithm}`,
      algorithm,
      limit: 2_000,
      periodUs: YEAR_US,
      burst: 2_000,
      lease: { max, ttlMs: 1_000 },
    });
    const { remaining } = await workers.run(job({ name: 'leased', limits: [limit], requests: 1_500, clients: 8 }));
    expect(remaining.length).toBeLessThanOrEqual(2_000 + over * WORKERS * max);
    expect(remaining.length).toBeGreaterThanOrEqual(2_000 - WORKERS * max);
  });
});

describe('four processes over a Cluster (ratelimit R406, R1006)', () => {
  let cluster: RedisCluster;
  let workers: RatelimitWorkers;

  beforeAll(async () => {
    cluster = await startCluster();
    workers = await startWorkers({ kind: 'cluster', hosts: cluster.nodes.map(({ port }) => ({ host: '127.0.0.1', port })) }, WORKERS);
  });
  afterAll(async () => {
    await workers?.stop();
    await cluster?.stop();
  });

  it(
    'of many keys exactly N pass for each',
    async () => {
      const { keys, limit, times } = MANY;
      const requests = (keys * limit * times) / WORKERS;
      const { byKey } = await workers.run(job({ name: 'many', limits: [yearly('fixed', limit)], keys, requests }));
      expect(new Set(byKey)).toEqual(new Set([limit]));
    },
    LONG_MS,
  );

  it('of pairs of limits in different slots no more pass than the narrower one lets, and what was taken in vain goes back', async () => {
    const keys = 20;
    const limits = [yearly('fixed', 40), yearly('fixed', 60)];
    const first = await workers.run(job({ name: 'pair', limits, keys, requests: 500, clients: 16 }));
    expect(Math.max(...first.byKey)).toBeLessThanOrEqual(40);
    // Denied wrongly are at most hits that were on their way: some come again, and then all that fit have passed.
    const second = await workers.run(job({ name: 'pair', limits, keys, requests: 500, clients: 4 }));
    expect(first.byKey.map((passed, key) => passed + (second.byKey[key] ?? 0))).toEqual(Array.from({ length: keys }, () => 40));
    // The wider limit was asked for by each denied request, and has all of it back.
    const rest = await workers.run(job({ name: 'pair', limits: limits.slice(1), keys, requests: 500, clients: 4 }));
    expect(rest.byKey).toEqual(Array.from({ length: keys }, () => 20));
  });
});
