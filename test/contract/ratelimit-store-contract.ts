// What every store of counters must do (ratelimit R1001); run on memory, and on Redis alone, behind Sentinel, and as a Cluster.
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CounterKey } from '../../src/ratelimit/store/counter-key.ts';
import type { Algorithm, CounterStore, CounterUse, StoreLimit, TakeAnswer } from '../../src/ratelimit/store.ts';
import { limitOf } from '../unit/ratelimit/store-limit.ts';

/** So long that no test crosses a boundary. */
export const YEAR_US = 366 * 86_400_000_000;

export const randomKey = (): CounterKey => new CounterKey(randomBytes(16));

export function use(limit: StoreLimit, parts: Partial<CounterUse> = {}): CounterUse {
  return { limit, key: randomKey(), kind: 'take', hits: 1, isShadow: false, ...parts };
}

export const yearly = (algorithm: Algorithm, limit: number): StoreLimit =>
  limitOf({ id: `yearly ${algorithm} ${limit}`, algorithm, limit, periodUs: YEAR_US });

export interface StoreUnderTest {
  readonly store: CounterStore;
  close(): Promise<void>;
}

const NEVER = { deadlineMs: Number.POSITIVE_INFINITY };

export function describeStore(name: string, start: () => Promise<StoreUnderTest>): void {
  describe(`${name} as a store of counters (ratelimit R1001)`, () => {
    let tested: StoreUnderTest;
    const take = async (...uses: readonly CounterUse[]): Promise<TakeAnswer> => tested.store.take(uses, NEVER);
    const used = async (target: CounterUse): Promise<number> => (await tested.store.read(target)).used;

    beforeAll(async () => {
      tested = await start();
    });
    afterAll(async () => {
      await tested?.close();
    });

    it.each(['fixed', 'sliding', 'slidingExact', 'bucket'] as const)(
      '%s: as many pass as the limit says, and each is told what remains',
      async (algorithm) => {
        const one = use(yearly(algorithm, 3));
        const answers = [await take(one), await take(one), await take(one), await take(one)];
        expect(answers.map(({ isOver }) => isOver)).toEqual([false, false, false, true]);
        expect(answers.map(({ outcomes }) => outcomes[0]?.remaining)).toEqual([2, 1, 0, 0]);
        expect(answers[3]?.outcomes[0]?.retryAfterMs).toBeGreaterThan(1000);
        expect(answers[3]?.outcomes[0]?.resetMs).toBe(answers[3]?.outcomes[0]?.retryAfterMs);
        expect(answers[0]?.outcomes[0]?.resetMs).toBeGreaterThan(0);
        expect(await used(one)).toBe(3);
      },
    );

    it.each(['fixed', 'sliding', 'slidingExact', 'bucket'] as const)(
      '%s: requests at once are answered as one after the other',
      async (algorithm) => {
        const one = use(yearly(algorithm, 10));
        const answers = await Promise.all(Array.from({ length: 15 }, () => take(one)));
        expect(answers.map(({ isOver }) => isOver)).toEqual(Array.from({ length: 15 }, (_, at) => at >= 10));
        expect(answers.slice(0, 10).map(({ outcomes }) => outcomes[0]?.remaining)).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
      },
    );

    it.each(['fixed', 'sliding', 'slidingExact', 'bucket'] as const)('%s: costs above 1, and one that never fits', async (algorithm) => {
      const limit = yearly(algorithm, 10);
      const key = randomKey();
      expect((await take(use(limit, { key, hits: 4 }))).outcomes[0]).toMatchObject({ isOver: false, remaining: 6 });
      expect((await take(use(limit, { key, hits: 7 }))).outcomes[0]).toMatchObject({ isOver: true, remaining: 0 });
      expect((await take(use(limit, { key, hits: 6 }))).outcomes[0]).toMatchObject({ isOver: false, remaining: 0 });
      expect((await take(use(limit, { hits: 11 }))).outcomes[0]).toMatchObject({ isOver: true, retryAfterMs: Number.POSITIVE_INFINITY });
    });

    it.each(['fixed', 'sliding', 'slidingExact', 'bucket'] as const)(
      '%s: a check takes nothing and tells whether one would pass',
      async (algorithm) => {
        const one = use(yearly(algorithm, 1));
        const check = { ...one, hits: 0 };
        expect((await take(check)).outcomes[0]).toMatchObject({ isOver: false, remaining: 1 });
        expect((await take(check)).isOver).toBe(false);
        expect((await take(one)).isOver).toBe(false);
        expect((await take(check)).outcomes[0]).toMatchObject({ isOver: true, remaining: 0 });
      },
    );

    it.each(['fixed', 'sliding', 'bucket'] as const)('%s: a debit always takes, and is never over', async (algorithm) => {
      const limit = yearly(algorithm, 10);
      const key = randomKey();
      expect((await take(use(limit, { key, kind: 'debit', hits: 8 }))).outcomes[0]).toMatchObject({ isOver: false, remaining: 2 });
      expect((await take(use(limit, { key, kind: 'debit', hits: 7 }))).outcomes[0]).toMatchObject({ isOver: false, remaining: 0 });
      expect((await take(use(limit, { key, hits: 0 }))).isOver).toBe(true);
      expect(await used(use(limit, { key }))).toBe(15);
    });

    it.each(['fixed', 'sliding', 'slidingExact', 'bucket'] as const)(
      '%s: what is given back passes again, and never more',
      async (algorithm) => {
        const one = use(yearly(algorithm, 5));
        for (let hit = 0; hit < 5; hit += 1) await take(one);
        expect((await take(one)).isOver).toBe(true);
        await tested.store.give([{ ...one, hits: 2 }]);
        expect([(await take(one)).isOver, (await take(one)).isOver, (await take(one)).isOver]).toEqual([false, false, true]);
        await tested.store.give([{ ...one, hits: 4_000_000_000 }]);
        expect(await used(one)).toBe(0);
        await tested.store.give([{ ...use(yearly(algorithm, 5)), hits: 1 }]);
      },
    );

    it('counters that count denied requests too (ratelimit R307)', async () => {
      const one = use(yearly('fixed', 2), { kind: 'count' });
      const over = [await take(one), await take(one), await take({ ...one, hits: 0 }), await take(one), await take({ ...one, hits: 0 })];
      expect(over.map(({ isOver }) => isOver)).toEqual([false, false, false, true, true]);
    });

    it('N of 0 blocks, and other limits are not touched (ratelimit R103)', async () => {
      const free = use(yearly('fixed', 5));
      const blocked = use(yearly('bucket', 0));
      expect((await take(blocked)).outcomes[0]).toMatchObject({ isOver: true, remaining: 0, retryAfterMs: Number.POSITIVE_INFINITY });
      expect((await take(free, blocked)).isOver).toBe(true);
      expect(await used(free)).toBe(0);
      expect((await take(free, { ...blocked, isShadow: true })).outcomes.map(({ isOver }) => isOver)).toEqual([false, true]);
      expect(await used(free)).toBe(1);
    });

    it.each([2 ** 32 + 1, 2 ** 53 - 1])('N of %d is exact (ratelimit R103)', async (limit) => {
      const one = use(yearly('fixed', limit));
      expect((await take(one)).outcomes[0]?.remaining).toBe(limit - 1);
      expect((await take({ ...one, hits: 4_294_967_295 })).outcomes[0]?.remaining).toBe(limit - 1 - 4_294_967_295);
      expect((await take(one)).outcomes[0]?.remaining).toBe(limit >= 2 ** 33 ? limit - 4_294_967_297 : 0);
    });

    it('of several limits all are taken or none (ratelimit R406)', async () => {
      const slot = randomKey();
      const narrow = use(yearly('bucket', 2), { slot });
      const wide = use(yearly('fixed', 10), { slot });
      const slow = use(yearly('sliding', 10), { slot, hits: 2 });
      expect((await take(narrow, wide, slow)).outcomes.map(({ remaining }) => remaining)).toEqual([1, 9, 8]);
      expect((await take(narrow, wide, slow)).outcomes.map(({ remaining }) => remaining)).toEqual([0, 8, 6]);
      const denied = await take(narrow, wide, slow);
      expect(denied.outcomes.map(({ isOver }) => isOver)).toEqual([true, false, false]);
      expect([await used(narrow), await used(wide), await used(slow)]).toEqual([2, 2, 4]);
    });

    it('of several limits without a common slot a denied request takes none in the end (ratelimit R406)', async () => {
      const narrow = use(yearly('fixed', 1));
      const others = Array.from({ length: 6 }, () => use(yearly('fixed', 10)));
      await take(narrow);
      expect((await take(narrow, ...others)).isOver).toBe(true);
      await expect.poll(() => Promise.all(others.map(used))).toEqual(others.map(() => 0));
    });

    it('a shadow limit counts alone: it denies nobody, and is held back by nobody (ratelimit R108)', async () => {
      const shadow = use(yearly('fixed', 1), { isShadow: true });
      const real = use(yearly('fixed', 2));
      await take(shadow, real);
      const second = await take(shadow, real);
      expect([second.isOver, second.outcomes.map(({ isOver }) => isOver)]).toEqual([false, [true, false]]);
      expect((await take(shadow, real)).isOver).toBe(true);
      const fresh = { ...shadow, key: randomKey() };
      expect((await take(fresh, real)).isOver).toBe(true);
      expect(await used(shadow)).toBe(1);
    });

    it('a raised N keeps what was used (ratelimit R102)', async () => {
      const key = randomKey();
      const before = limitOf({ id: 'raised', limit: 1, periodUs: YEAR_US });
      await take(use(before, { key }));
      expect((await take(use(before, { key }))).isOver).toBe(true);
      expect((await take(use({ ...before, limit: 3 }, { key }))).outcomes[0]).toMatchObject({ isOver: false, remaining: 1 });
    });

    it.each(['fixed', 'sliding', 'slidingExact', 'bucket'] as const)('%s: reset forgets, a grant lets more pass', async (algorithm) => {
      const one = use(yearly(algorithm, 2));
      await take(one);
      await take(one);
      expect((await take(one)).isOver).toBe(true);
      await tested.store.reset(one);
      expect(await used(one)).toBe(0);
      expect((await take(one)).outcomes[0]?.remaining).toBe(1);
      await tested.store.grant(one, 1);
      expect((await take(one)).outcomes[0]?.remaining).toBe(1);
    });

    it('a ledger never grants more than there is, and keeps what a holder may still spend (ratelimit R703)', async () => {
      const claim = { key: randomKey(), limit: 100, burst: 10, demand: 5, ttlMs: 20_000, isConfirmed: false };
      const a = await tested.store.ledger({ ...claim, holder: 'a', share: 80, wantedBurst: 8 });
      expect(a).toMatchObject({ share: 80, burst: 8, freeShare: 20, freeBurst: 2 });
      const b = await tested.store.ledger({ ...claim, holder: 'b', share: 50, wantedBurst: 5 });
      expect(b).toMatchObject({ share: 20, burst: 2, freeShare: 0 });
      const lowered = await tested.store.ledger({ ...claim, holder: 'a', share: 50, wantedBurst: 5 });
      expect(lowered).toMatchObject({ share: 50, burst: 5, freeShare: 0 });
      expect((await tested.store.ledger({ ...claim, holder: 'b', share: 50, wantedBurst: 5 })).share).toBe(20);
      const confirmed = await tested.store.ledger({ ...claim, holder: 'a', share: 50, wantedBurst: 5, isConfirmed: true });
      expect(confirmed.freeShare).toBe(30);
      expect((await tested.store.ledger({ ...claim, holder: 'b', share: 50, wantedBurst: 5 })).holders).toEqual([
        { holder: 'a', share: 50, burst: 5, demand: 5 },
        { holder: 'b', share: 50, burst: 5, demand: 5 },
      ]);
    });

    it('tells how many workers live', async () => {
      expect(await tested.store.heartbeat()).toBe(1);
    });
  });
}
