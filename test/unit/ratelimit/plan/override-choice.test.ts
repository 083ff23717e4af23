// Which override holds: whatever their order, whole replies are the same (ratelimit R107, R1005).
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchTies } from '../../../../src/lib/match-rank.ts';
import type { LimitOverride } from '../../../../src/ratelimit/limit-table.ts';
import { perMinute, rule, table, testLimiter } from '../limiter-support.ts';

const PARTS = [
  { part: 'a', entry: 'a' },
  { part: 'b', entry: 'b' },
];
const value = fc.string({ unit: fc.constantFrom('x', 'y', '*'), maxLength: 3 });
const override: fc.Arbitrary<LimitOverride> = fc.record({
  match: fc
    .dictionary(fc.constantFrom('a', 'b'), value, { minKeys: 1 })
    .map((match) => Object.entries(match).map(([part, text]) => ({ part, value: text }))),
  rates: fc.oneof(
    fc.constant([]),
    fc.integer({ min: 0, max: 9 }).map((limit) => [perMinute(limit)]),
  ),
  shared: fc.boolean(),
});
/** Without ties: those would be refused. */
const overrides = fc
  .array(override, { maxLength: 8 })
  .map((list) => list.filter((_, index) => !matchTies(list.map(({ match }) => match)).has(index)))
  .filter((list) => matchTies(list.map(({ match }) => match)).size === 0);
const text = fc.string({ unit: fc.constantFrom('x', 'y'), maxLength: 3 });
const requests = fc.array(fc.record({ a: fc.option(text, { nil: undefined }), b: text }), { maxLength: 10 });

function replies(list: readonly LimitOverride[], asked: readonly { readonly a: string | undefined; readonly b: string }[]) {
  const { limiter, ask } = testLimiter({ maxKeys: 1_000, maxPlans: 1_000 });
  limiter.setTables({ own: table(rule('tier', { parts: PARTS, rates: [perMinute(3)], overrides: list })) });
  return asked.map(({ a, b }) =>
    ask('chancery.edge', [{ entries: [['limit', 'tier'], ...(a === undefined ? [] : [['a', a] as const]), ['b', b]] }]),
  );
}

describe('overrides (R107)', () => {
  it('in any order give the same whole replies', () => {
    fc.assert(
      fc.property(
        overrides.chain((list) => fc.tuple(fc.constant(list), fc.shuffledSubarray([...list], { minLength: list.length }))),
        requests,
        ([list, shuffled], asked) => {
          expect(replies(shuffled, asked)).toEqual(replies(list, asked));
        },
      ),
      { numRuns: 100 },
    );
  });

  it('that are the most exact for all that two others fit decide there', () => {
    const of = (match: Readonly<Record<string, string>>, limit: number): LimitOverride => ({
      match: Object.entries(match).map(([part, each]) => ({ part, value: each })),
      rates: [perMinute(limit)],
      shared: false,
    });
    const list = [of({ a: 'x' }, 1), of({ b: 'y' }, 2), of({ a: 'x', b: 'y' }, 9)];
    const asked = [
      { a: 'x', b: 'y' },
      { a: 'x', b: 'x' },
      { a: 'y', b: 'y' },
      { a: 'y', b: 'x' },
    ];
    expect(replies(list, asked).map(({ statuses }) => statuses[0]?.current_limit?.requests_per_unit)).toEqual([9, 1, 2, 3]);
  });
});
