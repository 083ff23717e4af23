// Which match is the more exact one, and which are ties (ratelimit R107).
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareMatchRanks, matchCovers, matchesCommon, matchRank, matchTies, type PartMatch } from '../../../src/lib/match-rank.ts';

const match = (parts: Readonly<Record<string, string>>): readonly PartMatch[] =>
  Object.entries(parts).map(([part, value]) => ({ part, value }));
const order = (left: Readonly<Record<string, string>>, right: Readonly<Record<string, string>>) =>
  Math.sign(compareMatchRanks(matchRank(match(left)), matchRank(match(right))));

describe('of two matches the more exact one (R107)', () => {
  it('has no pattern, then most literal text, then most parts, then fewest stars', () => {
    expect(order({ a: 'x' }, { a: 'xxxx*' })).toBe(-1);
    expect(order({ a: 'xxxxx' }, { a: 'x', b: 'y' })).toBe(1);
    expect(order({ a: 'xy*' }, { a: 'x*' })).toBe(-1);
    expect(order({ a: 'x*' }, { a: 'x*', b: '*' })).toBe(1);
    expect(order({ a: 'x*' }, { a: '*x' })).toBe(0);
    expect(order({ a: 'x', b: '*' }, { a: 'x*', b: '*' })).toBe(-1);
  });
});

describe('what fits two matches', () => {
  it('is told by others', () => {
    expect(matchesCommon(match({ a: 'x', b: 'y*' }), match({ b: '*z', c: '1' }))).toEqual([match({ c: '1', a: 'x', b: 'y*z' })]);
    expect(matchesCommon(match({ a: 'x' }), match({ a: 'y' }))).toEqual([]);
  });
});

describe('ties (R107)', () => {
  it.each<[string, readonly Readonly<Record<string, string>>[], readonly (readonly [number, number])[]]>([
    [
      'of equal values',
      [{ a: 'x' }, { a: 'y' }, { a: 'x' }, { a: 'x' }],
      [
        [2, 0],
        [3, 0],
      ],
    ],
    ['of different parts that may come together', [{ a: 'x' }, { b: 'y' }], [[1, 0]]],
    [
      'of patterns that share a text',
      [{ a: 'x*' }, { a: '*x' }, { a: 'y*' }],
      [
        [1, 0],
        [2, 1],
      ],
    ],
    [
      'are none where the values differ',
      [
        { a: 'x', b: 'y' },
        { b: 'z', c: 'y' },
      ],
      [],
    ],
    ['are none where one is more exact', [{ a: 'x*' }, { a: 'xy*' }, { a: 'x*', b: '*' }, { a: 'x' }], []],
  ])('%s', (_what, matches, expected) => {
    expect([...matchTies(matches.map(match))]).toEqual(expected);
  });

  it('leave no request for which two of the most exact stand equal', () => {
    const one = fc.dictionary(fc.constantFrom('a', 'b'), fc.string({ unit: fc.constantFrom('x', 'y', '*'), maxLength: 3 }), { minKeys: 1 });
    const value = fc.string({ unit: fc.constantFrom('x', 'y'), maxLength: 4 });
    fc.assert(
      fc.property(fc.array(one, { maxLength: 5 }), value, value, (list, a, b) => {
        const matches = list.map(match);
        const request = match({ a, b });
        const fitting = matches
          .filter((each) => matchCovers(each, request))
          .sort((left, right) => compareMatchRanks(matchRank(left), matchRank(right)));
        const [first, second] = fitting;
        if (first === undefined || second === undefined) return;
        if (compareMatchRanks(matchRank(first), matchRank(second)) === 0) expect(matchTies(matches).size).toBeGreaterThan(0);
      }),
      { numRuns: 2000 },
    );
  });

  it('of ten thousand values are found at once', () => {
    const many = Array.from({ length: 10_000 }, (_, index) => match({ a: `value-${index}` }));
    expect(matchTies([...many, match({ a: 'value-9999' })]).get(10_000)).toBe(9_999);
  });
});
