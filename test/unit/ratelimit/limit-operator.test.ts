import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { type CounterDeed, type OperatedLimits, operate, recordedLimits } from '../../../src/ratelimit/limit-operator.ts';
import type { CounterAnswer, LimitRefusal } from '../../../src/ratelimit/limit-question.ts';
import type { LimitRule } from '../../../src/ratelimit/limit-table.ts';
import { DecisionRecord } from '../../../src/ratelimit/operator/decision-record.ts';
import { StoreError } from '../../../src/ratelimit/store/store-error.ts';
import type { CounterStore } from '../../../src/ratelimit/store.ts';
import { of, perMinute, perSecond, rule, START_MS, table, testLimiter } from './limiter-support.ts';

const DOMAIN = 'chancery.edge';

function operated(limits: readonly LimitRule[], changes: Partial<OperatedLimits> = {}) {
  const test = testLimiter();
  test.limiter.setTables({ own: table(...limits) });
  const plans = test.limiter.table?.domains[0];
  if (plans === undefined) throw new Error('no table');
  const all: OperatedLimits = {
    gateway: 'edge',
    domain: DOMAIN,
    revision: 'r1',
    limits,
    lingering: new Set(),
    storeKind: 'memory',
    store: test.store,
    plans,
    record: new DecisionRecord(START_MS),
    keySecret: Buffer.from('secret'),
    nowMs: () => START_MS,
    hot: () => [],
    shares: () => [],
    ...changes,
  };
  const ask = (limit: string, parts: Readonly<Record<string, string>>, deed: CounterDeed = 'show') =>
    operate(all, { gateway: 'edge', limit, parts }, deed);
  const counted = async (...given: Parameters<typeof ask>): Promise<CounterAnswer> => found(await ask(...given));
  const request = (name: string, ...parts: readonly (readonly [string, string])[]) => test.ask(DOMAIN, [of(name, ...parts)]);
  return { ...test, all, ask, counted, request };
}

function found(answer: CounterAnswer | LimitRefusal): CounterAnswer {
  if (answer.kind === 'refused') throw new Error(answer.reason);
  return answer;
}

const texts = ({ path = [] }: CounterAnswer) => path.map(({ outcome, text }) => `${outcome}: ${text}`);

describe("an operator's question about a counter", () => {
  it('finds the counter that requests of these values have, and tells when it is new, relative and as a time (ratelimit R811)', async () => {
    const { counted, request } = operated([rule('per-user')]);
    request('per-user', ['jwt.sub', 'anna']);
    request('per-user', ['jwt.sub', 'otto']);
    const answer = await counted('per-user', { 'jwt.sub': 'anna' });
    expect(answer).toMatchObject({ kind: 'counters', limit: 'per-user', scope: 'shared', applies: 'counted' });
    const resetAt = new Date(START_MS + 60_000).toISOString();
    const { hash } = answer.counters[0] ?? { hash: '' };
    expect(answer.counters).toEqual([
      { hash, key: `memory:${hash}`, rate: '2/minute, fixedWindow', used: 1, remaining: 1, resetMs: 60_000, resetAt },
    ]);
    expect(JSON.stringify(answer)).not.toContain('anna');
    expect(answer).not.toHaveProperty('path');
  });

  it('resets, bans and grants exactly that counter, and a bucket that is banned is closed as long as one use can close it (R811)', async () => {
    const { counted, request } = operated([rule('per-user'), rule('bucket', { rates: [perSecond(5, 10)] })]);
    const passes = (name: string, who: string) => request(name, ['jwt.sub', who]).overall_code === 'OK';
    await counted('per-user', { 'jwt.sub': 'anna' }, 'ban');
    expect([passes('per-user', 'anna'), passes('per-user', 'otto')]).toEqual([false, true]);
    await counted('per-user', { 'jwt.sub': 'anna' }, { grant: 1 });
    expect([passes('per-user', 'anna'), passes('per-user', 'anna')]).toEqual([true, false]);
    const reset = await counted('per-user', { 'jwt.sub': 'anna' }, 'reset');
    expect(reset.counters).toMatchObject([{ used: 0, remaining: 2 }]);
    expect(passes('per-user', 'anna')).toBe(true);
    const banned = await counted('bucket', { 'jwt.sub': 'anna' }, 'ban');
    expect(banned.counters).toMatchObject([{ used: 20, remaining: 0 }]);
  });

  it('tells the other instances of a ban as of any change, once, and counts it also where that fails (ratelimit R505, R811)', async () => {
    const { counted, all } = operated([rule('per-user')]);
    const announced = vi.spyOn(all.store, 'announce').mockRejectedValue(new StoreError('unavailable', 'Redis is not connected'));
    const answer = await counted('per-user', { 'jwt.sub': 'anna' }, 'ban');
    expect(announced.mock.calls.map(([{ key }]) => key.text)).toEqual([answer.counters[0]?.hash]);
    expect(await counted('per-user', { 'jwt.sub': 'anna' })).toMatchObject({ counters: [{ remaining: 0 }] });
    expect(announced).toHaveBeenCalledTimes(1);
  });

  it('refuses what is not there: a limit, a part, a store that is away (ratelimit R811)', async () => {
    const { ask, all } = operated([rule('per-user')]);
    expect(await ask('nobody', {})).toMatchObject({ kind: 'refused', status: 404 });
    expect(await ask('per-user', { 'jwt.subject': 'x' })).toMatchObject({
      status: 400,
      reason: '"jwt.subject" is no part of its key: jwt.sub',
    });
    expect(await ask('per-user', { __proto__: 'x', 'jwt.sub': 'x' })).toMatchObject({ kind: 'counters' });
    const away: CounterStore = Object.assign(Object.create(all.store), {
      read: () => Promise.reject(new StoreError('unavailable', 'Redis is not connected')),
    });
    const there = { gateway: 'edge', limit: 'per-user', parts: { 'jwt.sub': 'x' } };
    expect(await operate({ ...all, store: away }, there, 'show')).toEqual({
      kind: 'refused',
      status: 503,
      reason: 'Redis is not connected',
    });
  });

  it('says why a limit does not apply, or applies otherwise: missing parts, rate 0, unlimited, shadow (ratelimit R103, R108, R109)', async () => {
    const { counted } = operated([
      rule('shared'),
      rule('skipped', { whenMissing: 'skip' }),
      rule('denied', { whenMissing: 'deny' }),
      rule('zero', { rates: [perMinute(0)] }),
      rule('free', { rates: [] }),
      rule('trial', { mode: 'shadow' }),
    ]);
    const applies = async (name: string, parts = {}) => (await counted(name, parts, 'explain')).applies;
    expect(await applies('shared')).toBe('counted');
    expect(await applies('skipped')).toBe('not applied: a part of the key is missing and whenMissing is skip (jwt.sub)');
    expect(await applies('denied')).toBe('denied: a part of the key is missing and whenMissing is deny (jwt.sub)');
    expect(await applies('zero', { 'jwt.sub': 'x' })).toBe('blocked: its rate is 0');
    expect(await applies('free', { 'jwt.sub': 'x' })).toBe('unlimited: nothing is counted');
    expect(await applies('trial', { 'jwt.sub': 'x' })).toBe('counted, never denied (mode: shadow)');
    expect((await counted('skipped', {}, 'explain')).bounds).toEqual([]);
  });
});

describe('the way to a counter, explained', () => {
  const plan = rule('plan', {
    parts: [{ part: 'jwt.tenant', entry: 'jwt.tenant' }],
    rates: [perMinute(10)],
    source: 'limits.yaml:7',
    limitFromMax: perMinute(1_000),
    overrides: [
      { match: [{ part: 'jwt.tenant', value: 'acme' }], rates: [perMinute(90)], shared: false },
      { match: [{ part: 'jwt.tenant', value: 'a*' }], rates: [perMinute(50)], shared: true },
      { match: [{ part: 'jwt.tenant', value: 'banned' }], rates: [perMinute(0)], shared: false },
    ],
  });

  it('names the override that is taken, and why each of the others is not (ratelimit R107, R811)', async () => {
    const { counted } = operated([plan]);
    const exact = await counted('plan', { 'jwt.tenant': 'acme' }, 'explain');
    expect(texts(exact)).toEqual([
      'yes: limit plan of limits.yaml:7, in force; scope shared: each request is counted',
      'yes: jwt.tenant is given',
      'yes: override jwt.tenant: acme is taken',
      'no: override jwt.tenant: a*: fits, but the one that is taken is more exact',
      'no: override jwt.tenant: banned: the value of jwt.tenant is another',
      'no: the claim of limitFrom is not given: say what it holds by limitFrom=RATE',
      "yes: the override's rate holds: 90/minute, fixedWindow",
    ]);
    expect(exact.counters).toMatchObject([{ rate: '90/minute, fixedWindow', remaining: 90 }]);
    const missing = await counted('plan', {}, 'explain');
    expect(texts(missing)).toContain('fact: jwt.tenant is missing: such requests share one counter (whenMissing: share)');
    expect(texts(missing)).toContain('no: override jwt.tenant: acme: jwt.tenant is missing');
  });

  it('says what becomes of the rate that a claim brings (ratelimit R107, R205)', async () => {
    const { counted } = operated([plan]);
    const claims = async (limitFrom: string, tenant = 'zulu') => {
      const answer = await counted('plan', { 'jwt.tenant': tenant, limitFrom }, 'explain');
      expect(JSON.stringify(answer)).not.toContain('zulu');
      return [texts(answer).find((text) => text.includes('claim')), answer.counters[0]?.rate];
    };
    expect(await claims('500/minute')).toEqual(['yes: what the claim says is taken', '500/minute, fixedWindow']);
    expect(await claims('5000/minute')).toEqual([
      'no: what the claim says is not taken: it is above the largest one, 1000/minute, fixedWindow',
      '10/minute, fixedWindow',
    ]);
    expect((await claims('lots'))[0]).toBe('no: what the claim says is not taken: it is no rate for 10/minute, fixedWindow');
    expect((await claims('500/minute', 'banned'))[0]).toBe('no: what the claim says is not looked at: an override wins');
  });

  it('tries the limits that replace it with the same values (ratelimit R110)', async () => {
    const parts = [
      { part: 'jwt.sub', entry: 'jwt.sub' },
      { part: 'jwt.editor', entry: 'jwt.editor' },
    ];
    const { counted, ask } = operated([rule('per-user'), rule('editor', { parts, whenMissing: 'skip', replaces: ['per-user'] })]);
    const reader = await counted('per-user', { 'jwt.sub': 'anna' }, 'explain');
    expect(texts(reader)).toContain('no: editor would replace it, but does not apply to these values');
    const editor = await counted('per-user', { 'jwt.sub': 'anna', 'jwt.editor': 'yes' }, 'explain');
    expect(texts(editor)).toContain('yes: editor replaces it on routes that have both: there it is not counted');
    expect(await ask('per-user', { 'jwt.sub': 'anna', 'jwt.editor': 'yes' }, 'show')).toMatchObject({ status: 400 });
  });

  it('comes to the counter and the rates that decisions come to, whatever the values (ratelimit R107, R811)', async () => {
    const { counted, ask, request } = operated([plan, rule('skipped', { whenMissing: 'skip', mode: 'shadow' })]);
    const tenant = fc.constantFrom('acme', 'abba', 'banned', 'zulu', '', undefined);
    const claim = fc.constantFrom('3/minute', '3/second', '9999999/minute', 'x', '', undefined);
    await fc.assert(
      fc.asyncProperty(tenant, claim, async (value, limitFrom) => {
        const entries: [string, string][] = value === undefined ? [] : [['jwt.tenant', value]];
        const parts = { ...Object.fromEntries(entries), ...(limitFrom === undefined ? {} : { limitFrom }) };
        await ask('plan', parts, 'reset');
        const answer = await counted('plan', parts, 'explain');
        const reply = request('plan', ...entries, ...(limitFrom === undefined ? [] : [['_rate', limitFrom] as const]));
        const [counter] = answer.counters;
        const isBlocked = answer.applies.startsWith('blocked');
        expect(isBlocked).toBe(reply.overall_code === 'OVER_LIMIT');
        if (counter !== undefined) expect(reply.statuses[0]?.limit_remaining).toBe(counter.remaining - 1);
        const told = texts(answer).find((text) => text.includes('rate holds'));
        if (counter !== undefined) expect(told).toContain(counter.rate);
      }),
      { numRuns: 60 },
    );
  });

  it('tells the worst case: windows, buckets, leases, the store away (ratelimit R105, R506, R803)', async () => {
    const redis = { storeKind: 'redis' as const };
    const bounds = async (limit: LimitRule, changes: Partial<OperatedLimits> = {}) =>
      (await operated([limit], changes).counted(limit.name, { 'jwt.sub': 'x' }, 'explain')).bounds?.map(
        ({ rule: id, text }) => `${id}: ${text}`,
      );
    expect(await bounds(rule('fixed'))).toEqual([
      'R105: 2 in one window',
      'R105: 4 in any time as long as a window, where one ends and the next begins',
    ]);
    expect(await bounds(rule('bucket', { rates: [perSecond(5, 20)], onStoreFailure: 'deny' }), redis)).toEqual([
      'R105: 20 at once',
      'R105: 25 in any 1 s: the burst, and what flows in meanwhile',
      'R802: while Redis is away: nothing passes (onStoreFailure: deny)',
    ]);
    const leased = await bounds(rule('leased', { rates: [perSecond(500)], lease: { max: 20, ttlMs: 500 } }), redis);
    expect(leased).toContain('R506: leases of one worker: 20 more in any time; at most 20 a window are denied wrongly');
    expect(leased).toContain(
      'R803: while Redis is away: each worker counts its own part: 625 of 500/second, tokenBucket, and what passed before',
    );
    expect(await bounds(rule('trial', { mode: 'shadow' }))).toContain(
      'R108: there is no bound: mode shadow denies nothing; these would hold if it were enforced',
    );
  });
});

describe('limits that are divided', () => {
  const quota = { quota: { reserve: 0.05 }, whenMissing: 'skip' as const };

  it('are told by their ledger; a bucket has no counter that could be changed (ratelimit R703, R811)', async () => {
    const { counted, ask } = operated([
      rule('bucket', { ...quota, rates: [perSecond(100)] }),
      rule('window', { ...quota, rates: [{ ...perMinute(100), periodUs: 3_600_000_000 }] }),
    ]);
    const bucket = await counted('bucket', { 'jwt.sub': 'x' }, 'explain');
    expect(bucket).toMatchObject({ scope: 'quota', applies: 'divided over proxies by demand', counters: [] });
    expect(bucket.ledger).toMatch(/^[\w-]{22}$/);
    expect(bucket.bounds).toMatchObject([{ rule: 'R705', atMost: 200 }]);
    expect(await counted('bucket', {})).not.toHaveProperty('ledger');
    for (const deed of ['reset', 'ban', { grant: 1 }] as const)
      expect(await ask('bucket', { 'jwt.sub': 'x' }, deed)).toMatchObject({ kind: 'refused', status: 409 });
    expect((await counted('window', { 'jwt.sub': 'x' }, 'ban')).counters).toMatchObject([{ remaining: 0 }]);
  });
});

describe('the list of limits', () => {
  it('tells what each decided since it is as it is, its scope and what of it is kept free (ratelimit R811)', () => {
    const record = new DecisionRecord(START_MS);
    record.counts.ofLimit('per-user').add('over');
    const limits = [rule('per-user', { source: 'a.yaml:1' }), rule('report', { quota: { reserve: 0.05 }, rates: [perSecond(10)] })];
    const { all } = operated(limits, { record, lingering: new Set(['report']), hot: () => [{ hash: 'h', hits: 2, error: 0 }] });
    expect(recordedLimits(all)).toMatchObject([
      {
        name: 'per-user',
        source: 'a.yaml:1',
        scope: 'shared',
        isLingering: false,
        recorded: { decisions: { over: 1 }, sinceMs: START_MS },
      },
      { name: 'report', scope: 'quota', reserve: 0.05, shares: [], isLingering: true, rates: ['10/second, tokenBucket'] },
    ]);
    expect(recordedLimits(all)[0]).not.toHaveProperty('hot');
    expect(recordedLimits(all, 5)[0]?.hot).toHaveLength(1);
  });
});
