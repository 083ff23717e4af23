// Joins a burst of events into one call: after 10 ms without a new event, 50 ms after the first at the latest (P6).
import type { Clock } from './ports.ts';

export const QUIET_MS = 10;
export const LONGEST_MS = 50;

export interface Coalescer {
  touch(): void;
  cancel(): void;
}

export function createCoalescer({ nowMs, after }: Pick<Clock, 'nowMs' | 'after'>, onQuiet: () => void): Coalescer {
  let firstAtMs: number | undefined;
  let cancel: () => void = () => undefined;
  const fire = (): void => {
    firstAtMs = undefined;
    onQuiet();
  };
  return {
    touch: () => {
      const now = nowMs();
      firstAtMs ??= now;
      cancel();
      cancel = after(Math.max(0, Math.min(QUIET_MS, firstAtMs + LONGEST_MS - now)), fire);
    },
    cancel: () => {
      firstAtMs = undefined;
      cancel();
    },
  };
}
