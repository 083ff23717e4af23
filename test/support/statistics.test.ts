import { expect, test } from 'vitest';
import { chiSquare } from './statistics.ts';

test.each([
  ['as expected', { a: 905, b: 95 }, true],
  ['the other way round', { a: 100, b: 900 }, false],
  ['all on one', { a: 1000 }, false],
  ['somebody unexpected', { a: 899, b: 100, c: 1 }, false],
] as const)('counts %s are told from the shares 90 and 10', (_title, counts, fits) => {
  const { value, limit } = chiSquare(new Map(Object.entries(counts)), { a: 90, b: 10 });
  expect(value <= limit).toBe(fits);
});
