import { describe, expect, it } from 'vitest';
import { ClockSync } from '../../../../src/ratelimit/redis/clock-sync.ts';
import { StoreClock } from '../../../../src/ratelimit/store/store-clock.ts';
import { SILENT_LISTENER } from '../../../../src/ratelimit/store/store-listener.ts';

const EPOCH_MS = 1_795_000_000_000;

describe('the clock of a Redis store (ratelimit R404)', () => {
  it('goes by the answer that came soonest of the last eight', () => {
    let ms = 0;
    const clock = new StoreClock({ wallMs: () => EPOCH_MS + ms, monotonicMs: () => ms });
    const sync = new ClockSync(clock, SILENT_LISTENER);
    const answer = (aheadMs: number, tripMs: number): void => {
      const asked = ms;
      ms += tripMs;
      const redisUs = (EPOCH_MS + asked + tripMs / 2 + aheadMs) * 1000;
      sync.add([String(Math.floor(redisUs / 1e6)), String(Math.round(redisUs % 1e6))], asked, ms);
    };
    answer(300, 2);
    for (let late = 0; late < 6; late += 1) answer(340, 80);
    expect(clock.nowUs() / 1000 - (EPOCH_MS + ms)).toBeCloseTo(300, 0);
    for (let late = 0; late < 2; late += 1) answer(340, 80);
    expect(clock.nowUs() / 1000 - (EPOCH_MS + ms)).toBeCloseTo(340, 0);
  });

  it('takes a jump of more than a second at once, forward and back, and tells it', () => {
    let ms = 0;
    const jumps: boolean[] = [];
    const clock = new StoreClock({ wallMs: () => EPOCH_MS + ms, monotonicMs: () => ms });
    const sync = new ClockSync(clock, { ...SILENT_LISTENER, clockOffset: (_seconds, isJump) => jumps.push(isJump) });
    for (const aheadMs of [0, 0, 5_000, 5_000, -3_000]) {
      ms += 1_000;
      const redisMs = EPOCH_MS + ms + aheadMs;
      sync.add([String(Math.floor(redisMs / 1000)), String((redisMs % 1000) * 1000)], ms, ms);
      expect(clock.nowUs()).toBe(redisMs * 1000);
    }
    expect(jumps).toEqual([false, false, true, false, true]);
  });
});
