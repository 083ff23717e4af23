// A clock that stands still until it is told to go on, and runs what is due on its way. Asserts nothing.
import type { Clock } from '../../../src/discovery/ports.ts';

export interface FakeClock extends Clock {
  /** Goes on by so many milliseconds, letting promises settle before and after each task. */
  pass(ms: number): Promise<void>;
  /** Tasks that wait. */
  readonly waiting: number;
}

export function createFakeClock(startMs = 1_000_000): FakeClock {
  let now = startMs;
  const tasks = new Set<{ readonly atMs: number; readonly run: () => void }>();
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
  };
  const next = (untilMs: number) => [...tasks].filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0];
  return {
    nowMs: () => now,
    random: () => 0,
    after: (delayMs, run) => {
      const task = { atMs: now + delayMs, run };
      tasks.add(task);
      return () => void tasks.delete(task);
    },
    pass: async (ms) => {
      const untilMs = now + ms;
      await settle();
      for (let task = next(untilMs); task !== undefined; task = next(untilMs)) {
        tasks.delete(task);
        now = Math.max(now, task.atMs);
        task.run();
        await settle();
      }
      now = untilMs;
      await settle();
    },
    get waiting() {
      return tasks.size;
    },
  };
}
