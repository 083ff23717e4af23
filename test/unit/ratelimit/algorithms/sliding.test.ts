import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  NO_HITS,
  rolled,
  type SlidingState,
  slidingEmptyUs,
  slidingGiven,
  slidingResetUs,
  slidingRetryUs,
  slidingTaken,
  slidingUsed,
} from '../../../../src/ratelimit/algorithms/sliding.ts';
import { logGiven, logResetUs, logRetryUs, logTaken, remembered } from '../../../../src/ratelimit/algorithms/sliding-log.ts';

const EPOCH_US = 1_795_000_000_000_000;
const PERIOD_US = 10_000_000;
const limits = fc.integer({ min: 1, max: 50 });
const steps = fc.array(
  fc.record({
    waitUs: fc.oneof(fc.nat(10), fc.nat(3_000_000), fc.constantFrom(1_000_000, 9_999_999)),
    hits: fc.integer({ min: 1, max: 20 }),
  }),
  {
    maxLength: 80,
  },
);

interface Hit {
  readonly at: number;
  readonly hits: number;
}

/** The most that passed in any half-open span of one period: spans that begin at a hit suffice. */
function most(passed: readonly Hit[]): number {
  let worst = 0;
  for (const { at } of passed) {
    let sum = 0;
    for (const hit of passed) if (hit.at >= at && hit.at < at + PERIOD_US) sum += hit.hits;
    worst = Math.max(worst, sum);
  }
  return worst;
}

describe('a sliding window of sub-windows', () => {
  it('never lets more than the limit pass in any window, and remembers no hit for more than 1.1 of it (ratelimit R402, R105)', () => {
    fc.assert(
      fc.property(limits, steps, (limit, walk) => {
        const passed: Hit[] = [];
        let state: SlidingState = NO_HITS;
        let nowUs = EPOCH_US;
        for (const { waitUs, hits } of walk) {
          nowUs += waitUs;
          state = rolled(state, PERIOD_US, nowUs);
          const inOld = passed.filter(({ at }) => at > nowUs - PERIOD_US).reduce((sum, hit) => sum + hit.hits, 0);
          const inLonger = passed.filter(({ at }) => at > nowUs - 1.1 * PERIOD_US).reduce((sum, hit) => sum + hit.hits, 0);
          expect(slidingUsed(state)).toBeGreaterThanOrEqual(inOld);
          expect(slidingUsed(state)).toBeLessThanOrEqual(inLonger);
          if (slidingUsed(state) + hits > limit) continue;
          state = slidingTaken(state, hits);
          passed.push({ at: nowUs, hits });
        }
        expect(most(passed)).toBeLessThanOrEqual(limit);
      }),
    );
  });

  it('tells to the microsecond when hits will pass, when the next are forgotten, and when all are (ratelimit R1002)', () => {
    fc.assert(
      fc.property(limits, steps, (limit, walk) => {
        let state: SlidingState = NO_HITS;
        let nowUs = EPOCH_US;
        const usedAt = (at: number): number => slidingUsed(rolled(state, PERIOD_US, at));
        for (const { waitUs, hits } of walk) {
          nowUs += waitUs;
          state = rolled(state, PERIOD_US, nowUs);
          const retryUs = slidingRetryUs(state, hits, { limit, periodUs: PERIOD_US, nowUs });
          if (hits > limit) expect(retryUs).toBe(Number.POSITIVE_INFINITY);
          else {
            expect(usedAt(nowUs + retryUs) + hits).toBeLessThanOrEqual(limit);
            if (retryUs > 0) expect(usedAt(nowUs + retryUs - 1) + hits).toBeGreaterThan(limit);
          }
          if (retryUs === 0) state = slidingTaken(state, hits);
          const resetUs = slidingResetUs(state, PERIOD_US, nowUs);
          if (slidingUsed(state) > 0) {
            expect(usedAt(nowUs + resetUs)).toBeLessThan(slidingUsed(state));
            expect(usedAt(nowUs + resetUs - 1)).toBe(slidingUsed(state));
            expect(usedAt(nowUs + slidingEmptyUs(state, PERIOD_US, nowUs))).toBe(0);
          } else expect(resetUs).toBe(0);
        }
      }),
    );
  });

  it('gives back the newest hits first, down to nothing, and forgets nothing when the clock goes back', () => {
    let state = slidingTaken(rolled(NO_HITS, PERIOD_US, EPOCH_US), 5);
    state = slidingTaken(rolled(state, PERIOD_US, EPOCH_US + 2_000_000), 3);
    expect(slidingUsed(slidingGiven(state, 4))).toBe(4);
    expect(slidingUsed(slidingGiven(state, 100))).toBe(0);
    expect(slidingUsed(rolled(state, PERIOD_US, EPOCH_US - 3_600_000_000))).toBe(8);
  });
});

describe('an exact sliding window', () => {
  it('lets pass exactly what a list of hits lets pass (ratelimit R402, R1002)', () => {
    fc.assert(
      fc.property(limits, steps, (limit, walk) => {
        const passed: Hit[] = [];
        let times: readonly number[] = [];
        let nowUs = EPOCH_US;
        for (const { waitUs, hits } of walk) {
          nowUs += waitUs;
          times = remembered(times, PERIOD_US, nowUs);
          const used = passed.filter(({ at }) => at > nowUs - PERIOD_US).reduce((sum, hit) => sum + hit.hits, 0);
          expect(times.length).toBe(used);
          const retryUs = logRetryUs(times, hits, { limit, periodUs: PERIOD_US, nowUs });
          expect(retryUs === 0).toBe(used + hits <= limit);
          if (retryUs > 0 && retryUs < Number.POSITIVE_INFINITY) {
            expect(remembered(times, PERIOD_US, nowUs + retryUs).length + hits).toBeLessThanOrEqual(limit);
            expect(remembered(times, PERIOD_US, nowUs + retryUs - 1).length + hits).toBeGreaterThan(limit);
          }
          if (retryUs > 0) continue;
          times = logTaken(times, nowUs, hits);
          passed.push({ at: nowUs, hits });
          const resetUs = logResetUs(times, PERIOD_US, nowUs);
          expect(remembered(times, PERIOD_US, nowUs + resetUs).length).toBeLessThan(times.length);
        }
        expect(most(passed)).toBeLessThanOrEqual(limit);
        expect(logGiven(times, 1_000)).toEqual([]);
      }),
    );
  });
});
