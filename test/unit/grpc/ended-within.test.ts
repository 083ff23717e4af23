// The end of a gRPC server with a clock of its own.
import { describe, expect, it } from 'vitest';
import { endedWithin } from '../../../src/grpc/ended-within.ts';

function ending(graceMs: number) {
  const timers = new Map<number, () => void>();
  let cuts = 0;
  return {
    cuts: () => cuts,
    waiting: () => [...timers.keys()],
    pass(ms: number): void {
      const run = timers.get(ms);
      timers.delete(ms);
      run?.();
    },
    options: {
      graceMs,
      server: { forceShutdown: () => void (cuts += 1) },
      after: (ms: number, run: () => void) => {
        timers.set(ms, run);
        return () => void timers.delete(ms);
      },
    },
  };
}

describe('the end of a gRPC server', () => {
  it('waits for what is under way, cuts nothing then and leaves no timer', async () => {
    const { options, cuts, waiting } = ending(10_000);
    await endedWithin(Promise.resolve(), options);
    expect({ cuts: cuts(), waiting: waiting() }).toEqual({ cuts: 0, waiting: [] });
  });

  it('cuts what is left after its time, and leaves no timer when that was all', async () => {
    const { options, cuts, waiting, pass } = ending(10_000);
    let onClosed = (): void => {};
    const closed = new Promise<void>((resolve) => {
      onClosed = resolve;
    });
    const ended = endedWithin(closed, options);
    pass(10_000);
    expect(cuts()).toBe(1);
    onClosed();
    await ended;
    expect(waiting()).toEqual([]);
  });

  it('does not wait for ever for a connection that came while it closed', async () => {
    const { options, cuts, pass } = ending(0);
    const ended = endedWithin(new Promise<void>(() => {}), options);
    pass(0);
    pass(500);
    await ended;
    expect(cuts()).toBe(2);
  });
});
