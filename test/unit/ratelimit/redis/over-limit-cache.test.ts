import { describe, expect, it } from 'vitest';
import { OverLimitCache } from '../../../../src/ratelimit/redis/over-limit-cache.ts';
import { PlainCounters } from '../../../../src/ratelimit/redis/plain-counters.ts';
import { use, yearly } from '../../../contract/ratelimit-store-contract.ts';

describe('what is remembered of counters that are over (ratelimit R505)', () => {
  function hearing(): OverLimitCache {
    const cache = new OverLimitCache();
    cache.hears(true);
    return cache;
  }

  it('holds until nothing can have changed it, and not longer', () => {
    const cache = hearing();
    const one = use(yearly('fixed', 10));
    expect(cache.overUntilMs(one, 0)).toBeUndefined();
    cache.remember(one, { nowMs: 0, untilMs: 5_000 });
    expect([cache.overUntilMs(one, 4_999), cache.overUntilMs(one, 5_000)]).toEqual([5_000, undefined]);
  });

  it('says nothing of requests that cost less, nor of a larger limit: they may pass', () => {
    const cache = hearing();
    const one = use(yearly('bucket', 10), { hits: 4 });
    cache.remember(one, { nowMs: 0, untilMs: 5_000 });
    const untilMs = [{ hits: 3 }, { hits: 0 }, { hits: 4 }, { hits: 9 }].map((parts) => cache.overUntilMs({ ...one, ...parts }, 1));
    expect(untilMs).toEqual([undefined, undefined, 5_000, 5_000]);
    expect(cache.overUntilMs({ ...one, limit: yearly('bucket', 11) }, 1)).toBeUndefined();
    expect(cache.overUntilMs({ ...one, limit: yearly('bucket', 9) }, 1)).toBe(5_000);
  });

  it('is believed for a second while nobody could tell of a reset, and forgotten when somebody can again', () => {
    const cache = new OverLimitCache();
    const one = use(yearly('fixed', 10));
    cache.remember(one, { nowMs: 0, untilMs: 5_000 });
    expect([cache.overUntilMs(one, 999) !== undefined, cache.overUntilMs(one, 1_000)]).toEqual([true, undefined]);
    cache.remember(one, { nowMs: 0, untilMs: 5_000 });
    cache.hears(true);
    expect(cache.overUntilMs(one, 1)).toBeUndefined();
  });

  it('whatever may let hits pass again begins a new generation, so that an answer on its way is not remembered', () => {
    const cache = hearing();
    const { generation } = cache;
    cache.forget('another key');
    expect(cache.generation).not.toBe(generation);
  });

  it('holds 100,000 counters, the newest (P27)', () => {
    const cache = hearing();
    const limit = yearly('fixed', 1);
    const all = Array.from({ length: 100_001 }, () => use(limit));
    for (const one of all) cache.remember(one, { nowMs: 0, untilMs: 5_000 });
    const [first, second] = all;
    if (first === undefined || second === undefined) throw new Error('no uses');
    expect([cache.overUntilMs(first, 1), cache.overUntilMs(second, 1)]).toEqual([undefined, 5_000]);
  });
});

it('of counters that were touched 100,000 are remembered, the newest (ratelimit R504, P27)', () => {
  const counters = new PlainCounters('crl');
  const window = { startUs: 0, endUs: 60_000_000 };
  const limit = yearly('fixed', 1);
  const all = Array.from({ length: 100_001 }, () => use(limit));
  for (const one of all) counters.at(one, window);
  const [first, second] = all;
  if (first === undefined || second === undefined) throw new Error('no uses');
  expect([counters.find(first, window), counters.find(second, window)?.name]).toEqual([undefined, `crl:f:{${second.key.text}}:0`]);
  expect(counters.find(second, { startUs: 60_000_000, endUs: 120_000_000 })).toBeUndefined();
  counters.clear();
  expect(counters.find(second, window)).toBeUndefined();
});
