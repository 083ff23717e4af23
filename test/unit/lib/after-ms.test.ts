import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { afterMs } from '../../../src/lib/after-ms.ts';

const DAY_MS = 86_400_000;

describe('a timer', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it.each([1, 30, 400])('of %d days runs once, then and not before (authz J5)', (days) => {
    const run = vi.fn();
    afterMs(days * DAY_MS, run);
    vi.advanceTimersByTime(days * DAY_MS - 1);
    expect(run).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(run).toHaveBeenCalledOnce();
  });

  it('can be cancelled in each of its parts', () => {
    const run = vi.fn();
    const cancels = [0, 1].map(() => afterMs(30 * DAY_MS, run));
    cancels[0]?.();
    vi.advanceTimersByTime(26 * DAY_MS);
    cancels[1]?.();
    vi.advanceTimersByTime(30 * DAY_MS);
    expect(run).not.toHaveBeenCalled();
  });
});
