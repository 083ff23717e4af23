import { describe, expect, it } from 'vitest';
import { createLimitApi } from '../../../src/companion/limit-api.ts';
import { ratelimitLog } from '../../../src/companion/ratelimit-log.ts';
import { storeListener } from '../../../src/companion/ratelimit-store-listener.ts';
import type { LimitAnswer, LimitQuestion } from '../../../src/ratelimit/limit-question.ts';
import { createLogger } from '../../../src/telemetry/logger.ts';
import { createMetrics } from '../../../src/telemetry/metrics.ts';
import { of, perMinute, rule, table, testLimiter } from '../ratelimit/limiter-support.ts';

const CANARY = 'subject-4711';

function log() {
  const lines: Record<string, unknown>[] = [];
  const logger = createLogger({ sink: { write: (line: string) => void lines.push(JSON.parse(line)) } });
  return { lines, logger };
}

describe('the log of the rate limiter', () => {
  it('has one denial a second of each limit, with how many it left out, as hashes (ratelimit R410, R812)', () => {
    const { lines, logger } = log();
    let nowMs = 0;
    const over: string[] = [];
    const listener = ratelimitLog({
      logger,
      monotonicMs: () => nowMs,
      onUnknown: () => undefined,
      onCounted: () => undefined,
      onOver: ({ rule: denied }) => void over.push(denied?.name ?? ''),
    });
    const { limiter, ask } = testLimiter({ listener });
    limiter.setTables({
      own: table(rule('per-user', { rates: [perMinute(0)] }), rule('trial', { rates: [perMinute(1)], mode: 'shadow' })),
    });
    const deny = (): unknown => ask('chancery.edge', [of('per-user', ['jwt.sub', CANARY]), of('trial', ['jwt.sub', CANARY])]);
    for (let time = 0; time < 5; time += 1) deny();
    expect(lines.map(({ event, limit, shadow, suppressed }) => [event, limit, shadow, suppressed])).toEqual([
      ['ratelimit.denied', 'per-user', false, 0],
      ['ratelimit.denied', 'trial', true, 0],
    ]);
    expect(lines[1]?.['key_hash']).toMatch(/^[\w-]{22}$/);
    nowMs = 1_000;
    deny();
    expect(lines.slice(2).map(({ suppressed }) => suppressed)).toEqual([4, 3]);
    expect(over.filter((name) => name === 'trial')).toHaveLength(5);
    expect(JSON.stringify(lines)).not.toContain(CANARY);
  });

  it('has one line when a store goes and one when it is back, whatever tells of it and how often (ratelimit R812)', () => {
    const { lines, logger } = log();
    let nowMs = 7;
    const watched = storeListener({ metrics: createMetrics({ version: 'test' }), logger, nowMs: () => nowMs });
    watched.looked({ isReady: true });
    expect(watched.state).toEqual({ isBreakerOpen: false });
    watched.breaker(true);
    nowMs = 9;
    for (let time = 0; time < 10; time += 1) watched.looked({ isReady: false, reason: 'Redis is not connected' });
    expect(watched.state).toEqual({ isBreakerOpen: true, away: { reason: 'it does not answer in time', sinceMs: 7 } });
    watched.breaker(false);
    watched.looked({ isReady: true });
    expect(watched.state).toEqual({ isBreakerOpen: false });
    expect(lines.map(({ event }) => event)).toEqual(['ratelimit.store_away', 'ratelimit.store_back']);
  });

  it('does not call a store away that has had no time to connect (ratelimit R812)', () => {
    const { lines, logger } = log();
    const watched = storeListener({ metrics: createMetrics({ version: 'test' }), logger, nowMs: () => 0 });
    for (let time = 0; time < 3; time += 1) watched.looked({ isReady: false, reason: 'Redis was not reached yet' });
    expect(lines).toEqual([]);
    watched.looked({ isReady: false, reason: 'Redis was not reached yet' });
    expect(lines.map(({ event }) => event)).toEqual(['ratelimit.store_away']);
  });
});

describe("operators' changes", () => {
  const counter = { hash: 'HASH', key: 'k', rate: 'r', used: 0, remaining: 1, resetMs: 0, resetAt: '' };
  const counted = (scope: 'shared' | 'quota'): LimitAnswer => ({
    kind: 'counters',
    limit: 'per-user',
    scope,
    applies: 'counted',
    counters: [counter],
  });

  function apiOf(answer: (question: LimitQuestion) => LimitAnswer) {
    const { lines, logger } = log();
    const asked: LimitQuestion[] = [];
    const api = createLimitApi({
      logger,
      ask: async (question) => {
        asked.push(question);
        return answer(question);
      },
    });
    const post = (deed: string, more: object = {}) =>
      api.counter({ deed, gateway: 'edge', limit: 'per-user', parts: { 'jwt.sub': CANARY }, ...more }, '127.0.0.1');
    return { lines, asked, post };
  }

  it('are audited: who, what, which counter as a hash, and how it ended; questions are not (ratelimit R811, operating O7)', async () => {
    const { lines, post } = apiOf(() => counted('shared'));
    for (const deed of ['reset', 'ban', 'show', 'explain']) expect(await post(deed)).toMatchObject({ status: 200 });
    await post('grant', { hits: 5 });
    const audit = { event: 'audit', from: '127.0.0.1', gateway: 'edge', limit: 'per-user', key_hash: ['HASH'], result: 'done' };
    expect(lines).toMatchObject([
      { ...audit, action: 'limits.reset' },
      { ...audit, action: 'limits.ban' },
      { ...audit, action: 'limits.grant', hits: 5 },
    ]);
    expect(JSON.stringify(lines)).not.toContain(CANARY);
  });

  it('that were refused, or found nothing that is counted, are audited too (operating O7)', async () => {
    const refused = apiOf(() => ({ kind: 'refused', status: 503, reason: 'Redis is not connected' }));
    expect(await refused.post('reset')).toMatchObject({ status: 503, body: { detail: 'Redis is not connected' } });
    expect(refused.lines).toMatchObject([{ result: 'refused', reason: 'Redis is not connected', key_hash: [] }]);
    const nothing = apiOf(() => ({ ...counted('shared'), counters: [] }) as LimitAnswer);
    await nothing.post('reset');
    expect(nothing.lines).toMatchObject([{ result: 'nothing' }]);
  });

  it('a divided limit is told with who has what, of the budget of the values (ratelimit R811)', async () => {
    const { asked, post } = apiOf((question) =>
      question.kind === 'shares' ? { kind: 'shares', budgets: [] } : ({ ...counted('quota'), ledger: 'LEDGER' } as LimitAnswer),
    );
    expect(await post('show')).toMatchObject({ body: { ledger: 'LEDGER', shares: [] } });
    expect(asked).toMatchObject([{ kind: 'show' }, { kind: 'shares', gateway: 'edge', limit: 'per-user', hash: 'LEDGER' }]);
    await post('reset');
    expect(asked.slice(2)).toMatchObject([{ kind: 'reset' }]);
  });
});
