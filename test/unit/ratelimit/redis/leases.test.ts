import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Leases, leasable } from '../../../../src/ratelimit/redis/leases.ts';
import type { CounterUse, TakeAnswer } from '../../../../src/ratelimit/store.ts';
import { use, YEAR_US } from '../../../contract/ratelimit-store-contract.ts';
import { limitOf } from '../store-limit.ts';

const LIMIT = limitOf({ id: 'leased', limit: 1_000, periodUs: YEAR_US, lease: { max: 20, ttlMs: 500 } });
const answered = (remaining: number): TakeAnswer => ({
  isOver: false,
  outcomes: [{ isOver: false, remaining, resetMs: 1, retryAfterMs: 0 }],
  source: 'store',
});

describe('hits taken in advance (ratelimit R506)', () => {
  let taken: number[];
  let given: number[];
  let nowUs: number;
  let endUs: number | undefined;
  let isRefused: boolean;
  const one = use(LIMIT);
  const spent = (leases: Leases): number => {
    let count = 0;
    while (leases.spend(one) !== undefined) count += 1;
    return count;
  };
  function created(workers: number): Leases {
    return new Leases({
      takeAll: async (asked: CounterUse) => {
        taken.push(asked.hits);
        return isRefused ? undefined : { remaining: 500, atUs: nowUs };
      },
      giveBack: (back) => given.push(back.hits),
      windowOf: () => (endUs === undefined ? undefined : { startUs: 0, endUs }),
      nowUs: () => nowUs,
      workers: () => workers,
    });
  }
  const flushed = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);
  const later = (ms: number): Promise<unknown> => {
    nowUs += ms * 1000;
    return vi.advanceTimersByTimeAsync(ms);
  };

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    [taken, given, nowUs, endUs, isRefused] = [[], [], 1_000_000, undefined, false];
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it.each([
    [1, 1_000, 20],
    [4, 160, 20],
    [4, 90, 11],
    [1, 30, 15],
  ])('of %d workers, %d remaining: %d', async (workers, remaining, hits) => {
    const leases = created(workers);
    leases.extend(one, answered(remaining));
    await flushed();
    // Where less remains than all may take, one hit at a time.
    expect(taken).toEqual(remaining < workers * 20 ? [] : [hits]);
    leases.giveAll();
  });

  it('are spent one by one, told as what remains, and asked for once', async () => {
    const leases = created(1);
    leases.extend(one, answered(900));
    leases.extend(one, answered(900));
    await flushed();
    expect(taken).toEqual([20]);
    expect(leases.spend(one)).toMatchObject({ source: 'lease', isOver: false, outcomes: [{ remaining: 519 }] });
    leases.extend(one, answered(900));
    expect([spent(leases), taken, given]).toEqual([19, [20], []]);
  });

  it('go back when they are not spent in time, and are void where the window is over', async () => {
    const leases = created(1);
    leases.extend(one, answered(900));
    await flushed();
    leases.spend(one);
    await later(500);
    expect([given, spent(leases)]).toEqual([[19], 0]);
    endUs = nowUs + 100_000;
    leases.extend(one, answered(900));
    await flushed();
    await later(100);
    expect([given, spent(leases)]).toEqual([[19], 0]);
  });

  it('go back when the worker ends, not when the counter was reset; a refusal is no lease', async () => {
    const leases = created(1);
    leases.extend(one, answered(900));
    await flushed();
    leases.forget(one.key.text);
    leases.giveAll();
    expect([given, spent(leases)]).toEqual([[], 0]);
    leases.extend(one, answered(900));
    await flushed();
    leases.giveAll();
    expect(given).toEqual([20]);
    isRefused = true;
    leases.extend(one, answered(900));
    await flushed();
    expect(spent(leases)).toBe(0);
  });

  it('answer one hit of one limit that has them, and nothing else', () => {
    expect(leasable([one])).toBe(one);
    const others: readonly (readonly CounterUse[])[] = [
      [],
      [one, use(LIMIT)],
      [{ ...one, hits: 2 }],
      [{ ...one, hits: 0 }],
      [{ ...one, kind: 'debit' }],
      [{ ...one, isShadow: true }],
      [use(limitOf({ limit: 0, lease: { max: 20, ttlMs: 500 } }))],
      [use(limitOf({}))],
    ];
    expect(others.map((uses) => leasable(uses))).toEqual(others.map(() => undefined));
  });
});
