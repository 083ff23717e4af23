// Which match is the more exact one, and which are ties (ratelimit R107).
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareMatchRanks, matchesOverlap, matchRank, matchTies, type PartMatch } from '../../../src/lib/match-rank.ts';

const match = (parts: Readonly<Record<string, string>>): readonly PartMatch[] =>
  Object.entries(parts).map(([part, value]) => ({ part, value }));
const order = (left: Readonly<Record<string, string>>, right: Readonly<Record<string, string>>) =>
  Math.sign(compareMatchRanks(matchRank(match(left)), matchRank(match(right))));

describe('of two matches the more exact one (R107)', () => {
  it('has no pattern, then most literal text, then most parts', () => {
    expect(order({ a: 'x' }, { a: 'xxxx*' })).toBe(-1);
    expect(order({ a: 'xxxxx' }, { a: 'x', b: 'y' })).toBe(1);
    expect(order({ a: 'xy*' }, { a: 'x*' })).toBe(-1);
    expect(order({ a: 'x*' }, { a: 'x*', b: '*' })).toBe(1);
    expect(order({ a: 'x*' }, { a: '*x' })).toBe(0);
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

  it('are found as by comparing all with all', () => {
    const one = fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.string({ unit: fc.constantFrom('x', 'y', '*'), maxLength: 3 }), {
      minKeys: 1,
    });
    fc.assert(
      fc.property(fc.array(one, { maxLength: 6 }), (list) => {
        const matches = list.map(match);
        const plain = matches.flatMap((each, index) => {
          const first = matches.findIndex(
            (other, place) => place < index && compareMatchRanks(matchRank(other), matchRank(each)) === 0 && matchesOverlap(other, each),
          );
          return first === -1 ? [] : [[index, first]];
        });
        expect([...matchTies(matches)]).toEqual(plain);
      }),
    );
  });

  it('of ten thousand values are found at once', () => {
    const many = Array.from({ length: 10_000 }, (_, index) => match({ a: `value-${index}` }));
    expect(matchTies([...many, match({ a: 'value-9999' })]).get(10_000)).toBe(9_999);
  });
});
