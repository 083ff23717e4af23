import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CounterState } from '../../../../src/ratelimit/algorithms/counter.ts';
import { decide, decideOne } from '../../../../src/ratelimit/algorithms/decide.ts';
import { FixedWindows } from '../../../../src/ratelimit/algorithms/fixed-window.ts';
import type { Algorithm, UseKind } from '../../../../src/ratelimit/store.ts';
import { use } from '../../../contract/ratelimit-store-contract.ts';
import { limitOf } from '../store-limit.ts';

const EPOCH_US = 1_795_000_000_123_456;
const PERIOD_US = 60_000_000;
const steps = fc.array(
  fc.record({
    waitUs: fc.oneof(fc.constant(0), fc.nat(PERIOD_US / 3)),
    kind: fc.constantFrom<UseKind>('take', 'take', 'debit'),
    hits: fc.nat(6),
    isShadow: fc.boolean(),
  }),
  { minLength: 1, maxLength: 40 },
);
const limits = fc.record({
  algorithm: fc.constantFrom<Algorithm>('fixed', 'sliding', 'slidingExact', 'bucket'),
  limit: fc.nat(12),
  burst: fc.integer({ min: 1, max: 12 }),
});

describe('a request with one use', () => {
  it('is decided as one of a list with nothing else in it (ratelimit R406, R902)', () => {
    fc.assert(
      fc.property(limits, steps, (parts, walk) => {
        const limit = limitOf({ ...parts, periodUs: PERIOD_US });
        const windows = new FixedWindows();
        const one = use(limit);
        let kept: CounterState | undefined;
        let nowUs = EPOCH_US;
        for (const { waitUs, ...asked } of walk) {
          nowUs += waitUs;
          const now = { nowUs, windows };
          const alone = decideOne({ ...one, ...asked }, kept, now);
          const listed = decide([{ ...one, ...asked }], [kept], now);
          expect([alone.outcome, alone.state]).toEqual([listed.outcomes[0], listed.states[0]]);
          kept = alone.state ?? kept;
        }
      }),
    );
  });

  it('that counts whatever comes is over from N on (ratelimit R307)', () => {
    const limit = limitOf({ limit: 2 });
    const now = { nowUs: EPOCH_US, windows: new FixedWindows() };
    const one = use(limit, { kind: 'count', hits: 2, isShadow: true });
    const first = decideOne(one, undefined, now);
    const second = decideOne(one, first.state, now);
    expect([first.outcome.isOver, second.outcome.isOver]).toEqual([false, true]);
    expect(second.state).toMatchObject({ used: 4 });
  });
});

describe('a fixed window', () => {
  it('lets pass at most N in each window, at most 2 N in any time as long, and tells exactly what remains and when (ratelimit R105, R401, R1002)', () => {
    let denied = 0;
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), steps, (n, walk) => {
        const limit = limitOf({ limit: n, periodUs: PERIOD_US });
        const windows = new FixedWindows();
        const one = use(limit);
        const passed: { readonly at: number; readonly hits: number }[] = [];
        const sum = (from: number, until: number): number =>
          passed.filter(({ at }) => at >= from && at < until).reduce((all, { hits }) => all + hits, 0);
        let kept: CounterState | undefined;
        let nowUs = EPOCH_US;
        for (const { waitUs, hits } of walk) {
          nowUs += waitUs;
          const startUs = nowUs - (nowUs % PERIOD_US);
          const free = n - sum(startUs, startUs + PERIOD_US);
          const { outcome, state } = decideOne({ ...one, hits }, kept, { nowUs, windows });
          kept = state ?? kept;
          expect(outcome.isOver).toBe(free < Math.max(1, hits));
          if (!outcome.isOver && hits > 0) passed.push({ at: nowUs, hits });
          expect(outcome.remaining).toBe(outcome.isOver ? 0 : free - hits);
          const untilEndMs = Math.ceil((startUs + PERIOD_US - nowUs) / 1_000);
          expect(outcome.retryAfterMs).toBe(outcome.isOver ? (hits > n ? Number.POSITIVE_INFINITY : untilEndMs) : 0);
          if (outcome.isOver) denied += 1;
        }
        for (const { at } of passed) {
          expect(sum(at - (at % PERIOD_US), at - (at % PERIOD_US) + PERIOD_US)).toBeLessThanOrEqual(n);
          expect(sum(at, at + PERIOD_US)).toBeLessThanOrEqual(2 * n);
        }
      }),
    );
    expect(denied).toBeGreaterThan(50);
  });
});
