import { describe, expect, it } from 'vitest';
import { LoopDelay } from '../../../src/companion/loop-delay.ts';

function after(delays: readonly number[], stepMs = 10): LoopDelay {
  const delay = new LoopDelay();
  for (const [index, ms] of delays.entries()) delay.add(index * stepMs, ms);
  return delay;
}

describe('how late the event loop is (authz G12)', () => {
  it('sheds nothing while turns are short, nor for one long pause among many', () => {
    expect(after(Array.from({ length: 100 }, () => 2)).shedding).toBe('none');
    expect(after([...Array.from({ length: 99 }, () => 2), 400, ...Array.from({ length: 9 }, () => 2)]).shedding).toBe('none');
  });

  it('sheds what is not at hand above 50 ms, everything above 150 ms', () => {
    expect(after(Array.from({ length: 20 }, () => 50)).shedding).toBe('none');
    expect(after(Array.from({ length: 20 }, () => 51)).shedding).toBe('cold');
    expect(after(Array.from({ length: 20 }, () => 151)).shedding).toBe('all');
  });

  it('forgets within a second', () => {
    const delay = after(Array.from({ length: 10 }, () => 200));
    for (let atMs = 200; atMs <= 1_000; atMs += 10) delay.add(atMs, 0);
    expect(delay.shedding).toBe('all');
    for (let atMs = 1_010; atMs <= 1_200; atMs += 10) delay.add(atMs, 0);
    expect(delay.shedding).toBe('none');
  });
});
