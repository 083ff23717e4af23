import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bucketAvailable,
  bucketDebited,
  bucketGiven,
  bucketRate,
  bucketResetUs,
  bucketRetryUs,
  bucketTaken,
  FULL,
  type Moment,
  settled,
} from '../../../../src/ratelimit/algorithms/bucket.ts';
import { limitProblem } from '../../../../src/ratelimit/algorithms/limit-problem.ts';
import { limitOf } from '../store-limit.ts';

const EPOCH_US = 1_795_000_000_000_000;

/** The same bucket in exact fractions: when it will be full, in N-ths of a microsecond. */
class BigBucket {
  readonly n: bigint;
  readonly p: bigint;
  readonly burst: bigint;
  full = 0n;

  constructor(limit: number, periodUs: number, burst: number) {
    this.n = BigInt(limit);
    this.p = BigInt(periodUs);
    this.burst = BigInt(burst);
  }

  available(nowUs: number): number {
    const now = BigInt(nowUs) * this.n;
    const start = this.full > now ? this.full : now;
    const room = now + this.burst * this.p - start;
    return room < 0n ? 0 : Number(room / this.p);
  }

  take(hits: number, nowUs: number): void {
    const now = BigInt(nowUs) * this.n;
    const worst = now + 2n * this.burst * this.p;
    const start = this.full > now ? this.full : now;
    const end = start + BigInt(hits) * this.p;
    this.full = end > worst ? worst : end;
  }
}

const rates = fc
  .record({
    limit: fc.oneof(fc.integer({ min: 1, max: 100_000 }), fc.constantFrom(70_000, 3, 7, 999_983, 2 ** 32 + 1)),
    seconds: fc.constantFrom(1, 7, 60, 3600, 86_400, 31_622_400),
    burst: fc.oneof(fc.integer({ min: 1, max: 100_000 }), fc.constantFrom(1, 2)),
  })
  .filter(
    ({ limit, seconds, burst }) => limitProblem(limitOf({ algorithm: 'bucket', limit, periodUs: seconds * 1e6, burst })) === undefined,
  );

const steps = fc.array(
  fc.record({
    waitUs: fc.oneof(fc.nat(10), fc.nat(100_000_000)),
    hits: fc.oneof(fc.integer({ min: 1, max: 5 }), fc.nat(200_000)),
    isDebit: fc.boolean(),
  }),
  { maxLength: 60 },
);

describe('a token bucket', () => {
  it('lets pass what exact fractions let pass, to the hit and to the microsecond (ratelimit R403, R1002)', () => {
    fc.assert(
      fc.property(rates, steps, ({ limit, seconds, burst }, walk) => {
        const rate = bucketRate(limit, seconds * 1e6, burst);
        const model = new BigBucket(limit, seconds * 1e6, burst);
        let state: Moment = FULL;
        let nowUs = EPOCH_US;
        for (const { waitUs, hits, isDebit } of walk) {
          nowUs += waitUs;
          const t = settled(rate, state, nowUs);
          expect(bucketAvailable(rate, t, nowUs)).toBe(model.available(nowUs));
          if (isDebit) {
            state = bucketDebited(rate, t, { hits, nowUs });
            model.take(hits, nowUs);
            continue;
          }
          const retryUs = bucketRetryUs(rate, t, { hits, nowUs });
          if (hits <= burst) {
            expect(model.available(nowUs + retryUs)).toBeGreaterThanOrEqual(hits);
            // No hits always pass; what is owed before them has its own time.
            if (retryUs > 0 && hits > 0) expect(model.available(nowUs + retryUs - 1)).toBeLessThan(hits);
          } else expect(retryUs).toBe(Number.POSITIVE_INFINITY);
          if (hits > model.available(nowUs)) continue;
          state = bucketTaken(rate, t, hits);
          model.take(hits, nowUs);
          const resetUs = bucketResetUs(state, nowUs);
          expect(model.available(nowUs + resetUs)).toBe(burst);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('lets pass at most B + tN/P in any time t (ratelimit R105)', () => {
    fc.assert(
      fc.property(rates, steps, ({ limit, seconds, burst }, walk) => {
        const rate = bucketRate(limit, seconds * 1e6, burst);
        const passed: { at: number; hits: number }[] = [];
        let state: Moment = FULL;
        let nowUs = EPOCH_US;
        for (const { waitUs, hits } of walk) {
          nowUs += waitUs;
          const t = settled(rate, state, nowUs);
          if (hits === 0 || hits > bucketAvailable(rate, t, nowUs)) continue;
          state = bucketTaken(rate, t, hits);
          passed.push({ at: nowUs, hits });
        }
        for (const [first, { at }] of passed.entries()) {
          let sum = 0n;
          for (const hit of passed.slice(first)) {
            sum += BigInt(hit.hits);
            const bound = BigInt(burst) * BigInt(seconds * 1e6) + BigInt(hit.at - at) * BigInt(limit);
            expect(sum * BigInt(seconds * 1e6) <= bound).toBe(true);
          }
        }
      }),
    );
  });

  it('is as before when hits are taken and given back', () => {
    fc.assert(
      fc.property(rates, fc.nat(100_000), ({ limit, seconds, burst }, wanted) => {
        const rate = bucketRate(limit, seconds * 1e6, burst);
        const t = settled(rate, FULL, EPOCH_US);
        const hits = Math.min(wanted, burst);
        expect(bucketGiven(rate, bucketTaken(rate, t, hits), hits)).toEqual(t);
      }),
    );
  });

  it('never owes more than its burst, also when the clock goes back', () => {
    const rate = bucketRate(10, 1e6, 5);
    const owed = bucketDebited(rate, settled(rate, FULL, EPOCH_US), { hits: 4_000_000_000, nowUs: EPOCH_US });
    expect(bucketRetryUs(rate, owed, { hits: 1, nowUs: EPOCH_US })).toBe(600_000);
    expect(settled(rate, owed, EPOCH_US - 3600e6)).toEqual({ whole: EPOCH_US - 3600e6 + 1_000_000, part: 0 });
  });

  it('counts 70,000 a second exactly, where a double would be 0.25 % off', () => {
    const rate = bucketRate(70_000, 1e6, 70_000);
    let t = settled(rate, FULL, EPOCH_US);
    for (let hit = 0; hit < 70_000; hit += 1) t = bucketTaken(rate, t, 1);
    expect(t).toEqual({ whole: EPOCH_US + 1_000_000, part: 0 });
    expect(bucketAvailable(rate, t, EPOCH_US)).toBe(0);
  });
});
