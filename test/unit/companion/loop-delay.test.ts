import { describe, expect, it } from 'vitest';
import { LoopDelay } from '../../../src/companion/loop-delay.ts';

/** `calls`: in each step. */
function after(delays: readonly number[], calls = 20): LoopDelay {
  const delay = new LoopDelay();
  for (const [index, ms] of delays.entries()) {
    for (let call = 0; call < calls; call += 1) delay.called();
    delay.add(index * 10, ms);
  }
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

  it('sheds nothing while hardly anybody calls: something else keeps the machine busy', () => {
    expect(
      after(
        Array.from({ length: 20 }, () => 500),
        1,
      ).shedding,
    ).toBe('none');
    expect(
      after(
        Array.from({ length: 20 }, () => 500),
        10,
      ).shedding,
    ).toBe('all');
  });

  it('forgets within a second', () => {
    const delay = after(
      Array.from({ length: 10 }, () => 200),
      100,
    );
    for (let atMs = 200; atMs <= 1_000; atMs += 10) delay.add(atMs, 0);
    expect(delay.shedding).toBe('all');
    for (let atMs = 1_010; atMs <= 1_200; atMs += 10) delay.add(atMs, 0);
    expect(delay.shedding).toBe('none');
  });
});
