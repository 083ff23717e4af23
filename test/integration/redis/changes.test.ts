// Operators' changes reach every worker over a real Redis (ratelimit R505, R811).
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { use, yearly } from '../../contract/ratelimit-store-contract.ts';
import { eventually } from '../../support/eventually.ts';
import { type RedisServer, startRedis } from '../../support/redis-server.ts';
import { startStore, type TestStore } from '../../support/redis-store.ts';

let redis: RedisServer;
let stores: readonly [TestStore, TestStore];

beforeAll(async () => {
  redis = await startRedis();
  const settings = { endpoint: { kind: 'single', host: '127.0.0.1', port: redis.port }, db: 0 } as const;
  stores = [await startStore(settings), await startStore(settings)];
});
afterAll(async () => {
  for (const { store } of stores) await store.close();
  await redis.stop();
});

describe('a counter that an operator changed', () => {
  it('is told to all workers, so that windows are divided anew and what is remembered of it is forgotten (R505, R811)', async () => {
    const [one, other] = stores;
    const target = use(yearly('fixed', 2));
    const { name, localPart } = one.store.placeOf(target);
    expect(name).toMatch(new RegExp(`^crl:f:\\{${target.key.text}\\}:\\d+$`));
    expect(localPart.hits).toBeGreaterThan(0);
    const deadline = { deadlineMs: Number.POSITIVE_INFINITY };
    for (let time = 0; time < 3; time += 1) await other.store.take([target], deadline);
    expect(await redis.client.get(name)).not.toBeNull();
    // Who listens may have connected a moment later than who counts.
    await eventually(async () => {
      await one.store.reset(target);
      return stores.every(({ told }) => told.changed.includes(target.key.text));
    });
    expect(await other.store.take([target], deadline)).toMatchObject({ isOver: false });
    const before = other.told.changed.length;
    await one.store.grant(target, 5);
    await eventually(() => other.told.changed.length > before);
    const granted = other.told.changed.length;
    const counter = await one.store.read(target);
    await one.store.announce(target);
    await eventually(() => other.told.changed.length > granted);
    expect(await one.store.read(target)).toMatchObject({ used: counter.used, remaining: counter.remaining });
  });

  it('is no lost one, and nobody would let pass more of it than N, were Redis away then (R504, R803, R811)', async () => {
    const [one, other] = stores;
    const target = use(yearly('fixed', 100));
    const hit = async (times: number): Promise<void> => {
      for (let time = 0; time < times; time += 1) await other.store.take([target], { deadlineMs: Number.POSITIVE_INFINITY });
    };
    const share = (): number => other.store.placeOf(target).localPart.hits;
    await hit(50);
    expect(share()).toBe(100);
    const { lost } = other.told;
    await one.store.reset(target);
    await eventually(() => other.told.changed.includes(target.key.text));
    await hit(1);
    expect([share(), other.told.lost]).toEqual([100, lost]);
    await hit(20);
    await one.store.grant(target, 20);
    await eventually(async () => (await one.store.read(target)).used === 1);
    await hit(1);
    expect(share()).toBeLessThanOrEqual(100);
    // And of one that was lost indeed.
    await hit(10);
    await redis.client.del(one.store.placeOf(target).name);
    await hit(1);
    expect([share(), other.told.lost]).toEqual([100, lost + 1]);
  });
});
