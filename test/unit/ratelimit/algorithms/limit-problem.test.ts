import { describe, expect, it } from 'vitest';
import { limitProblem } from '../../../../src/ratelimit/algorithms/limit-problem.ts';
import { limitOf } from '../store-limit.ts';

const CALENDAR = { unit: 'day', count: 1, timeZone: 'UTC', weekStart: 'monday', monthDay: 1 } as const;

describe('limits that a store takes (ratelimit R103, R403)', () => {
  it.each([0, 1, 2 ** 32, 2 ** 53 - 1])('fixed windows of %d', (limit) => {
    expect(limitProblem(limitOf({ limit }))).toBeUndefined();
  });

  it.each([-1, 0.5, 2 ** 53, Number.NaN])('but not %d', (limit) => {
    expect(limitProblem(limitOf({ limit }))).toMatch(/whole number/);
  });

  it.each([
    [{ algorithm: 'bucket', limit: 2 ** 32, burst: 2 ** 32 }, /burst of 4294967296 is too large/],
    [{ algorithm: 'bucket', limit: 1, periodUs: 86_400_000_000, burst: 100_000 }, /longer than 70 years/],
    [{ algorithm: 'bucket', limit: 1, burst: 0 }, /burst of 0/],
    [{ algorithm: 'slidingExact', limit: 1001 }, /at most 1000 hits/],
    [{ algorithm: 'sliding', periodUs: 11 }, /multiple of 10/],
    [{ algorithm: 'sliding', calendar: CALENDAR }, /needs fixed windows/],
  ] as const)('%j is refused', (parts, problem) => {
    expect(limitProblem(limitOf(parts))).toMatch(problem);
  });
});
