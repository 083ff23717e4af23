import { describe, expect, it } from 'vitest';
import { LoopDelay } from '../../../src/companion/loop-delay.ts';

/** Turns one after the other, each sampled when it ends; `calls`: a second. */
function turns(delays: readonly number[], calls = 5_000) {
  const delay = new LoopDelay();
  let atMs = 0;
  const seen = delays.map((ms) => {
    atMs += 10 + ms;
    for (let call = 0; call < ((10 + ms) * calls) / 1_000; call += 1) delay.called();
    delay.add(atMs, ms);
    return delay.shedding;
  });
  return { seen, last: delay.shedding };
}

const repeated = (times: number, ms: number) => Array.from({ length: times }, () => ms);

describe('how late the event loop is (authz G12)', () => {
  it('sheds nothing while turns are short, nor after pauses, however long one of them is', () => {
    expect(turns(repeated(200, 2)).last).toBe('none');
    expect(turns([...repeated(90, 1), 900, ...repeated(90, 1)]).seen).not.toContain('all');
    expect(turns([...repeated(90, 1), 200, ...repeated(30, 1), 180, ...repeated(90, 1)]).seen.every((seen) => seen === 'none')).toBe(true);
  });

  it('sheds what is not at hand where turns are later than 50 ms, everything above 150 ms', () => {
    expect(turns(repeated(20, 50)).last).toBe('none');
    expect(turns(repeated(20, 51)).last).toBe('cold');
    expect(turns(repeated(20, 150)).last).toBe('cold');
    expect(turns(repeated(20, 151)).last).toBe('all');
  });

  it('sheds within half a second of an overload that lasts, and ends within a second of it', () => {
    const { seen } = turns([...repeated(90, 1), ...repeated(4, 160), ...repeated(90, 1)]);
    expect(seen.slice(0, 92).every((state) => state === 'none')).toBe(true);
    expect(seen[92]).toBe('all');
    expect(seen.at(-1)).toBe('none');
  });

  it('sheds nothing while hardly anybody calls: something else keeps the machine busy', () => {
    expect(turns(repeated(20, 500), 100).last).toBe('none');
    expect(turns(repeated(20, 500), 400).last).toBe('all');
  });
});
