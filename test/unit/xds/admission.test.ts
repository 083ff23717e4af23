import { describe, expect, test } from 'vitest';
import { Admission, type AdmissionOptions } from '../../../src/xds/admission.ts';

/** A clock that stands still until it is told to go on. */
function heldClock() {
  let nowMs = 0;
  const timers = new Set<{ readonly atMs: number; readonly run: () => void }>();
  return {
    nowMs: () => nowMs,
    after: (ms: number, run: () => void) => {
      const timer = { atMs: nowMs + ms, run };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    pass: (ms: number) => {
      const untilMs = nowMs + ms;
      for (;;) {
        const [next] = [...timers].filter(({ atMs }) => atMs <= untilMs).sort((left, right) => left.atMs - right.atMs);
        if (next === undefined) break;
        timers.delete(next);
        nowMs = Math.max(nowMs, next.atMs);
        next.run();
      }
      nowMs = untilMs;
    },
    get waiting() {
      return timers.size;
    },
  };
}

function rig(options: Omit<AdmissionOptions, 'nowMs' | 'after'>) {
  const clock = heldClock();
  return { clock, admission: new Admission({ ...options, nowMs: clock.nowMs, after: clock.after }) };
}

describe('new streams (T9, D26)', () => {
  test('so many a second are read from, the rest in the order of coming', () => {
    const { clock, admission } = rig({ streamsPerSecond: 10 });
    const started: number[] = [];
    for (let index = 0; index < 25; index += 1) admission.enter(() => started.push(index));
    expect(started).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    clock.pass(500);
    expect(started).toHaveLength(15);
    clock.pass(1_000);
    expect(started).toEqual(Array.from({ length: 25 }, (_, index) => index));
    expect(clock.waiting).toBe(0);
  });

  test('who leaves gives its turn up', () => {
    const { clock, admission } = rig({ streamsPerSecond: 1 });
    const started: string[] = [];
    admission.enter(() => started.push('first'));
    const leave = admission.enter(() => started.push('gone'));
    admission.enter(() => started.push('last'));
    leave();
    clock.pass(1_000);
    expect(started).toEqual(['first', 'last']);
  });
});

describe('first pushes (T9, P14, D26)', () => {
  test('so many have a place, the others get one in the order of coming, and nobody overtakes', () => {
    const { admission } = rig({ firstPushes: 2 });
    const [a, b, c, d] = [{}, {}, {}, {}];
    const called: string[] = [];
    const first = admission.place(a, () => {});
    const second = admission.place(b, () => {});
    expect(admission.place(c, () => called.push('c'))).toBeUndefined();
    expect(admission.place(d, () => called.push('d'))).toBeUndefined();
    first?.free();
    first?.free();
    expect(called).toEqual(['c']);
    expect(admission.place({}, () => {})).toBeUndefined();
    expect(admission.place(d, () => {})).toBeUndefined();
    expect(admission.place(c, () => {})).toBeDefined();
    second?.free();
    expect(called).toEqual(['c', 'd']);
  });

  test('who waits and leaves lets the next one in', () => {
    const { admission } = rig({ firstPushes: 1 });
    const [a, b, c] = [{}, {}, {}];
    const called: string[] = [];
    const place = admission.place(a, () => {});
    admission.place(b, () => called.push('b'));
    admission.place(c, () => called.push('c'));
    place?.free();
    admission.forget(b);
    expect(called).toEqual(['b', 'c']);
    expect(admission.place(c, () => {})).toBeDefined();
  });

  test('one without progress for ten seconds gives its place to the next', () => {
    const { clock, admission } = rig({ firstPushes: 2 });
    const called: string[] = [];
    const stuck = admission.place({}, () => {});
    const slow = admission.place({}, () => {});
    const next = {};
    admission.place(next, () => called.push('next'));
    clock.pass(6_000);
    slow?.progressed();
    clock.pass(3_999);
    expect(called).toEqual([]);
    clock.pass(1);
    expect(called).toEqual(['next']);
    expect(admission.place(next, () => {})).toBeDefined();
    stuck?.free();
    clock.pass(60_000);
    expect(clock.waiting).toBe(0);
  });

  test('small responses need none', () => {
    expect(rig({}).admission.isSmall(64 * 1024)).toBe(true);
    expect(rig({}).admission.isSmall(64 * 1024 + 1)).toBe(false);
  });

  test('nothing is left after the end', () => {
    const { clock, admission } = rig({ firstPushes: 1, streamsPerSecond: 1 });
    admission.place({}, () => {});
    admission.place({}, () => {});
    admission.enter(() => {});
    admission.enter(() => {});
    admission.close();
    expect(clock.waiting).toBe(0);
  });
});
