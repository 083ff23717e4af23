import { describe, expect, it } from 'vitest';
import { counterText } from '../../../src/cli/limit-text.ts';
import type { Counters, ListedLimit } from '../../../src/cli/limits-schema.ts';
import { limitsTable, shadowTable } from '../../../src/cli/limits-table.ts';

const NOW = Date.parse('2026-11-23T12:00:00Z');
const LIMIT: ListedLimit = {
  gateway: 'edge',
  name: 'per-user',
  scope: 'shared',
  parts: ['jwt.sub'],
  rates: ['100/minute, tokenBucket'],
  overrides: 0,
  mode: 'enforce',
  onStoreFailure: 'local',
  store: 'redis',
  revision: 'r1',
  isLingering: false,
  sinceMs: NOW - 60_000,
  decisions: { ok: 190, near: 8, over: 2 },
  perSecond: { allowed: 9.84, denied: 0, wouldDeny: 250.4, degraded: 0, shed: 0 },
  overKeys: { count: 3, isExact: true },
};
const COUNTERS: Counters = {
  limit: 'per-user',
  scope: 'shared',
  applies: 'counted',
  counters: [
    {
      hash: 'HASH',
      key: 'crl:t:{HASH}',
      rate: '100/minute, tokenBucket',
      used: 1,
      remaining: 99,
      resetMs: 600,
      resetAt: '2026-11-23T12:00:00.600Z',
      localPart: { hits: 25, workers: 4 },
    },
  ],
};
const BUDGET = {
  hash: 'BUDGET',
  perSecond: 2_000,
  burst: 2_000,
  reservePerSecond: 100,
  givenPerSecond: 1_900,
  holders: [
    { holder: 'a.1', proxy: '10.0.0.1', perSecond: 1_500, burst: 1_500, demand: 1_400, isClosed: false },
    { holder: 'b.1', perSecond: 400, burst: 400, demand: 300, isClosed: true },
  ],
  others: 0,
};

describe('limits as text', () => {
  it('are listed with what they decided and how much a second', () => {
    expect(limitsTable({ limits: [LIMIT], stores: [] }, NOW)).toBe(
      'GATEWAY  LIMIT     RATE                     KEY      ALLOWED  NEAR  DENIED  A SECOND  STORE  MODE\n' +
        'edge     per-user  100/minute, tokenBucket  jwt.sub  198      8     2       9.8 / 0   redis  enforce\n',
    );
    expect(limitsTable({ limits: [], stores: [] }, NOW)).toBe('');
  });

  it('say below what somebody should look at: stores that are away, limits without them, shares (ratelimit R803, R811)', () => {
    const quota: ListedLimit = { ...LIMIT, name: 'report', scope: 'quota', reserve: 0.05, shares: [BUDGET] };
    const degraded = { ...LIMIT, perSecond: { ...LIMIT.perSecond, degraded: 3, shed: 1 } };
    const away = {
      gateway: 'edge',
      worker: 0,
      kind: 'redis',
      state: 'away',
      isBreakerOpen: true,
      reason: 'it hangs',
      sinceMs: NOW - 5_000,
    } as const;
    expect(
      limitsTable({ limits: [degraded, quota, { ...quota, name: 'new', shares: [] }], stores: [away] }, NOW)
        .split('\n')
        .slice(5),
    ).toEqual([
      'Redis of edge is away for worker 0, its breaker is open (5s ago): it hangs. Its limits answer by their onStoreFailure',
      'edge per-user: 3 requests a second are decided without Redis: each worker counts its own part of it',
      'edge per-user: 1 requests a second are not counted, the limiter has too much to do: each worker counts its own part of it',
      'edge report: 1900 of 2000/s with 2 proxies; 5 % kept for newcomers (limits show report)',
      'edge new: no proxy has a share of it yet',
      '',
    ]);
  });

  it('in shadow mode tell what they would deny, the share of all, and of how many counters (ratelimit R811)', () => {
    const decisions = { ok: 90, near: 10, shadow_over: 95, degraded_over: 5 };
    expect(
      shadowTable({ limits: [{ ...LIMIT, mode: 'shadow', decisions, overKeys: { count: 812, isExact: false } }], stores: [] }, NOW),
    ).toContain('edge     per-user  100/minute, tokenBucket  60s ago  200       100         50.0 %  250       about 812');
  });

  it('are explained: the way, the counter, its name, and the worst case (ratelimit R811)', () => {
    const path = [
      { about: 'key', outcome: 'yes', text: 'jwt.sub is given' },
      { about: 'override', outcome: 'no', text: 'override jwt.sub: x: the value is another' },
    ] as const;
    const bounds = [{ about: 'rate', rule: 'R105', text: '100 at once' }];
    expect(counterText({ ...COUNTERS, path: [...path], bounds }, NOW).split('\n')).toEqual([
      'per-user: counted',
      '  ✓ jwt.sub is given',
      '  ✗ override jwt.sub: x: the value is another',
      '',
      'COUNTER  RATE                     USED  REMAINING  NEW AGAIN IN',
      'HASH     100/minute, tokenBucket  1     99         0.6 s, at 12:00:00 UTC',
      '  kept as crl:t:{HASH}; were Redis away, one of 4 workers would let 25 pass',
      '',
      'at worst passes:',
      '  100 at once (R105)',
      '',
    ]);
    expect(counterText(COUNTERS, NOW - 86_400_000)).toContain('at 2026-11-23 12:00:00 UTC');
  });

  it('that are divided tell each share, what is kept free, and the sum (ratelimit R704, R811)', () => {
    const text = counterText({ ...COUNTERS, scope: 'quota', applies: 'divided', counters: [], shares: [BUDGET] }, NOW);
    expect(text).toContain('budget BUDGET: 1900 of 2000/s given out, 100/s kept for newcomers');
    expect(text).toContain('10.0.0.1             1500/s  1500   1400/s');
    expect(text).toContain('of another instance  400/s   400    300/s   its stream is closed');
    expect(counterText({ ...COUNTERS, counters: [], shares: [] }, NOW)).toContain('no proxy has a share of it yet');
  });
});
