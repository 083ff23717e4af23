import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  availableIn,
  type CounterState,
  currentState,
  resetUsOf,
  retryUsOf,
  takenFrom,
} from '../../../../src/ratelimit/algorithms/counter.ts';
import { decide } from '../../../../src/ratelimit/algorithms/decide.ts';
import { FixedWindows } from '../../../../src/ratelimit/algorithms/fixed-window.ts';
import { Pending, type PendingOwner } from '../../../../src/ratelimit/redis/pending.ts';
import { MAX_GROUPS, ScriptCommand, type ScriptKey } from '../../../../src/ratelimit/redis/script-command.ts';
import type { Algorithm, CounterUse, StoreLimit, TakeAnswer } from '../../../../src/ratelimit/store.ts';
import { use } from '../../../contract/ratelimit-store-contract.ts';
import { limitOf } from '../store-limit.ts';

const NOW_US = 1_795_000_000_123_456;
const windows = new FixedWindows();
const now = { nowUs: NOW_US, windows };
const OWNER: PendingOwner = {
  onAnswered: () => undefined,
  onFailure: () => expect.unreachable(),
  onHalfTaken: () => expect.unreachable(),
};
type States = readonly (CounterState | undefined)[];

const keyOf = ({ limit, key }: CounterUse): ScriptKey => ({
  name: key.text,
  window: limit.algorithm === 'fixed' ? windows.at(limit, NOW_US) : undefined,
  describe: [],
});

/** What take.lua does (its arithmetic is compared with ours in test/integration/redis/scripts.test.ts): KEYS and ARGV to numbers. */
function script(limits: readonly StoreLimit[], kept: States, given: readonly (string | number)[]): number[] {
  let states = limits.map((limit, at) => currentState(limit, kept[at], now));
  const answer: number[] = [];
  for (let at = 1 + limits.length; at < given.length; at += 2 + limits.length) {
    const isOwed = given[at] === 'd';
    const costs = limits.map((_, number) => Number(given[at + 2 + number]));
    const fitting = limits.map((limit, number) => {
      const [free, cost = 0] = [availableIn(limit, states[number] ?? expect.unreachable(), NOW_US), costs[number]];
      return cost > 0 ? Math.max(0, Math.floor(free / cost)) : free < 1 ? 0 : Number.POSITIVE_INFINITY;
    });
    const passed = isOwed ? Number(given[at + 1]) : Math.min(Number(given[at + 1]), ...fitting);
    states = states.map((state, number) => {
      const [limit, hits = 0] = [limits[number], costs[number]];
      let next = state;
      for (let one = 0; one < passed && limit !== undefined && hits > 0; one += 1)
        next = takenFrom(limit, next, { hits, nowUs: NOW_US, isOwed });
      return next;
    });
    answer.push(passed);
    for (const [number, limit] of limits.entries()) {
      const state = states[number] ?? expect.unreachable();
      const retryUs = retryUsOf(limit, state, { hits: Math.max(1, costs[number] ?? 0), nowUs: NOW_US });
      answer.push(availableIn(limit, state, NOW_US), resetUsOf(limit, state, NOW_US), Number.isFinite(retryUs) ? retryUs : -1);
    }
  }
  return answer;
}

/** All at once, as a batch: answers in the order of `asked`. */
function inOneBatch(asked: readonly (readonly CounterUse[])[], kept: States): readonly TakeAnswer[] {
  const [first = []] = asked;
  const command = new ScriptCommand(first.map(keyOf));
  const answers: TakeAnswer[] = [];
  for (const [at, uses] of asked.entries()) {
    const pending = new Pending(OWNER, { uses, resolve: (answer) => void (answers[at] = answer) });
    pending.expects(1, NOW_US);
    command.add({ uses, pending, places: uses.map((_, place) => place) });
  }
  const limits = first.map(({ limit }) => limit);
  command.decide(script(limits, kept, command.arguments()), NOW_US, () => undefined);
  return answers;
}

/** One after the other, those that ask the same together where the first of them came. */
function serially(asked: readonly (readonly CounterUse[])[], kept: States): readonly TakeAnswer[] {
  const groups = new Map<string, [number, readonly CounterUse[]][]>();
  for (const [at, uses] of asked.entries()) {
    const name = uses.map(({ kind, hits }) => `${kind} ${hits}`).join();
    groups.set(name, [...(groups.get(name) ?? []), [at, uses]]);
  }
  let states = kept;
  const answers: TakeAnswer[] = [];
  for (const [at, uses] of [...groups.values()].flat()) {
    const decided = decide(uses, states, now);
    states = states.map((state, number) => decided.states[number] ?? state);
    answers[at] = { isOver: decided.isOver, outcomes: decided.outcomes, source: 'store' };
  }
  return answers;
}

/** A bucket's times come from a fraction: at most a microsecond apart, which may be another millisecond. */
function expectSame(batch: readonly TakeAnswer[], serial: readonly TakeAnswer[]): void {
  const facts = (answers: readonly TakeAnswer[]) =>
    answers.map(({ isOver, outcomes }) => [isOver, outcomes.map((outcome) => [outcome.isOver, outcome.remaining])]);
  expect(facts(batch)).toEqual(facts(serial));
  for (const [at, { outcomes }] of serial.entries()) {
    for (const [place, { resetMs, retryAfterMs }] of outcomes.entries()) {
      const found = batch[at]?.outcomes[place];
      if (Number.isFinite(resetMs)) expect(Math.abs((found?.resetMs ?? 0) - resetMs)).toBeLessThanOrEqual(1);
      else expect(found?.resetMs).toBe(resetMs);
      if (Number.isFinite(retryAfterMs)) expect(Math.abs((found?.retryAfterMs ?? 0) - retryAfterMs)).toBeLessThanOrEqual(1);
      else expect(found?.retryAfterMs).toBe(retryAfterMs);
    }
  }
}

const algorithms = fc.constantFrom<Algorithm>('fixed', 'sliding', 'slidingExact', 'bucket');
const counters = fc.array(fc.record({ algorithm: algorithms, limit: fc.integer({ min: 1, max: 12 }), used: fc.nat(14) }), {
  minLength: 1,
  maxLength: 3,
});

/** Uses of counters of which some hits are gone already. */
function begun(parts: readonly { readonly algorithm: Algorithm; readonly limit: number; readonly used: number }[]) {
  const uses = parts.map(({ algorithm, limit }, at) => use(limitOf({ id: `c${at}`, algorithm, limit, burst: limit })));
  const kept = uses.map(({ limit }, at): CounterState => {
    const state = currentState(limit, undefined, now);
    return takenFrom(limit, state, { hits: Math.min(parts[at]?.used ?? 0, limit.limit), nowUs: NOW_US, isOwed: false });
  });
  return { uses, kept };
}

describe('one script for many requests (ratelimit R503)', () => {
  it('answers each as if they had come one after the other, those that ask the same together (ratelimit R1002)', () => {
    let denied = 0;
    fc.assert(
      fc.property(
        counters,
        fc.array(fc.array(fc.nat(3), { minLength: 3, maxLength: 3 }), { minLength: 1, maxLength: 30 }),
        (parts, costs) => {
          const { uses, kept } = begun(parts);
          const asked = costs.map((each) => uses.map((one, at) => ({ ...one, hits: each[at] ?? 1 })));
          const serial = serially(asked, kept);
          expectSame(inOneBatch(asked, kept), serial);
          denied += serial.filter(({ isOver }) => isOver).length;
        },
      ),
      { numRuns: 300 },
    );
    expect(denied).toBeGreaterThan(100);
  });

  it('lets as many equal requests pass as the narrowest counter has room for, and takes nothing for the others', () => {
    const { uses, kept } = begun([
      { algorithm: 'fixed', limit: 12, used: 2 },
      { algorithm: 'bucket', limit: 9, used: 0 },
    ]);
    const asked = Array.from({ length: 5 }, () => uses.map((one, at) => ({ ...one, hits: at === 0 ? 3 : 2 })));
    const answers = inOneBatch(asked, kept);
    expect(answers.map(({ isOver }) => isOver)).toEqual([false, false, false, true, true]);
    expect(answers.map(({ outcomes }) => outcomes.map(({ remaining }) => remaining))).toEqual([
      [7, 7],
      [4, 5],
      [1, 3],
      [0, 3],
      [0, 3],
    ]);
  });

  it('debits always take, and what is asked after them sees them', () => {
    fc.assert(
      fc.property(
        fc.constantFrom<Algorithm>('fixed', 'sliding'),
        fc.nat(10),
        fc.array(fc.record({ kind: fc.constantFrom('take', 'debit'), hits: fc.nat(4) }), { minLength: 1, maxLength: 20 }),
        (algorithm, used, requests) => {
          const { uses, kept } = begun([{ algorithm, limit: 10, used }]);
          const asked = requests.map((each) => uses.map((one) => ({ ...one, ...each })));
          expectSame(inOneBatch(asked, kept), serially(asked, kept));
        },
      ),
    );
  });

  it('holds at most 128 groups: the next one is another call (ratelimit R407)', () => {
    const { uses } = begun([{ algorithm: 'bucket', limit: 12, used: 0 }]);
    const command = new ScriptCommand(uses.map(keyOf));
    for (let hits = 1; hits <= MAX_GROUPS; hits += 1) {
      expect(command.isFull).toBe(false);
      const asked = uses.map((one) => ({ ...one, hits }));
      command.add({ uses: asked, pending: new Pending(OWNER, { uses: asked, resolve: () => undefined }), places: [0] });
    }
    expect(command.isFull).toBe(true);
  });
});
