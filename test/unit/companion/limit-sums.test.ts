import { describe, expect, it } from 'vitest';
import { summedAnswer } from '../../../src/companion/limit-sums.ts';
import type { RecordedLimit, WorkerAnswer } from '../../../src/ratelimit/limit-question.ts';
import { KeySketch } from '../../../src/ratelimit/operator/key-sketch.ts';
import type { BudgetShares, HolderShare } from '../../../src/ratelimit/quota/quota-shares.ts';
import { counterKey } from '../../../src/ratelimit/store/counter-key.ts';

function sketch(...names: readonly string[]) {
  const made = new KeySketch();
  for (const name of names) made.add(counterKey(Buffer.from('secret'), { domain: 'd', identity: 'i', parts: [name] }));
  return made.sent();
}

function limit(changes: Partial<RecordedLimit['recorded']>, rest: Partial<RecordedLimit> = {}): RecordedLimit {
  return {
    gateway: 'edge',
    name: 'trial',
    scope: 'shared',
    parts: ['client.ip'],
    rates: ['20/second, tokenBucket'],
    overrides: 0,
    mode: 'shadow',
    onStoreFailure: 'local',
    store: 'redis',
    revision: 'r1',
    isLingering: false,
    recorded: {
      sinceMs: 5,
      decisions: {},
      perSecond: { allowed: 1, denied: 0, wouldDeny: 0.5, degraded: 0, shed: 0 },
      overKeys: sketch(),
      ...changes,
    },
    ...rest,
  };
}

const listed = (worker: number, limits: readonly RecordedLimit[]): WorkerAnswer => ({
  kind: 'listed',
  limits,
  stores: [{ gateway: 'edge', worker, kind: 'redis', state: 'ready', isBreakerOpen: false }],
});

describe('answers of several workers', () => {
  it('add up: decisions, paces, and counters that were over once however many saw them (ratelimit R811)', () => {
    const first = limit({ sinceMs: 9, decisions: { ok: 5, shadow_over: 3 }, overKeys: sketch('anna', 'otto') });
    const second = limit({ decisions: { shadow_over: 2 }, overKeys: sketch('otto', 'uma') });
    const answer = summedAnswer([listed(1, [first]), listed(0, [second, { ...second, gateway: 'web' }])]);
    expect(answer).toMatchObject({
      kind: 'list',
      limits: [
        {
          gateway: 'edge',
          sinceMs: 5,
          decisions: { ok: 5, shadow_over: 5 },
          perSecond: { allowed: 2, denied: 0, wouldDeny: 1, degraded: 0, shed: 0 },
          overKeys: { count: 3, isExact: true },
        },
        { gateway: 'web', overKeys: { count: 2 } },
      ],
      stores: [{ worker: 0 }, { worker: 1 }],
    });
    expect(JSON.stringify(answer)).not.toContain('recorded');
  });

  it('list the counters that are asked most, as many as one worker told (ratelimit R811)', () => {
    const hot = (...names: readonly string[]) => names.map((hash, at) => ({ hash, hits: 10 - at, error: 1 }));
    const answer = summedAnswer([listed(0, [limit({}, { hot: hot('a', 'b') })]), listed(1, [limit({}, { hot: hot('c', 'a') })])]);
    expect(answer).toMatchObject({
      limits: [
        {
          hot: [
            { hash: 'a', hits: 19, error: 2 },
            { hash: 'c', hits: 10 },
          ],
        },
      ],
    });
  });

  it('know of a share what the worker that has the stream knows (ratelimit R703, R811)', () => {
    const budget = (holders: readonly HolderShare[]): BudgetShares => ({
      hash: 'h',
      perSecond: 100,
      burst: 100,
      reservePerSecond: 5,
      givenPerSecond: 0,
      holders,
      others: 0,
    });
    const own = { holder: 'a.1', proxy: '10.0.0.1', perSecond: 60, burst: 60, demand: 70, isClosed: false };
    const foreign = { holder: 'a.1', perSecond: 50, burst: 50, demand: 50, isClosed: false };
    const other = { holder: 'b.1', proxy: '10.0.0.2', perSecond: 30, burst: 30, demand: 10, isClosed: false };
    const shares = (...holders: readonly HolderShare[]): WorkerAnswer => ({ kind: 'shares', budgets: [budget(holders)] });
    expect(summedAnswer([shares(foreign, other), shares(own)])).toMatchObject({
      budgets: [{ givenPerSecond: 90, holders: [own, other], others: 0 }],
    });
  });
});
