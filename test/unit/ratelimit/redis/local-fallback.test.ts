import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LocalFallback, type Seen } from '../../../../src/ratelimit/redis/local-fallback.ts';
import { StoreClock } from '../../../../src/ratelimit/store/store-clock.ts';
import { randomKey, use, YEAR_US, yearly } from '../../../contract/ratelimit-store-contract.ts';
import { limitOf } from '../store-limit.ts';

interface Worker {
  readonly fallback: LocalFallback;
  pass(ms: number): void;
}

function workers(count: number, seen: (worker: number) => Seen | undefined = () => undefined): readonly Worker[] {
  return Array.from({ length: count }, (_, rank) => {
    let ms = 1_795_000_000_000;
    const clock = new StoreClock({ wallMs: () => ms, monotonicMs: () => ms - 1_790_000_000_000 });
    const fallback = new LocalFallback({ clock, random: () => 0.5, rank: () => ({ workers: count, rank }), seen: () => seen(rank) });
    return {
      fallback,
      pass: (by) => {
        ms += by;
      },
    };
  });
}
const closed = (all: readonly Worker[]): Promise<unknown> => Promise.all(all.map(({ fallback }) => fallback.close()));
function passing({ fallback }: Worker, one: ReturnType<typeof use>, times: number): number {
  let passed = 0;
  for (let hit = 0; hit < times; hit += 1) if (!fallback.answer([one], 'unavailable').isOver) passed += 1;
  return passed;
}

describe('what is answered while Redis does not (ratelimit R802, R803)', () => {
  it('of a counter that nobody knows all workers together let N pass, also where it is smaller than they are many', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 40 }), async (count, limit) => {
        const all = workers(count);
        const one = use(yearly('fixed', limit));
        expect(all.reduce((sum, worker) => sum + passing(worker, one, limit + 2), 0)).toBe(limit);
        await closed(all);
      }),
      { numRuns: 20 },
    );
  });

  it('of one that was seen each lets its part pass, at least a quarter of an equal part: 1.25 N at most in all', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(50), { minLength: 2, maxLength: 6 }), fc.integer({ min: 10, max: 400 }), async (owns, limit) => {
        const total = owns.reduce((sum, own) => sum + own, 0);
        fc.pre(total > 0);
        const all = workers(owns.length, (worker) => ({ own: owns[worker] ?? 0, total }));
        const one = use(yearly('fixed', limit));
        const passed = all.map((worker) => passing(worker, one, limit + 2));
        expect(passed.reduce((sum, each) => sum + each, 0)).toBeLessThanOrEqual(limit * 1.25);
        for (const each of passed) expect(each).toBeGreaterThanOrEqual(Math.floor(limit / (4 * owns.length)));
        await closed(all);
      }),
      { numRuns: 20 },
    );
  });

  it('of several limits one that says deny denies, and then nothing is counted; one of 0 blocks; shadow ones deny nobody', async () => {
    const [worker] = workers(1);
    if (worker === undefined) throw new Error('no worker');
    const local = use(yearly('fixed', 1));
    const deny = use(limitOf({ id: 'deny', onStoreFailure: 'deny', periodUs: YEAR_US }));
    const allow = use(limitOf({ id: 'allow', onStoreFailure: 'allow', periodUs: YEAR_US }));
    const blocked = use(limitOf({ id: 'blocked', limit: 0, onStoreFailure: 'allow' }));
    const over = (...uses: Parameters<LocalFallback['answer']>[0]) => worker.fallback.answer(uses, 'breaker').isOver;
    expect([
      over(local, deny),
      over(local, blocked),
      over(allow),
      over({ ...deny, isShadow: true }),
      over({ ...deny, kind: 'debit' }),
    ]).toEqual([true, true, false, false, false]);
    // Neither of them took the one hit of the local one.
    expect([over(local), over(local)]).toEqual([false, true]);
    await worker.fallback.close();
  });

  it('hits of open fixed windows are told once, those that Redis may have counted never (R805)', async () => {
    const [worker] = workers(1);
    if (worker === undefined) throw new Error('no worker');
    const { fallback, pass } = worker;
    const [hour, other] = [use(limitOf({ id: 'hour', limit: 100, periodUs: 3_600_000_000 })), use(yearly('fixed', 100))];
    const short = use(limitOf({ id: 'second', limit: 100, periodUs: 1_000_000 }));
    for (const failure of ['unavailable', 'breaker', 'shed', 'timeout', 'lost', 'deadline'] as const)
      fallback.answer([hour, other], failure);
    fallback.answer([short], 'breaker');
    fallback.answer([use(yearly('bucket', 5))], 'breaker');
    fallback.answer([{ ...hour, hits: 0 }], 'breaker');
    pass(2_000);
    const told = (reached: readonly (typeof hour)[]) =>
      fallback.drain((asked) => reached.some(({ key }) => key === asked.key)).map((hits) => [hits.use.limit.id, hits.hits]);
    // What cannot be reached yet is kept.
    expect(told([hour])).toEqual([['hour', 3]]);
    expect(told([hour, other])).toEqual([[other.limit.id, 3]]);
    expect(told([hour, other])).toEqual([]);
    await fallback.close();
  });

  it('a bucket of a part is filled at a part of the speed', async () => {
    const [first] = workers(4);
    if (first === undefined) throw new Error('no worker');
    const key = randomKey();
    const one = use(limitOf({ id: 'b', algorithm: 'bucket', limit: 40, burst: 40, periodUs: 40_000_000 }), { key });
    expect(passing(first, one, 50)).toBe(10);
    first.pass(8_000);
    expect(passing(first, one, 50)).toBe(2);
    await first.fallback.close();
  });
});
