import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createDebounce } from '../../../src/config/debounce.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function calls() {
  const onQuiet = vi.fn();
  return { onQuiet, debounce: createDebounce({ quietMs: 50, maxMs: 500, onQuiet }) };
}

describe('createDebounce (D5, P7)', () => {
  it('calls once, 50 ms after the last event of a burst', () => {
    const { onQuiet, debounce } = calls();
    for (const _event of Array.from({ length: 5 })) {
      debounce.touch();
      vi.advanceTimersByTime(49);
    }
    expect(onQuiet).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(onQuiet).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(1000);
    expect(onQuiet).toHaveBeenCalledTimes(1);
  });

  it('calls after 500 ms at most, however long the burst', () => {
    const { onQuiet, debounce } = calls();
    for (const _event of Array.from({ length: 1000 })) {
      debounce.touch();
      vi.advanceTimersByTime(1);
    }
    expect(onQuiet).toHaveBeenCalledTimes(2);
    vi.advanceTimersByTime(1000);
    expect(onQuiet).toHaveBeenCalledTimes(2);
  });

  it('forgets a burst that is cancelled', () => {
    const { onQuiet, debounce } = calls();
    debounce.touch();
    debounce.cancel();
    vi.advanceTimersByTime(1000);
    expect(onQuiet).not.toHaveBeenCalled();
    debounce.touch();
    vi.advanceTimersByTime(50);
    expect(onQuiet).toHaveBeenCalledTimes(1);
  });
});
