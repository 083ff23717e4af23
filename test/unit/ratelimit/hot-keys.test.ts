import { describe, expect, it } from 'vitest';
import { HotKeys } from '../../../src/ratelimit/hot-keys.ts';
import { CounterKey } from '../../../src/ratelimit/store/counter-key.ts';

const keyOf = (number: number): CounterKey => {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt32BE(number, 0);
  return new CounterKey(bytes);
};

describe('the list of the most asked counters', () => {
  it('has a counter with more than its share, however many others come once (ratelimit R811)', () => {
    const hot = new HotKeys(16);
    for (let turn = 0; turn < 5_000; turn += 1) {
      hot.add(keyOf(1_000_000 + turn), 1);
      if (turn % 5 === 0) hot.add(keyOf(7), 1);
      if (turn % 1_000 === 999) hot.decay();
    }
    expect(hot.top(1).map(({ hash }) => hash)).toEqual([keyOf(7).text]);
  });

  it('never tells fewer hits than there were, and says by how many too many at most (ratelimit R811)', () => {
    const hot = new HotKeys(8);
    const asked = new Map<string, number>();
    for (let turn = 0; turn < 3_000; turn += 1) {
      const key = keyOf((turn * turn) % 23);
      asked.set(key.text, (asked.get(key.text) ?? 0) + 1);
      hot.add(key, 1);
    }
    for (const { hash, hits, error } of hot.top(8)) {
      expect(hits).toBeGreaterThanOrEqual(asked.get(hash) ?? 0);
      expect(hits - error).toBeLessThanOrEqual(asked.get(hash) ?? 0);
    }
  });
});
