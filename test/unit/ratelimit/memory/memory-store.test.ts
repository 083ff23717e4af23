import { describe, expect, it } from 'vitest';
import { MemoryStore } from '../../../../src/ratelimit/memory/memory-store.ts';
import { StoreClock } from '../../../../src/ratelimit/store/store-clock.ts';
import { SILENT_LISTENER } from '../../../../src/ratelimit/store/store-listener.ts';
import { describeStore, randomKey, use, yearly } from '../../../contract/ratelimit-store-contract.ts';
import { limitOf } from '../store-limit.ts';

function createStore(maxKeys?: number): { readonly store: MemoryStore; pass(ms: number): void } {
  let ms = 1_795_000_000_000;
  const clock = new StoreClock({ wallMs: () => ms, monotonicMs: () => ms - 1_790_000_000_000 });
  let seed = 1;
  const random = (): number => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed / 2_147_483_647;
  };
  const store = new MemoryStore({ clock, listener: SILENT_LISTENER, random, ...(maxKeys === undefined ? {} : { maxKeys }) });
  return {
    store,
    pass: (by) => {
      ms += by;
    },
  };
}

describeStore('memory', async () => {
  const { store } = createStore();
  return { store, close: () => store.close() };
});

describe('the memory store', () => {
  it('forgets counters that nobody uses, and keeps those that are used (ratelimit R601)', async () => {
    const { store, pass } = createStore();
    const kept = use(limitOf({ algorithm: 'bucket', limit: 1, periodUs: 3_600_000_000 }));
    for (const algorithm of ['fixed', 'sliding', 'slidingExact', 'bucket'] as const) {
      const limit = limitOf({ id: algorithm, algorithm, periodUs: 1_000_000 });
      for (let key = 0; key < 50; key += 1) store.take([use(limit)]);
    }
    store.take([kept]);
    expect(store.contents.table.count).toBe(201);
    for (let second = 0; second < 200; second += 1) {
      pass(1000);
      store.take([{ ...kept, hits: 0 }]);
    }
    expect(store.contents.table.count).toBe(1);
    await store.close();
  });

  it.each(['fixed', 'sliding', 'slidingExact', 'bucket'] as const)(
    '%s: after a clock that was set back by an hour lets pass again within two windows, and never forgets more than time did (ratelimit R404, R1008)',
    async (algorithm) => {
      const { store, pass } = createStore();
      const limit = limitOf({ id: algorithm, algorithm, limit: 5, burst: 5, periodUs: 60_000_000 });
      const [used, fresh] = [use(limit), use(limit)];
      for (let hit = 0; hit < 5; hit += 1) store.take([used]);
      pass(-3_600_000);
      expect(store.take([used]).isOver).toBe(true);
      expect(store.take([fresh, used]).isOver).toBe(true);
      let passed = 0;
      for (let second = 0; second < 132; second += 1) {
        pass(1_000);
        if (!store.take([used]).isOver) passed += 1;
      }
      expect(passed).toBeGreaterThanOrEqual(5);
      expect(passed).toBeLessThanOrEqual(15);
      await store.close();
    },
  );

  it.each(['fixed', 'sliding', 'slidingExact', 'bucket'] as const)(
    '%s: after a clock that was set forward counts anew',
    async (algorithm) => {
      const { store, pass } = createStore();
      const one = use(limitOf({ id: algorithm, algorithm, limit: 5, burst: 5, periodUs: 60_000_000 }));
      for (let hit = 0; hit < 5; hit += 1) store.take([one]);
      pass(86_400_000);
      expect((await store.read(one)).used).toBe(0);
      expect(store.take([one]).outcomes[0]?.remaining).toBe(4);
      await store.close();
    },
  );

  it('a flood of keys neither resets a victim nor grows memory (ratelimit R602)', async () => {
    const { store } = createStore(1_000);
    const victims = Array.from({ length: 50 }, () => use(yearly('fixed', 10)));
    for (const victim of victims) for (let hit = 0; hit < 10; hit += 1) store.take([victim]);
    for (let key = 0; key < 20_000; key += 1) store.take([use(yearly('sliding', 10))]);
    expect(store.contents.table.count).toBe(1_000);
    expect(victims.every((victim) => store.take([victim]).isOver)).toBe(true);
    await store.close();
  });

  it('when all that is kept is in use, further keys share one counter of their limit (ratelimit R602)', async () => {
    const { store } = createStore(100);
    const limit = yearly('fixed', 10);
    for (let key = 0; key < 100; key += 1) store.take([use(limit, { hits: 8 })]);
    const late = Array.from({ length: 12 }, () => store.take([use(limit)]));
    expect(late.map(({ isOver }) => isOver)).toEqual(Array.from({ length: 12 }, (_, at) => at >= 10));
    await store.close();
  });

  it('finds every key again after many came and went', async () => {
    const { store } = createStore(5_000);
    const limit = yearly('fixed', 5);
    const keys = Array.from({ length: 3_000 }, randomKey);
    for (const key of keys) store.take([use(limit, { key })]);
    for (const [at, key] of keys.entries()) if (at % 3 === 0) await store.reset({ limit, key });
    for (const [at, key] of keys.entries()) expect((await store.read({ limit, key })).used).toBe(at % 3 === 0 ? 0 : 1);
    expect(store.contents.table.count).toBe(2_000);
    await store.close();
  });
});
