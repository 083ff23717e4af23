import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  CHANGES_ALLOWED,
  type DampingState,
  dampen,
  HOLD_MS,
  nextHoldEnd,
  startDamping,
  WINDOW_MS,
} from '../../../src/discovery/damping.ts';
import { hostsOf, setOf } from './endpoints.ts';

const flap = (state: DampingState, times: readonly number[]): DampingState =>
  times.reduce((current, atMs, index) => dampen(current, index % 2 === 0 ? setOf(1) : setOf(1, 2), atMs), state);

describe('D21: an endpoint that comes and goes', () => {
  test('five times a minute is followed', () => {
    const state = flap(startDamping(setOf(1, 2)), [1, 2, 3, 4, 5]);
    expect(hostsOf(state.given.keys())).toEqual([1]);
    expect(nextHoldEnd(state)).toBeUndefined();
  });

  test('a sixth time is held at its last state for 30 s, the others are not', () => {
    const state = flap(startDamping(setOf(1, 2)), [1, 2, 3, 4, 5, 6]);
    expect(hostsOf(state.given.keys())).toEqual([1]);
    expect([...state.held]).toEqual([['10.0.0.2:80', 6 + HOLD_MS]]);
    expect(hostsOf(dampen(state, setOf(2, 3), 7).given.keys())).toEqual([3]);
    expect(hostsOf(dampen(state, setOf(1, 2), 6 + HOLD_MS).given.keys())).toEqual([1, 2]);
  });

  test('slowly is never held', () => {
    const times = Array.from({ length: 40 }, (_, index) => index * (WINDOW_MS / CHANGES_ALLOWED));
    expect(flap(startDamping(setOf(1, 2)), times).held.size).toBe(0);
  });

  test('whatever happens: what is given changes at most 6 times in any minute, and is what is found once all is quiet', () => {
    const steps = fc.array(fc.tuple(fc.integer({ min: 1, max: 20_000 }), fc.boolean()), { maxLength: 80 });
    fc.assert(
      fc.property(steps, (moves) => {
        let state = startDamping(setOf(1));
        let now = 0;
        let given = false;
        const changes: number[] = [];
        for (const [pauseMs, isThere] of moves) {
          now += pauseMs;
          state = dampen(state, isThere ? setOf(1, 2) : setOf(1), now);
          if (state.given.has('10.0.0.2:80') !== given) changes.push(now);
          given = state.given.has('10.0.0.2:80');
          const recent = changes.filter((at) => at > now - WINDOW_MS);
          expect(recent.length).toBeLessThanOrEqual(CHANGES_ALLOWED + 2);
        }
        const end = dampen(state, state.found, now + HOLD_MS);
        expect(end.held.size).toBe(0);
        expect([...end.given.keys()]).toEqual([...end.found.keys()]);
      }),
    );
  });
});
