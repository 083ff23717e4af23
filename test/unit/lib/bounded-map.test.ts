import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BoundedMap } from '../../../src/lib/bounded-map.ts';

const acts = fc.array(
  fc.record({ act: fc.constantFrom('set', 'set', 'set', 'get', 'delete', 'clear'), key: fc.nat(30), often: fc.nat(3) }),
  { maxLength: 300 },
);

describe('a bounded map', () => {
  it('holds what was set last, as many as it may, whatever is done to it (P27)', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), acts, (capacity, walk) => {
        const map = new BoundedMap<number, string>(capacity);
        let model: number[] = [];
        for (const { act, key, often } of walk) {
          if (act === 'set') {
            model = [...model.filter((other) => other !== key), key].slice(-capacity);
            map.set(key, String(key));
          } else if (act === 'delete') {
            model = model.filter((other) => other !== key);
            map.delete(key);
          } else if (act === 'clear' && often === 0) {
            model = [];
            map.clear();
          }
          expect(map.get(key)).toBe(model.includes(key) ? String(key) : undefined);
          expect(map.size).toBe(model.length);
        }
      }),
    );
  });

  it('stays as large as it may be when ten times as much comes, and counts what left (P27)', () => {
    const map = new BoundedMap<string, number>(1_000);
    for (let key = 0; key < 10_000; key += 1) {
      map.set(String(key), key);
      expect(map.size).toBeLessThanOrEqual(1_000);
    }
    expect([map.get('8999'), map.get('9000')]).toEqual([undefined, 9_000]);
    expect([map.hits, map.misses, map.evictions]).toEqual([1, 1, 9_000]);
  });
});
