// A process that stands still, for a collection of garbage or because the machine is busy, has answers of Redis before it that it has not read.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { use, YEAR_US } from '../../contract/ratelimit-store-contract.ts';
import { type RedisServer, startRedis } from '../../support/redis-server.ts';
import { startStore, type TestStore } from '../../support/redis-store.ts';
import { limitOf } from '../../unit/ratelimit/store-limit.ts';

const TIMEOUT_MS = 50;
const PAUSE_MS = 3 * TIMEOUT_MS;
let server: RedisServer;
let one: TestStore;

beforeAll(async () => {
  server = await startRedis();
  one = await startStore({ endpoint: { kind: 'single', host: '127.0.0.1', port: server.port } }, { timeoutMs: TIMEOUT_MS });
});
afterAll(async () => {
  await one.store.close();
  await server.stop();
});

/** Holds up this thread after the batch of this turn was sent. */
async function stand(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  for (const ends = performance.now() + PAUSE_MS; performance.now() < ends; );
}

describe('a pause of the process', () => {
  it('makes no answer of Redis late that came meanwhile (ratelimit R802)', async () => {
    const limit = limitOf({ id: 'paused', algorithm: 'fixed', limit: 10, periodUs: YEAR_US });
    for (let turn = 0; turn < 3; turn += 1) {
      const asked = one.store.take([use(limit)], { deadlineMs: Number.POSITIVE_INFINITY });
      await stand();
      expect(await asked).toMatchObject({ source: 'store', isOver: false });
    }
    expect(one.told.errors).not.toContain('timeout');
  });
});
