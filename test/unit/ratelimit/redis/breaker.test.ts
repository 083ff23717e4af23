import { describe, expect, it } from 'vitest';
import { Breaker } from '../../../../src/ratelimit/redis/breaker.ts';
import { keySlot } from '../../../../src/ratelimit/redis/key-slot.ts';

describe('the breaker (ratelimit R804)', () => {
  it('opens after five failures in a row', () => {
    const breaker = new Breaker();
    expect([1, 2, 3, 4, 5].map((ms) => breaker.failed(ms))).toEqual([false, false, false, false, true]);
    expect(breaker.failed(6)).toBe(false);
    expect(breaker.succeeded(7)).toBe(true);
    expect([breaker.isOpen, breaker.failed(8)]).toEqual([false, false]);
  });

  it('opens when half of twenty within a second failed, and not when they are further apart', () => {
    const quick = new Breaker();
    const slow = new Breaker();
    for (let batch = 0; batch < 20; batch += 1) {
      if (batch % 2 === 0) {
        quick.failed(batch);
        slow.failed(batch * 200);
      } else {
        quick.succeeded(batch);
        slow.succeeded(batch * 200);
      }
    }
    quick.failed(21);
    slow.failed(4_200);
    expect([quick.isOpen, slow.isOpen]).toEqual([true, false]);
  });

  it('probes at growing distances of at most a second, anew after each recovery', () => {
    const breaker = new Breaker();
    for (let batch = 0; batch < 5; batch += 1) breaker.failed(batch);
    expect([1, 2, 3, 4].map(() => breaker.nextProbeMs())).toEqual([250, 500, 1_000, 1_000]);
    breaker.succeeded(10);
    expect(breaker.nextProbeMs()).toBe(250);
  });
});

describe('the slot of a key in a Cluster', () => {
  it.each([
    ['123456789', 12_739],
    ['user1000', 3_443],
    ['', 0],
  ])('"%s" is in slot %d', (tag, slot) => {
    expect(keySlot(tag)).toBe(slot);
  });
});
