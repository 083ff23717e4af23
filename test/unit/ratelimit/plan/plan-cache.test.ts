import { describe, expect, it } from 'vitest';
import { plainPlan } from '../../../../src/ratelimit/plan/descriptor-plan.ts';
import { PlanCache } from '../../../../src/ratelimit/plan/plan-cache.ts';

const bytesOf = (key: number): Buffer => Buffer.from(`descriptor ${key}`);

function keep(cache: PlanCache, key: number): void {
  const bytes = bytesOf(key);
  const span = { domain: 0, start: 0, end: bytes.length };
  cache.keep(cache.hash(bytes, span), { bytes, span }, plainPlan('none'));
}

function isKnown(cache: PlanCache, key: number): boolean {
  const bytes = bytesOf(key);
  const span = { domain: 0, start: 0, end: bytes.length };
  return cache.find(cache.hash(bytes, span), bytes, span) !== undefined;
}

describe('remembered plans', () => {
  it('are nearly all found again as long as there are fewer than the cache may hold (ratelimit R902, PB11)', () => {
    const cache = new PlanCache({ capacity: 4_096, seed: 3 });
    for (let key = 0; key < 4_000; key += 1) keep(cache, key);
    const known = Array.from({ length: 4_000 }, (_, key) => isKnown(cache, key)).filter(Boolean).length;
    expect(known).toBeGreaterThan(3_900);
  });

  it.each([1, 7, 100])('are never more than %d, however many come (P27)', (capacity) => {
    const cache = new PlanCache({ capacity, seed: 3 });
    for (let key = 0; key < capacity * 10; key += 1) {
      keep(cache, key);
      expect(isKnown(cache, key)).toBe(true);
      expect(cache.entries).toBeLessThanOrEqual(capacity);
    }
    expect(cache.entries + cache.evictions).toBe(capacity * 10);
    expect([cache.hits, cache.misses]).toEqual([capacity * 10, 0]);
  });

  it('are never more than so many bytes, however many come (P27)', () => {
    const cache = new PlanCache({ capacity: 4_096, maxBytes: 10_000, seed: 3 });
    const keep1k = (key: number): void => {
      const bytes = Buffer.alloc(900 + (key % 100), key);
      const span = { domain: 0, start: 0, end: bytes.length };
      cache.keep(cache.hash(bytes, span), { bytes, span }, plainPlan('none'));
    };
    for (let key = 0; key < 110; key += 1) {
      keep1k(key);
      expect(cache.bytes).toBeLessThanOrEqual(10_000);
    }
    expect(cache.entries + cache.evictions).toBe(110);
    expect(cache.entries).toBeGreaterThanOrEqual(10);
  });
});
