// Hits taken in advance (ratelimit R506): fewer commands, never too much in a fixed window, and what is not spent goes back.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { use, YEAR_US } from '../../contract/ratelimit-store-contract.ts';
import { eventually } from '../../support/eventually.ts';
import { type RedisServer, startRedis } from '../../support/redis-server.ts';
import { startStore, type TestStore } from '../../support/redis-store.ts';
import { limitOf } from '../../unit/ratelimit/store-limit.ts';

const NEVER = { deadlineMs: Number.POSITIVE_INFINITY };
const WORKERS = 3;
const MAX = 20;
let server: RedisServer;
let stores: readonly TestStore[];

beforeAll(async () => {
  server = await startRedis();
  const settings = { endpoint: { kind: 'single', host: '127.0.0.1', port: server.port } } as const;
  stores = await Promise.all(Array.from({ length: WORKERS }, () => startStore(settings)));
  for (const { store } of stores) await store.heartbeat();
});
afterAll(async () => {
  await Promise.all(stores.map(({ store }) => store.close()));
  await server.stop();
});

describe('leases (ratelimit R506)', () => {
  it.each([
    ['fixed', 0],
    ['sliding', WORKERS * MAX],
    ['bucket', WORKERS * MAX],
  ] as const)(
    '%s: workers that spend in turn let at most %d too many pass, and deny at most M max too many, with few commands',
    async (algorithm, over) => {
      const one = use(limitOf({ id: `lease ${algorithm}`, algorithm, limit: 1_000, periodUs: YEAR_US, lease: { max: MAX, ttlMs: 1_000 } }));
      const before = stores.reduce((sum, { told }) => sum + told.commands, 0);
      let passed = 0;
      let leased = 0;
      for (let hit = 0; hit < 1_500; hit += 1) {
        const answer = await stores[hit % WORKERS]?.store.take([one], NEVER);
        if (answer?.isOver === false) passed += 1;
        if (answer?.source === 'lease') leased += 1;
      }
      expect(passed).toBeLessThanOrEqual(1_000 + over);
      expect(passed).toBeGreaterThanOrEqual(1_000 - WORKERS * MAX);
      expect(leased).toBeGreaterThan(600);
      expect(stores.reduce((sum, { told }) => sum + told.commands, 0) - before).toBeLessThan(500);
    },
  );

  it('what is not spent in time goes back, also when the worker ends', async () => {
    const [first] = stores;
    const limit = limitOf({ id: 'unspent', limit: 1_000, periodUs: YEAR_US, lease: { max: MAX, ttlMs: 300 } });
    const one = use(limit);
    await first?.store.take([one], NEVER);
    await eventually(async () => (await first?.store.read(one))?.used === 1 + MAX, { what: 'a lease', intervalMs: 2 });
    await eventually(async () => (await first?.store.read(one))?.used === 1, { what: 'what was not spent' });
  });
});
