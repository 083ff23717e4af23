import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { burstsOf, divided } from '../../../../src/ratelimit/quota/division.ts';

const sum = (numbers: readonly number[]): number => numbers.reduce((all, each) => all + each, 0);
const wants = fc.array(fc.double({ min: 1, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 200 });

describe('the division of a budget', () => {
  it('gives the small what they want, the large the same, and what is left in proportion (R704)', () => {
    expect(divided([10, 100, 100], 110)).toEqual([10, 50, 50]);
    expect(divided([10, 30], 80)).toEqual([20, 60]);
    expect(divided([5, 5, 5], 10)).toEqual([4, 3, 3]);
    expect(divided([], 10)).toEqual([]);
  });

  it('is whole, adds up to the total, and nobody has less than another that wants no more (R704)', () => {
    fc.assert(
      fc.property(wants, fc.nat(4_294_967_295), (all, total) => {
        const shares = divided(all, total);
        expect(shares.every(Number.isSafeInteger)).toBe(true);
        expect(sum(shares)).toBe(total);
        const byWant = all.map((want, place) => ({ want, share: shares[place] ?? 0 })).sort((a, b) => a.want - b.want);
        for (const [place, { share }] of byWant.entries()) expect((byWant[place + 1]?.share ?? share) - share).toBeGreaterThanOrEqual(-1);
      }),
    );
  });

  it('takes from no one what he wants for one that wants more than an even part (R704)', () => {
    fc.assert(
      fc.property(wants, fc.nat(1_000_000), (all, total) => {
        const shares = divided(all, total);
        const even = Math.floor(total / all.length);
        for (const [place, want] of all.entries()) expect(shares[place]).toBeGreaterThanOrEqual(Math.min(Math.floor(want), even) - 1);
      }),
    );
  });

  it('gives bursts in proportion, at least 1 while there are any, never more than there are (R704)', () => {
    expect(burstsOf([50, 40, 0], 100, 10)).toEqual([5, 4, 0]);
    expect(burstsOf([3, 2, 1], 1000, 2)).toEqual([1, 1, 0]);
    fc.assert(
      fc.property(wants, fc.nat(1_000_000), fc.nat(10_000), (all, total, burst) => {
        const bursts = burstsOf(divided(all, total), total, burst);
        expect(sum(bursts)).toBeLessThanOrEqual(burst);
      }),
    );
  });
});
