// Every metric of ratelimit R810 is raised by what it tells of, and holds no key.
import { describe, expect, it } from 'vitest';
import { MetricRelay } from '../../../src/companion/metric-relay.ts';
import { tellQuotas } from '../../../src/companion/quota-counts.ts';
import { tellDecisions } from '../../../src/companion/ratelimit-counts.ts';
import type { RatelimitFromWorker } from '../../../src/companion/ratelimit-messages.ts';
import { RatelimitMetricsSum } from '../../../src/companion/ratelimit-metrics-sum.ts';
import { storeListener } from '../../../src/companion/ratelimit-store-listener.ts';
import { createRatelimitService } from '../../../src/companion/ratelimit-worker.ts';
import { Secret } from '../../../src/lib/secret.ts';
import type { RateLimitTable } from '../../../src/proto/generated/chancery/policy/v1/RateLimitTable.ts';
import { tableRevision } from '../../../src/proto/table-revision.ts';
import { DECISION_RESULTS } from '../../../src/ratelimit/decision-counts.ts';
import type { LimitRule } from '../../../src/ratelimit/limit-table.ts';
import type { CounterStore, StoreFailure } from '../../../src/ratelimit/store.ts';
import { createMetrics, METRICS } from '../../../src/telemetry/metrics.ts';
import { RATELIMIT_METRICS } from '../../../src/telemetry/ratelimit-metrics.ts';
import { quietLogger } from '../../support/quiet-logger.ts';
import { api, of, perMinute, replyOf, requestBytes, rule, table, testLimiter } from '../ratelimit/limiter-support.ts';

const DOMAIN = 'chancery.edge';
const CANARY = 'subject-4711';
const who = ['jwt.sub', CANARY] as const;

const failing = (failure: StoreFailure, isOver: boolean): CounterStore =>
  Object.assign(Object.create(testLimiter().store), {
    take: (uses: readonly object[]) => ({
      isOver,
      source: 'failure',
      failure,
      outcomes: uses.map(() => ({ isOver, remaining: 0, resetMs: 1, retryAfterMs: 1 })),
    }),
  });

/** The metrics after these limits were asked by name, over memory or a store that fails. */
async function decided(names: readonly string[], limits: readonly LimitRule[], store?: CounterStore): Promise<string> {
  const test = testLimiter(store === undefined ? {} : { store });
  const metrics = createMetrics({ version: 'test' });
  tellDecisions(test.counts, metrics);
  test.limiter.setTables({ own: table(...limits) });
  for (const name of names) test.ask(DOMAIN, [of(name, who)], name === 'oversize' ? 99 : 0);
  return metrics.text();
}

describe('metrics of decisions', () => {
  const raised = (text: string, limit: string, result: string) =>
    expect(text).toContain(`chancery_ratelimit_decisions_total{limit="${limit}",result="${result}"} 1\n`);

  it('tell each result of a store that answers, and hits (ratelimit R810)', async () => {
    const limits = [
      rule('ok', { rates: [perMinute(10)] }),
      rule('near', { rates: [perMinute(1)] }),
      rule('over'),
      rule('shadow', { rates: [perMinute(1)], mode: 'shadow' }),
      rule('blocked', { rates: [perMinute(0)] }),
      rule('unlimited', { rates: [] }),
      rule('oversize'),
    ];
    const text = await decided(['ok', 'near', 'over', 'over', 'over', 'shadow', 'shadow', 'blocked', 'unlimited', 'oversize'], limits);
    for (const result of ['ok', 'near', 'over', 'blocked', 'unlimited', 'oversize']) raised(text, result, result);
    raised(text, 'shadow', 'shadow_over');
    expect(text).toContain('chancery_ratelimit_hits_total{limit="over"} 2\n');
    expect(text).not.toContain(CANARY);
  });

  it.each([
    ['unavailable', 'local', false, 'degraded_ok'],
    ['unavailable', 'local', true, 'degraded_over'],
    ['timeout', 'allow', false, 'fail_open'],
    ['breaker', 'deny', true, 'fail_closed'],
    ['shed', 'local', false, 'shed'],
  ] as const)(
    'tell that the store did not answer: %s with onStoreFailure %s (ratelimit R802, R807, R810)',
    async (failure, mode, isOver, result) => {
      raised(await decided(['a'], [rule('a', { onStoreFailure: mode })], failing(failure, isOver)), 'a', result);
    },
  );
});

describe('metrics of a worker', () => {
  const limit: NonNullable<RateLimitTable['limits']>[number] = {
    name: 'per-user',
    when_missing: 'SHARE',
    mode: 'ENFORCE_LIMIT',
    on_store_failure: 'COUNT_LOCALLY',
    headers: 'NONE',
    parts: [{ part: 'jwt.sub', entry: 'jwt.sub' }],
    rates: [{ limit: 2, algorithm: 'FIXED_WINDOW', period_us: 60_000_000 }],
  };
  const gatewayTable = (gateway: string) => {
    const message: RateLimitTable = { domain: `chancery.${gateway}`, limits: [limit], store: { memory: {} } };
    return { name: gateway, bytes: api.encode('chancery.policy.v1.RateLimitTable', { ...message, revision: tableRevision(api, message) }) };
  };

  async function worker() {
    const sent: RatelimitFromWorker[] = [];
    const service = createRatelimitService({
      api,
      logger: quietLogger(),
      nowMs: Date.now,
      monotonicMs: () => performance.now(),
      random: () => 0.5,
      shedding: () => 'none',
      send: (body) => void sent.push(body as RatelimitFromWorker),
      subjectKey: new Secret('x'),
      dev: false,
    });
    const ask = (bytes: Uint8Array) =>
      new Promise<unknown>((resolve) =>
        service.methods['ShouldRateLimit']?.handler(
          bytes,
          { deadlineMs: Number.POSITIVE_INFINITY, signal: new AbortController().signal } as never,
          resolve,
        ),
      );
    const metrics = async () => {
      const program = createMetrics({ version: 'test' });
      const sum = new RatelimitMetricsSum(program);
      for (const body of sent) if (body.kind === 'limits.metrics') sum.add(body.worker, body.parcel);
      return program.text();
    };
    const question = async (body: Parameters<typeof service.receive>[0]) => {
      service.receive(body);
      await new Promise((resolve) => setImmediate(resolve));
      return sent.findLast((each) => each.kind === 'limits.answer');
    };
    return { service, ask, metrics, question };
  }

  it('count names that callers made up together, and refused calls by status (ratelimit R208, R302, R810)', async () => {
    const { service, ask, metrics } = await worker();
    await service.apply({ policies: [], apiKeys: [], secrets: [], removed: [], tables: [gatewayTable('edge')] });
    await ask(requestBytes(DOMAIN, [of(CANARY), of('nobody')]));
    await ask(requestBytes('chancery.other', [of('per-user')]));
    await ask(new Uint8Array());
    await service.stop();
    const text = await metrics();
    expect(text).toContain('chancery_ratelimit_decisions_total{limit="_unknown",result="unknown_limit"} 2\n');
    expect(text).toContain('chancery_ratelimit_unknown_total{what="limit"} 2\n');
    expect(text).toContain('chancery_ratelimit_unknown_total{what="domain"} 1\n');
    expect(text).toContain('chancery_ratelimit_refused_total{status="INVALID_ARGUMENT"} 1\n');
    expect(text).not.toContain(CANARY);
  });

  it('lists what each gateway decided apart, also of limits that are called alike (ratelimit R811)', async () => {
    const { service, ask, metrics, question } = await worker();
    await service.apply({ policies: [], apiKeys: [], secrets: [], removed: [], tables: [gatewayTable('edge'), gatewayTable('web')] });
    for (let time = 0; time < 3; time += 1)
      expect(replyOf((await ask(requestBytes(DOMAIN, [of('per-user', who)]))) as Uint8Array).overall_code).toBe(
        time < 2 ? 'OK' : 'OVER_LIMIT',
      );
    const told = await question({ kind: 'limits.ask', id: 1, question: { kind: 'list' } });
    expect(told).toMatchObject({
      answer: {
        limits: [
          {
            gateway: 'edge',
            recorded: { decisions: { ok: 1, near: 1, over: 1 }, overKeys: { words: [[expect.anything(), expect.anything()]] } },
          },
          { gateway: 'web', recorded: { decisions: {}, overKeys: { words: [] } } },
        ],
        stores: [
          { gateway: 'edge', worker: 0, kind: 'memory', state: 'ready', isBreakerOpen: false },
          { gateway: 'web', state: 'ready' },
        ],
      },
    });
    expect(JSON.stringify(told)).not.toContain(CANARY);
    await service.stop();
    expect(await metrics()).toContain('chancery_ratelimit_decisions_total{limit="per-user",result="over"} 1\n');
  });
});

describe('metrics of stores and divided limits', () => {
  it('are raised by what they tell of, and reach the program from its workers (ratelimit R810)', async () => {
    const relay = new MetricRelay();
    const listener = storeListener({ metrics: relay, logger: quietLogger(), nowMs: () => 0 });
    listener.batch(7, 2);
    listener.batchEnded(0.304_9);
    listener.batchEnded(20);
    listener.overLimitHit();
    listener.redisError('OOM');
    listener.breaker(true);
    listener.clockOffset(1.5, true);
    listener.counterLost();
    listener.gaveBack(3);
    listener.reconciled(4);
    listener.keys(12);
    listener.evicted();
    listener.overflowed();
    tellQuotas(relay, () => [{ streams: 2, buckets: 5, ratios: new Map([['report', 0.5]]) }]);
    const program = createMetrics({ version: 'test' });
    const sum = new RatelimitMetricsSum(program);
    const parcel = relay.take();
    if (parcel !== undefined) for (const worker of [0, 1]) sum.add(worker, parcel);
    const text = await program.text();
    const lines = [
      'batch_requests_count 2',
      'redis_duration_seconds_bucket{le="0.00025"} 0',
      'redis_duration_seconds_bucket{le="0.0005"} 2',
      'redis_duration_seconds_bucket{le="0.025"} 4',
      'redis_duration_seconds_count 4',
      'redis_commands_total 4',
      'overlimit_cache_hits_total 2',
      'redis_errors_total{kind="OOM"} 2',
      'breaker_open 1',
      'clock_offset_seconds 1.5',
      'clock_jumps_total 2',
      'counter_lost_total 2',
      'giveback_total 6',
      'reconciled_hits_total 8',
      'keys 24',
      'evicted_total 2',
      'overflowed_total 2',
      'rlqs_streams 4',
      'rlqs_buckets 10',
      'rlqs_share_ratio{limit="report"} 1',
    ];
    for (const line of lines) expect(text).toContain(`chancery_ratelimit_${line}\n`);
    expect(text).toMatch(/^chancery_ratelimit_redis_duration_seconds_sum 0\.0406\d*$/m);
  });

  it('of several gateways in one worker stand beside each other, and end with them (ratelimit R810)', async () => {
    const relay = new MetricRelay();
    const [edge, web] = ['edge', 'web'].map((gateway) =>
      storeListener({ metrics: relay.of(gateway), logger: quietLogger(), nowMs: () => 0 }),
    );
    const program = createMetrics({ version: 'test' });
    const sum = new RatelimitMetricsSum(program);
    const told = async (): Promise<string> => {
      const parcel = relay.take();
      if (parcel !== undefined) sum.add(0, parcel);
      return program.text();
    };
    edge?.breaker(true);
    edge?.keys(5);
    web?.breaker(false);
    web?.keys(7);
    const both = await told();
    expect(both).toContain('chancery_ratelimit_breaker_open 1\n');
    expect(both).toContain('chancery_ratelimit_keys 12\n');
    relay.forget('edge');
    const one = await told();
    expect(one).toContain('chancery_ratelimit_breaker_open 0\n');
    expect(one).toContain('chancery_ratelimit_keys 7\n');
  });

  it('stand in the table, and the help of decisions names every result (ratelimit R810)', () => {
    const names = ['decisions_total', 'hits_total', 'batch_requests', 'overlimit_cache_hits_total', 'breaker_open', 'clock_offset_seconds'];
    const gauges = ['keys', 'rlqs_streams', 'rlqs_buckets', 'rlqs_share_ratio'];
    for (const name of [...names, ...gauges]) expect(Object.keys(METRICS)).toContain(`chancery_ratelimit_${name}`);
    for (const result of DECISION_RESULTS) expect(RATELIMIT_METRICS.chancery_ratelimit_decisions_total.help).toContain(result);
  });
});
