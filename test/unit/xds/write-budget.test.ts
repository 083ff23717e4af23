import { describe, expect, test } from 'vitest';
import { createPumpQueue } from '../../../src/xds/pump-queue.ts';
import { WriteBudget } from '../../../src/xds/write-budget.ts';

function setUp() {
  let nowMs = 0;
  const timers: { readonly atMs: number; readonly run: () => void }[] = [];
  const bytes: number[] = [];
  const budget = new WriteBudget({
    maxBytes: 100,
    stuckMs: 10_000,
    nowMs: () => nowMs,
    after: (ms, run) => {
      const timer = { atMs: nowMs + ms, run };
      timers.push(timer);
      return () => timers.splice(timers.indexOf(timer), 1);
    },
    onChange: (total) => bytes.push(total),
  });
  const pass = (ms: number): void => {
    nowMs += ms;
    for (const timer of timers.filter(({ atMs }) => atMs <= nowMs)) {
      timers.splice(timers.indexOf(timer), 1);
      timer.run();
    }
  };
  return { budget, pass, bytes, timers };
}

describe('the write budget', () => {
  test('T6, P13: what is over the bound waits until something is written', () => {
    const { budget, bytes } = setUp();
    let retries = 0;
    const free = budget.reserve(80, () => {});
    expect(budget.reserve(30, () => (retries += 1))).toBeUndefined();
    expect(retries).toBe(0);
    free?.();
    free?.();
    expect(retries).toBe(1);
    expect(budget.reserve(30, () => {})).toBeDefined();
    expect(bytes).toEqual([80, 0, 30]);
  });

  test('T6: one message of any size passes when nothing else is under way', () => {
    expect(setUp().budget.reserve(1_000, () => {})).toBeDefined();
  });

  test('X97: a stream that does not read stops counting, and delays no other for longer than that', () => {
    const { budget, pass, timers } = setUp();
    let retries = 0;
    budget.reserve(90, () => {});
    pass(4_000);
    budget.reserve(50, () => (retries += 1));
    pass(5_999);
    expect(retries).toBe(0);
    pass(1);
    expect(retries).toBe(1);
    expect(timers).toEqual([]);
  });

  test('closing leaves no timer', () => {
    const { budget, timers } = setUp();
    budget.reserve(90, () => {});
    budget.reserve(90, () => {});
    expect(timers).toHaveLength(1);
    budget.close();
    expect(timers).toEqual([]);
  });
});

describe('the pump queue', () => {
  const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

  test('X98: a stream is looked at once per turn, however often it was marked', async () => {
    const queue = createPumpQueue(() => 0);
    let pumped = 0;
    const stream = { pump: () => (pumped += 1) };
    for (let mark = 0; mark < 5; mark += 1) queue.mark(stream);
    await turn();
    expect(pumped).toBe(1);
  });

  test('P8: many streams are taken in slices of 10 ms, in their order', async () => {
    let nowMs = 0;
    const queue = createPumpQueue(() => nowMs);
    const order: number[] = [];
    for (let index = 0; index < 6; index += 1) {
      queue.mark({
        pump: () => {
          order.push(index);
          nowMs += 4;
        },
      });
    }
    await turn();
    expect(order).toEqual([0, 1, 2]);
    await turn();
    expect(order).toEqual([0, 1, 2, 3, 4, 5]);
  });

  test('a stream that is removed or marks itself anew is treated so', async () => {
    const queue = createPumpQueue(() => 0);
    let pumped = 0;
    const removed = { pump: () => (pumped += 100) };
    const again = {
      pump: () => {
        pumped += 1;
        if (pumped < 3) queue.mark(again);
      },
    };
    queue.mark(removed);
    queue.mark(again);
    queue.remove(removed);
    for (let index = 0; index < 4; index += 1) await turn();
    expect(pumped).toBe(3);
  });
});
