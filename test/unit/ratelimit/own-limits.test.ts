import { describe, expect, it } from 'vitest';
import { DEAF_LISTENER } from '../../../src/ratelimit/decision-listener.ts';
import type { LimitRule } from '../../../src/ratelimit/limit-table.ts';
import type { CounterStore } from '../../../src/ratelimit/store.ts';
import {
  headersOf,
  metadataOf,
  of,
  perMinute,
  perSecond,
  replyOf,
  requestBytes,
  rule,
  START_MS,
  table,
  testLimiter,
} from './limiter-support.ts';

const DOMAIN = 'chancery.edge';
const OVER = 'OVER_LIMIT';
type Rules = readonly LimitRule[];

function limiterOf(...rules: Rules) {
  const limiter = testLimiter();
  limiter.limiter.setTables({ own: table(...rules) });
  const ask = (...descriptors: Parameters<typeof limiter.ask>[1]) => limiter.ask(DOMAIN, descriptors);
  const codes = (...descriptors: Parameters<typeof limiter.ask>[1]) => ask(...descriptors).statuses.map(({ code }) => code);
  return { ...limiter, ask, codes };
}

const user = (name: string) => of('per-user', ['jwt.sub', name]);

describe('a request to our own tables', () => {
  it('counts each key apart and tells what is left (R305)', () => {
    const { ask } = limiterOf(rule('per-user'));
    expect(ask(user('anna'))).toEqual({
      overall_code: 'OK',
      statuses: [
        {
          code: 'OK',
          current_limit: { name: 'per-user', requests_per_unit: 2, unit: 'MINUTE' },
          limit_remaining: 1,
          duration_until_reset: { seconds: 60 },
        },
      ],
    });
    expect(ask(user('bert')).statuses[0]?.limit_remaining).toBe(1);
    expect(ask(user('anna')).statuses[0]?.limit_remaining).toBeUndefined();
    expect(ask(user('anna')).overall_code).toBe(OVER);
  });

  it('is denied with retry-after and metadata, never with a value of its key (R308, R309)', () => {
    const { ask } = limiterOf(rule('per-user'));
    ask(user('anna'));
    ask(user('anna'));
    const denied = ask(user('anna'));
    expect(headersOf(denied)).toEqual({ 'retry-after': '60' });
    expect(metadataOf(denied)).toEqual({
      limit: 'per-user',
      reason: 'over_limit',
      remaining: 0,
      resetMs: 60_000,
      revision: 'r1',
      keyHash: expect.stringMatching(/^[\w-]{22}$/),
    });
    expect(JSON.stringify(denied)).not.toContain('anna');
  });

  it('is refused or answered OK where it names nothing that is known (R302, R303, R208)', () => {
    const { send, ask, ...rest } = limiterOf(rule('per-user'));
    const fresh = testLimiter();
    expect(fresh.send(requestBytes('d', [user('a')]))).toMatchObject({ status: 'UNAVAILABLE' });
    expect(send(requestBytes('', [user('a')]))).toMatchObject({ status: 'INVALID_ARGUMENT' });
    expect(send(requestBytes('d', []))).toMatchObject({ status: 'INVALID_ARGUMENT' });
    expect(send(Buffer.from([0xff]))).toMatchObject({ status: 'INVALID_ARGUMENT' });
    expect(send(Buffer.alloc(70_000))).toMatchObject({ status: 'RESOURCE_EXHAUSTED' });
    const plain = { overall_code: 'OK', statuses: [{ code: 'OK' }, { code: 'OK' }] };
    expect(rest.limiter.table).toBeDefined();
    expect(testLimiter().counts.limits.size).toBe(0);
    expect(ask(of('other', ['jwt.sub', 'a']), { entries: [['x', 'y']] })).toEqual(plain);
  });

  it('matches by structure: parts that do not belong to the limit make it no request of that limit (R303)', () => {
    const { ask } = limiterOf(rule('per-user'));
    expect(ask(of('per-user', ['jwt.sub', 'a'], ['route', 'b'])).statuses).toEqual([{ code: 'OK' }]);
    expect(ask(of('per-user', ['jwt.su', 'b_a'])).statuses).toEqual([{ code: 'OK' }]);
  });

  it('takes nothing from any limit where one of them denies (R307)', () => {
    const { codes, ask } = limiterOf(rule('per-user'), rule('all', { parts: [], rates: [perMinute(3)] }));
    const all = of('all');
    expect(codes(user('anna'), all)).toEqual(['OK', 'OK']);
    expect(codes(user('anna'), all)).toEqual(['OK', 'OK']);
    expect(codes(user('anna'), all)).toEqual([OVER, 'OK']);
    expect(ask(all).statuses[0]?.limit_remaining).toBeUndefined();
    expect(codes(all)).toEqual([OVER]);
  });

  it('checks with 0 hits, takes several, gives back, and pays debits afterwards (R304, R207)', () => {
    const { ask, codes, send } = limiterOf(rule('tokens', { rates: [perMinute(10)] }));
    const tokens = (hits?: number, ...more: [string, string][]) => ({
      ...of('tokens', ['jwt.sub', 'a'], ...more),
      ...(hits === undefined ? {} : { hits }),
    });
    expect(ask(tokens(0)).statuses[0]?.limit_remaining).toBe(10);
    expect(ask(tokens(4)).statuses[0]?.limit_remaining).toBe(6);
    expect(codes(tokens(7))).toEqual([OVER]);
    expect(codes(tokens(50, ['_op', 'debit']))).toEqual(['OK']);
    expect(codes(tokens(0, ['_op', 'check']))).toEqual([OVER]);
    const bytes = requestBytes(DOMAIN, [tokens(50)]);
    // is_negative_hits inside the descriptor, which is the last field: one byte pair more.
    const head = 2 + DOMAIN.length;
    const negative = Buffer.concat([
      bytes.subarray(0, head),
      Buffer.from([0x12, (bytes[head + 1] ?? 0) + 2]),
      bytes.subarray(head + 2),
      Buffer.from([0x20, 1]),
    ]);
    expect(send(negative)).toBeInstanceOf(Uint8Array);
    expect(ask(tokens(0)).statuses[0]?.limit_remaining).toBe(6);
  });

  it('lets several rates of one limit deny each (R102)', () => {
    const { codes, advance, ask } = limiterOf(rule('search', { rates: [perSecond(1), perMinute(2)] }));
    const search = of('search', ['jwt.sub', 'a']);
    expect(codes(search)).toEqual(['OK']);
    expect(codes(search)).toEqual([OVER]);
    advance(1_000);
    expect(codes(search)).toEqual(['OK']);
    advance(1_000);
    expect(ask(search).statuses[0]).toMatchObject({ code: OVER, current_limit: { unit: 'MINUTE' }, duration_until_reset: { seconds: 58 } });
  });

  it('saturates uint32 and tells true numbers in headers (R103)', () => {
    const { ask } = limiterOf(rule('plan', { rates: [perMinute(9_007_199_254_740_991)], headers: 'draft' }));
    const reply = ask(of('plan', ['jwt.sub', 'a']));
    expect(reply.statuses[0]).toMatchObject({ limit_remaining: 4_294_967_295, current_limit: { requests_per_unit: 4_294_967_295 } });
    expect(headersOf(reply)).toEqual({
      'ratelimit-policy': '"plan";q=9007199254740991;w=60',
      ratelimit: '"plan";r=9007199254740990;t=60',
    });
  });

  it('without a key part is counted together, let pass or denied (R109)', () => {
    const { codes, ask } = limiterOf(
      rule('share', { rates: [perMinute(1)] }),
      rule('skip', { whenMissing: 'skip', rates: [perMinute(1)] }),
      rule('deny', { whenMissing: 'deny' }),
    );
    expect([codes(of('share')), codes(of('share')), codes(of('share', ['jwt.sub', '']))]).toEqual([['OK'], [OVER], ['OK']]);
    expect([codes(of('skip')), codes(of('skip'))]).toEqual([['OK'], ['OK']]);
    const denied = ask(of('deny'));
    expect([denied.overall_code, metadataOf(denied), headersOf(denied)]).toEqual([
      OVER,
      { limit: 'deny', reason: 'missing_key', revision: 'r1' },
      {},
    ]);
  });

  it('blocks at 0 without the store, and unlimited has no counter (R103, R306)', () => {
    const { ask, counts } = limiterOf(
      rule('never', { rates: [perMinute(0)] }),
      rule('always', { rates: [] }),
      rule('per-user', { rates: [perMinute(1)] }),
    );
    const denied = ask(of('never', ['jwt.sub', 'a']), user('a'));
    expect([denied.statuses, metadataOf(denied).reason]).toEqual([[{ code: OVER }, { code: 'OK' }], 'blocked']);
    expect(ask(user('a')).overall_code).toBe('OK');
    expect(ask(of('always', ['jwt.sub', 'a']))).toEqual({ overall_code: 'OK', statuses: [{ code: 'OK', limit_remaining: 4_294_967_295 }] });
    expect([counts.ofLimit('never').of('blocked'), counts.ofLimit('always').of('unlimited')]).toEqual([1, 1]);
  });

  it('in shadow is counted and told, never denied, and holds nothing back (R108)', () => {
    const { ask, counts } = limiterOf(rule('trial', { mode: 'shadow', rates: [perMinute(1)] }), rule('per-user'));
    const both = [of('trial', ['jwt.sub', 'a']), user('a')] as const;
    ask(...both);
    const reply = ask(...both);
    expect([reply.overall_code, reply.statuses[0], metadataOf(reply)]).toEqual([
      'OK',
      { code: 'OK' },
      { shadow: ['trial'], revision: 'r1' },
    ]);
    expect(counts.ofLimit('trial').of('shadow_over')).toBe(1);
    expect(ask(...both).overall_code).toBe(OVER);
  });

  it('replaces limits that it names where both match (R110)', () => {
    const { codes } = limiterOf(
      rule('editor', { replaces: ['per-user'], whenMissing: 'skip', rates: [perMinute(5)] }),
      rule('per-user', { rates: [perMinute(1)] }),
    );
    const editor = of('editor', ['jwt.sub', 'a']);
    for (let index = 0; index < 3; index += 1) expect(codes(user('a'), editor)).toEqual(['OK', 'OK']);
    expect(codes(user('a'), of('editor'))).toEqual(['OK', 'OK']);
    expect(codes(user('a'), of('editor'))).toEqual([OVER, 'OK']);
  });

  it('tells draft headers of the limit that denied, else of that with the least left (R211)', () => {
    const { ask } = limiterOf(
      rule('per-user', { headers: 'draft' }),
      rule('all', { parts: [], headers: 'draft', rates: [perMinute(100)] }),
    );
    ask(user('a'), of('all'));
    expect(headersOf(ask(user('a'), of('all')))).toEqual({ 'ratelimit-policy': '"per-user";q=2;w=60', ratelimit: '"per-user";r=0;t=60' });
    expect(headersOf(ask(user('a'), of('all')))).toEqual({
      'retry-after': '60',
      'ratelimit-policy': '"per-user";q=2;w=60',
      ratelimit: '"per-user";r=0;t=60',
    });
  });

  it('shows current_limit only of legacy limits where there are any (R211)', () => {
    const { ask } = limiterOf(rule('per-user', { headers: 'legacy' }), rule('all', { parts: [] }));
    const [first, second] = ask(user('a'), of('all')).statuses;
    expect([first?.current_limit?.name, second?.current_limit]).toEqual(['per-user', undefined]);
  });

  it('has a problem body where the limit wants one (R308)', () => {
    const { ask } = limiterOf(rule('per-user', { rates: [perMinute(1)], body: 'problem' }));
    ask(user('a'));
    const reply = ask(user('a'));
    expect(JSON.parse(String(reply.raw_body))).toEqual({
      title: 'Too many requests',
      limit: 'per-user',
      reason: 'over_limit',
      retryAfter: 60,
    });
    expect(headersOf(reply)).toEqual({ 'content-type': 'application/problem+json', 'retry-after': '60' });
  });

  it('counts decisions by limit and result, near above 80 % (R810)', () => {
    const { ask, counts } = limiterOf(rule('per-user', { rates: [perMinute(5)] }));
    for (let index = 0; index < 7; index += 1) ask(user('a'));
    ask({ ...user('b'), hits: 6 });
    const of = counts.ofLimit('per-user');
    expect([of.of('ok'), of.of('near'), of.of('over'), of.of('oversize'), of.hits]).toEqual([4, 1, 2, 1, 5]);
  });

  it('names the same limit twice and is one request to it', () => {
    const { ask } = limiterOf(rule('per-user', { rates: [perMinute(10)] }));
    ask(user('a'), user('a'));
    expect(ask({ ...user('a'), hits: 0 }).statuses[0]?.limit_remaining).toBe(9);
  });
});

describe('overrides (R107)', () => {
  const plan = (changes: object = {}) =>
    rule('plan', {
      parts: [
        { part: 'jwt.tenant', entry: 'jwt.tenant' },
        { part: 'route', entry: 'route' },
      ],
      rates: [perMinute(1)],
      ...changes,
    });
  const left = (limiter: ReturnType<typeof limiterOf>, tenant: string, route: string) =>
    limiter.ask(of('plan', ['jwt.tenant', tenant], ['route', route])).statuses[0]?.current_limit?.requests_per_unit;

  it('are chosen exact first, then by literal text, then by parts; their order decides nothing', () => {
    const overrides = [
      { match: [{ part: 'jwt.tenant', value: 'trial-*' }], rates: [perMinute(20)], shared: false },
      { match: [{ part: 'jwt.tenant', value: 'trial-big*' }], rates: [perMinute(30)], shared: false },
      { match: [{ part: 'jwt.tenant', value: 'trial-bigger' }], rates: [perMinute(40)], shared: false },
      {
        match: [
          { part: 'jwt.tenant', value: 'trial-*' },
          { part: 'route', value: '*' },
        ],
        rates: [perMinute(50)],
        shared: false,
      },
    ];
    for (const order of [
      [0, 1, 2, 3],
      [3, 2, 1, 0],
      [2, 0, 3, 1],
      [1, 3, 0, 2],
    ]) {
      const limiter = limiterOf(plan({ overrides: order.flatMap((index) => overrides[index] ?? []) }));
      expect(['acme', 'trial-a', 'trial-big1', 'trial-bigger'].map((tenant) => left(limiter, tenant, 'x'))).toEqual([1, 50, 30, 40]);
    }
  });

  it('share one counter where they say so, can be unlimited, and block', () => {
    const { codes } = limiterOf(
      plan({
        overrides: [
          { match: [{ part: 'jwt.tenant', value: 'trial-*' }], rates: [perMinute(2)], shared: true },
          { match: [{ part: 'jwt.tenant', value: 'internal' }], rates: [], shared: false },
          { match: [{ part: 'jwt.tenant', value: 'banned' }], rates: [perMinute(0)], shared: false },
        ],
      }),
    );
    const at = (tenant: string) => of('plan', ['jwt.tenant', tenant], ['route', 'r']);
    expect([codes(at('trial-a')), codes(at('trial-b')), codes(at('trial-c'))]).toEqual([['OK'], ['OK'], [OVER]]);
    expect([codes(at('internal')), codes(at('internal')), codes(at('banned'))]).toEqual([['OK'], ['OK'], [OVER]]);
  });

  it('come from a claim up to a maximum; what is no rate or more counts for nothing (R205)', () => {
    const limiter = limiterOf(plan({ limitFromMax: perMinute(1_000) }));
    const requests = (rate: string) =>
      limiter.ask(of('plan', ['jwt.tenant', rate], ['route', 'r'], ['_rate', rate])).statuses[0]?.current_limit;
    expect(requests('500/minute')).toMatchObject({ requests_per_unit: 500, unit: 'MINUTE' });
    expect(requests('50000/hour')).toMatchObject({ requests_per_unit: 50_000, unit: 'HOUR' });
    expect(['1001/minute', 'many', '5/fortnight', '-1/minute', ''].map((rate) => requests(rate)?.requests_per_unit)).toEqual([
      1, 1, 1, 1, 1,
    ]);
  });

  it('that claims refuse, and limits that are not there, are told each time; a debit is not a second time (R107, R207, R208)', () => {
    const told: string[] = [];
    const listener = { ...DEAF_LISTENER, unknown: (what: string, limit = '') => void told.push(`${what} ${limit}`) };
    const limiter = testLimiter({ listener });
    limiter.limiter.setTables({ own: table(plan({ limitFromMax: perMinute(1_000), overrides: [] })) });
    const ask = (...entries: readonly (readonly [string, string])[]) =>
      limiter.ask(DOMAIN, [of('plan', ['jwt.tenant', 'a'], ['route', 'r'], ...entries)]);
    for (const rate of ['1001/minute', '1001/minute', 'many', '5/minute']) ask(['_rate', rate]);
    ask();
    expect(told).toEqual(['rate plan', 'rate plan', 'rate plan']);
    ask(['_rate', 'many'], ['_op', 'check']);
    ask(['_rate', 'many'], ['_op', 'debit']);
    expect(told).toHaveLength(4);
    expect(limiter.ask(DOMAIN, [of('gone'), of('gone')]).overall_code).toBe('OK');
    expect(told.slice(4)).toEqual(['limit gone', 'limit gone']);
  });

  it('that raise N keep what was used (R102)', () => {
    const limiter = limiterOf(plan());
    expect(limiter.codes(of('plan', ['jwt.tenant', 'a'], ['route', 'r']))).toEqual(['OK']);
    limiter.limiter.setTables({ own: table(plan({ rates: [perMinute(3)] })) });
    expect(limiter.ask(of('plan', ['jwt.tenant', 'a'], ['route', 'r'])).statuses[0]?.limit_remaining).toBe(1);
  });
});

describe('a store that does not answer', () => {
  const failing = (isOver: boolean): CounterStore =>
    ({
      take: async (uses: readonly object[]) => ({
        isOver,
        source: 'failure',
        failure: 'timeout',
        outcomes: uses.map(() => ({ isOver, remaining: 0, resetMs: 1_000, retryAfterMs: isOver ? 1_000 : 0 })),
      }),
      tableChanged: () => undefined,
    }) as unknown as CounterStore;

  it.each([
    ['allow', false, 'fail_open'],
    ['deny', true, 'fail_closed'],
    ['local', true, 'degraded_over'],
    ['local', false, 'degraded_ok'],
  ] as const)('is answered as %s says, and said so (R802, R309)', async (onStoreFailure, isOver, result) => {
    const { limiter, counts } = testLimiter({ store: failing(isOver) });
    limiter.setTables({ own: table(rule('per-user', { onStoreFailure })) });
    const answer = await new Promise<Uint8Array>((resolve) => {
      limiter.handler(requestBytes(DOMAIN, [user('a')]), { deadlineMs: START_MS }, (bytes) => resolve(bytes as Uint8Array));
    });
    const reply = replyOf(answer);
    expect(counts.ofLimit('per-user').of(result)).toBe(1);
    expect(metadataOf(reply)).toMatchObject({ degraded: true, ...(isOver ? { reason: 'store_failure' } : {}) });
  });
});
