// The Lua scripts are transcriptions of src/ratelimit/algorithms (ratelimit R407, R1003): both go the same random walk, with the time given to them.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  availableIn,
  type CounterState,
  currentState,
  givenTo,
  isCutBack,
  readingOf,
  resetUsOf,
  retryUsOf,
  takenFrom,
} from '../../../src/ratelimit/algorithms/counter.ts';
import { FixedWindows } from '../../../src/ratelimit/algorithms/fixed-window.ts';
import { claimed, type Holding } from '../../../src/ratelimit/algorithms/ledger.ts';
import { limitProblem } from '../../../src/ratelimit/algorithms/limit-problem.ts';
import { loadScripts } from '../../../src/ratelimit/redis/redis-scripts.ts';
import { counterArguments, counterName } from '../../../src/ratelimit/redis/store-keys.ts';
import type { Algorithm, StoreLimit } from '../../../src/ratelimit/store.ts';
import { randomKey } from '../../contract/ratelimit-store-contract.ts';
import { type RedisServer, startRedis } from '../../support/redis-server.ts';
import { limitOf } from '../../unit/ratelimit/store-limit.ts';

const EPOCH_US = 1_795_000_000_000_000;
const scripts = loadScripts();
const windows = new FixedWindows();
let server: RedisServer;

beforeAll(async () => {
  server = await startRedis();
});
afterAll(async () => {
  await server?.stop();
});

/** The script at a time that the test chooses: everything else is as it is packed. */
function atTime(script: { readonly text: string }, us: number): string {
  const time = `{ '${Math.floor(us / 1e6)}', '${us % 1e6}' }`;
  // Keys live a minute longer, since only the test's time stands still.
  const changed = script.text.replace("redis.call('TIME')", () => time).replace("'PX', text(ttl)", "'PX', text(ttl + 60000)");
  expect(changed).not.toBe(script.text);
  return changed;
}

const evaluate = (script: string, key: string, ...rest: readonly (string | number)[]): Promise<unknown> =>
  server.client.eval(script, 1, key, ...rest);

const limits: fc.Arbitrary<StoreLimit> = fc
  .record({
    algorithm: fc.constantFrom<Algorithm>('fixed', 'sliding', 'slidingExact', 'bucket'),
    limit: fc.oneof(fc.integer({ min: 1, max: 30 }), fc.constantFrom(70_000, 999_983)),
    seconds: fc.constantFrom(1, 10, 3_600, 86_400),
    burst: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constantFrom(100_000)),
  })
  .map(({ algorithm, limit, seconds, burst }) => {
    const n = algorithm === 'slidingExact' ? Math.min(limit, 30) : limit;
    return limitOf({ algorithm, limit: n, periodUs: seconds * 1_000_000, burst });
  })
  .filter((limit) => limitProblem(limit) === undefined);

const walks = fc.array(
  fc.record({
    /** Parts of the period, also back in time. */
    wait: fc.oneof(
      fc.constant(0),
      fc.double({ min: 0, max: 0.3, noNaN: true }),
      fc.double({ min: -0.05, max: 1.5, noNaN: true }),
      fc.constantFrom(-2.5, -40),
    ),
    act: fc.constantFrom('take', 'take', 'take', 'debit', 'give', 'grant'),
    count: fc.integer({ min: 1, max: 5 }),
    cost: fc.oneof(fc.nat(8), fc.constantFrom(1, 100_000)),
  }),
  { minLength: 1, maxLength: 25 },
);

/** What a clock that went back moved has an end also where it was only looked at. */
const CUT_BACK = limitOf({ algorithm: 'slidingExact', limit: 5, periodUs: 1_000_000 });
const LOOKED_AT: { wait: number; act: 'take' | 'give'; count: number; cost: number }[] = [
  { wait: 0, act: 'take', count: 1, cost: 1 },
  { wait: -40, act: 'give', count: 1, cost: 0 },
];

const finite = (us: number): number => (us === Number.POSITIVE_INFINITY ? -1 : us);
/** Fixed windows end by the client's clock: the script only tells what can never pass. */
const ofScript = ({ algorithm }: StoreLimit, us: number): number => (algorithm === 'fixed' ? Math.min(0, finite(us)) : finite(us));

describe('take, give and admin in Lua', () => {
  it('decide as the algorithms do, on random states (ratelimit R1003)', async () => {
    await fc.assert(
      fc.asyncProperty(limits, walks, async (limit, walk) => {
        const key = randomKey();
        const describe_ = counterArguments({ limit, key }, 60_000);
        let name = '';
        let kept: CounterState | undefined;
        let nowUs = EPOCH_US;
        for (const { wait, act, count, cost } of walk) {
          // A little back in time only where nothing is forgotten meanwhile; each fixed window has a key of its own.
          const isBack = limit.algorithm === 'bucket' || (wait < -1 && limit.algorithm !== 'fixed');
          nowUs += Math.round((isBack ? wait : Math.abs(wait)) * limit.periodUs);
          name = counterName('t', { limit, key }, limit.algorithm === 'fixed' ? windows.at(limit, nowUs) : undefined);
          let isKept = cost > 0;
          const before = kept;
          let state = currentState(limit, kept, { nowUs, windows });
          if (act === 'take' || act === 'debit') {
            const free = availableIn(limit, state, nowUs);
            const fitting = cost === 0 ? (free >= 1 ? count : 0) : Math.min(count, Math.max(0, Math.floor(free / cost)));
            const passed = act === 'debit' ? count : fitting;
            // What is forgotten is forgotten in Redis also where nothing is taken, and so is what a clock that went back cut.
            isKept = (passed > 0 && cost > 0) || limit.algorithm !== 'bucket' || isCutBack(before, state);
            for (let hit = 0; hit < passed && cost > 0; hit += 1)
              state = takenFrom(limit, state, { hits: cost, nowUs, isOwed: act === 'debit' });
            const reply = await evaluate(atTime(scripts.take, nowUs), name, ...describe_, act === 'debit' ? 'd' : 't', count, cost);
            const retryUs = retryUsOf(limit, state, { hits: Math.max(1, cost), nowUs });
            const resetUs = ofScript(limit, resetUsOf(limit, state, nowUs));
            expect(reply).toEqual([passed, availableIn(limit, state, nowUs), resetUs, ofScript(limit, retryUs)]);
          } else if (act === 'give') {
            state = givenTo(limit, state, { hits: cost, isGrant: false });
            await evaluate(atTime(scripts.give, nowUs), name, '', ...describe_, key.text, cost);
          } else {
            state = givenTo(limit, state, { hits: cost, isGrant: true });
            await evaluate(atTime(scripts.admin, nowUs), name, 'grant', 'c', key.text, cost, ...describe_);
          }
          if (isKept) kept = state;
          // A bucket that is full is as one that was never used.
          if (isKept && state.algorithm === 'bucket' && resetUsOf(limit, state, nowUs) === 0) kept = undefined;
          const reading = readingOf(limit, currentState(limit, kept, { nowUs, windows }), nowUs);
          const [used, available, emptyUs] = (await evaluate(
            atTime(scripts.admin, nowUs),
            name,
            'read',
            'c',
            key.text,
            0,
            ...describe_,
          )) as number[];
          expect([used, Math.max(0, available ?? 0), Math.ceil((emptyUs ?? 0) / 1000)]).toEqual([
            reading.used,
            reading.remaining,
            ofScript(limit, reading.resetMs),
          ]);
        }
        expect(await server.client.pttl(name)).not.toBe(-1);
      }),
      { numRuns: 200, examples: [[CUT_BACK, LOOKED_AT]] },
    );
  });
});

describe('the ledger in Lua', () => {
  it('divides as the algorithm does, and never grants more than there is (ratelimit R703, R1003)', async () => {
    const claims = fc.array(
      fc.record({
        waitMs: fc.oneof(fc.constant(0), fc.nat(5_000), fc.nat(30_000)),
        holder: fc.constantFrom('a', 'b', 'c'),
        share: fc.nat(120),
        wantedBurst: fc.nat(12),
        isConfirmed: fc.boolean(),
      }),
      { maxLength: 30 },
    );
    await fc.assert(
      fc.asyncProperty(claims, async (walk) => {
        const key = randomKey();
        let holdings: readonly Holding[] = [];
        let nowMs = EPOCH_US / 1000;
        for (const { waitMs, ...parts } of walk) {
          nowMs += waitMs;
          const claim = { key, limit: 100, burst: 10, demand: 7.5, ttlMs: 20_000, ...parts };
          const { holdings: next, answer } = claimed(holdings, claim, nowMs);
          holdings = next;
          const { holder, share, wantedBurst, isConfirmed } = claim;
          const given = [holder, 100, 10, share, wantedBurst, 7.5, 20_000, isConfirmed ? 1 : 0];
          const reply = (await evaluate(atTime(scripts.ledger, nowMs * 1000), `q:{${key.text}}`, ...given)) as unknown[];
          const holders = answer.holders.flatMap((entry) => [entry.holder, entry.share, entry.burst, String(entry.demand)]);
          expect(reply).toEqual([answer.share, answer.burst, answer.freeShare, answer.freeBurst, ...holders]);
          expect(holdings.reduce((sum, { heldShare }) => sum + heldShare, 0)).toBeLessThanOrEqual(100);
          expect(holdings.reduce((sum, { heldBurst }) => sum + heldBurst, 0)).toBeLessThanOrEqual(10);
        }
      }),
      { numRuns: 60 },
    );
  });
});
