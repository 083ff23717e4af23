// How many commands decisions cost (PB11), small: counts are exact whatever the machine (P31).
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { use, YEAR_US } from '../../contract/ratelimit-store-contract.ts';
import { type RedisServer, startRedis } from '../../support/redis-server.ts';
import { startStore, type TestStore } from '../../support/redis-store.ts';
import { limitOf } from '../../unit/ratelimit/store-limit.ts';

const NEVER = { deadlineMs: Number.POSITIVE_INFINITY };
let server: RedisServer;
let one: TestStore;

beforeAll(async () => {
  server = await startRedis();
  one = await startStore({ endpoint: { kind: 'single', host: '127.0.0.1', port: server.port } });
});
afterAll(async () => {
  await one.store.close();
  await server.stop();
});

/** Commands for each decision, where so many are asked for at once, again and again. */
async function commandsPer(name: string, { keys, atOnce, turns }: { keys: number; atOnce: number; turns: number }): Promise<number> {
  const limit = limitOf({ id: name, algorithm: 'fixed', limit: 1_000_000, periodUs: YEAR_US });
  const uses = Array.from({ length: keys }, () => [use(limit)]);
  const before = { ...one.told };
  for (let turn = 0; turn < turns; turn += 1) {
    const asked = Array.from({ length: atOnce }, (_, place) => uses[(turn * atOnce + place) % keys] ?? []);
    await Promise.all(asked.map(async (each) => one.store.take(each, NEVER)));
  }
  return (one.told.commands - before.commands) / (one.told.requests - before.requests);
}

describe('commands of Redis for each decision', () => {
  it('are under a tenth on one hot key, whose concurrent requests become one (ratelimit R501, P22)', async () => {
    expect(await commandsPer('hot', { keys: 1, atOnce: 100, turns: 20 })).toBeLessThan(0.1);
  });

  it('are at most 1.05 at twenty hits a key, none of them together: the time to live is set once (ratelimit R504, P22)', async () => {
    expect(await commandsPer('many', { keys: 200, atOnce: 100, turns: 40 })).toBeLessThanOrEqual(1.05);
  });
});
