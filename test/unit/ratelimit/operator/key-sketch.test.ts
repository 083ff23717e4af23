import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KeySketch } from '../../../../src/ratelimit/operator/key-sketch.ts';
import { counterKey } from '../../../../src/ratelimit/store/counter-key.ts';

const SECRET = Buffer.from('secret');
const key = (name: number) => counterKey(SECRET, { domain: 'd', identity: 'i', parts: [String(name)] });
const sketchOf = (names: Iterable<number>): KeySketch => {
  const sketch = new KeySketch();
  for (const name of names) sketch.add(key(name));
  return sketch;
};
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => from + at);

describe('the number of different counters', () => {
  it('is exact for a few, and within 5 % beyond (ratelimit R811)', () => {
    expect(new KeySketch().size).toEqual({ count: 0, isExact: true });
    expect(sketchOf([1, 2, 1, 3, 3]).size).toEqual({ count: 3, isExact: true });
    expect(sketchOf(range(0, 64)).size).toEqual({ count: 64, isExact: true });
    for (const many of [65, 300, 2_000, 20_000]) {
      const { count, isExact } = sketchOf(range(0, many)).size;
      expect(isExact).toBe(false);
      expect(Math.abs(count - many) / many).toBeLessThan(0.05);
    }
  });

  it('counts a counter that several workers saw once, however many each saw (ratelimit R811)', () => {
    const names = fc.array(fc.integer({ min: 0, max: 200 }), { maxLength: 200 });
    fc.assert(
      fc.property(fc.array(names, { maxLength: 4 }), (workers) => {
        const sent: unknown = JSON.parse(JSON.stringify(workers.map((each) => sketchOf(each).sent())));
        const sum = KeySketch.sum(sent as Parameters<typeof KeySketch.sum>[0]);
        expect(sum.size.count).toBe(sketchOf(workers.flat()).size.count);
      }),
      { numRuns: 50 },
    );
  });

  it('tells hashes only, in two kilobytes for any number of counters (ratelimit R410)', () => {
    expect(JSON.stringify(sketchOf(range(0, 30_000)).sent()).length).toBeLessThan(3_000);
  });
});
