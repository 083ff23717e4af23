// Texts with stars: what fits, what two of them share, and when one holds all of another.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { patternCovers, patternsCommon, patternsOverlap, starPattern } from '../../../src/lib/star-pattern.ts';

const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 5 });
const texts = ['', 'a', 'b', 'aa', 'ab', 'ba', 'bb'].flatMap((text) => ['', 'a', 'b', 'ab', 'ba', 'aab'].map((end) => text + end));
/** Every text up to four letters; `x` stands for any letter that no pattern names. */
const all = ['', 'a', 'b', 'x'].flatMap((a) => ['', 'a', 'b', 'x'].flatMap((b) => ['', 'a', 'b', 'x'].map((c) => a + b + c)));

describe('texts with stars', () => {
  it('fit as the expression that they stand for', () => {
    fc.assert(
      fc.property(pattern, fc.string({ unit: fc.constantFrom('a', 'b', 'x'), maxLength: 6 }), (source, text) => {
        const expression = new RegExp(`^${source.replaceAll('*', '[^]*')}$`);
        expect(starPattern(source).fits(text)).toBe(expression.test(text));
      }),
    );
  });

  it('overlap where some text fits both', () => {
    fc.assert(
      fc.property(pattern, pattern, (left, right) => {
        const both = texts.some((text) => starPattern(left).fits(text) && starPattern(right).fits(text));
        if (both) expect(patternsOverlap(left, right)).toBe(true);
        expect(patternsOverlap(left, right)).toBe(patternsOverlap(right, left));
      }),
    );
    expect(patternsOverlap('a*', 'b*')).toBe(false);
    expect(patternsOverlap('*a', 'b*')).toBe(true);
    expect(patternsOverlap('ab', 'a*b')).toBe(true);
    expect(patternsOverlap('a', 'a')).toBe(true);
  });

  it('have in common what other patterns tell', () => {
    fc.assert(
      fc.property(pattern, pattern, fc.string({ unit: fc.constantFrom('a', 'b', 'x'), maxLength: 8 }), (left, right, text) => {
        const common = patternsCommon(left, right);
        const isBoth = starPattern(left).fits(text) && starPattern(right).fits(text);
        expect(common?.some((each) => starPattern(each).fits(text))).toBe(isBoth);
      }),
      { numRuns: 5000 },
    );
    expect(patternsCommon('a*', '*b')).toEqual(['a*b']);
    expect(patternsCommon('ab*', '*bc')).toEqual(['abc', 'ab*bc']);
    expect(patternsCommon('a', 'b')).toEqual([]);
    expect(patternsCommon('*a*b*c*d*e*f*', '*g*h*i*j*k*l*')).toBeUndefined();
  });

  it('cover others whose every text fits', () => {
    fc.assert(
      fc.property(pattern, pattern, (outer, inner) => {
        const isCovered = patternCovers(outer, inner);
        const fitting = all.filter((text) => starPattern(inner).fits(text));
        if (isCovered) for (const text of fitting) expect(starPattern(outer).fits(text)).toBe(true);
        else expect(starPattern(outer).fits(inner.replaceAll('*', 'xxxxxx'))).toBe(false);
      }),
    );
  });
});
