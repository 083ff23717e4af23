import { describe, expect, test } from 'vitest';
import { RequestRate } from '../../../src/xds/request-rate.ts';

describe('the rate of requests', () => {
  test('X98: a burst passes, then one goes on per part of a second, and a rest makes room again', () => {
    const rate = new RequestRate({ perSecond: 100, burst: 5 });
    const waits = [1, 2, 3, 4, 5].map(() => rate.count(1_000));
    expect(waits).toEqual([0, 0, 0, 0, 10]);
    expect(rate.count(1_010)).toBe(10);
    expect(rate.count(1_020)).toBe(10);
    expect(rate.count(2_000)).toBe(0);
  });

  test('X98: what was read beyond the rate is waited for', () => {
    const rate = new RequestRate({ perSecond: 1_000, burst: 1 });
    expect([1, 2, 3].map(() => rate.count(5_000))).toEqual([1, 2, 3]);
  });

  test('a clock that goes back is no harm', () => {
    const rate = new RequestRate({ perSecond: 1_000, burst: 2 });
    expect([rate.count(1_000), rate.count(10), rate.count(20)]).toEqual([0, 1, 0]);
  });
});
