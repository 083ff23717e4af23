// Bounded caches of the limiter, in the program's metrics: filled to ten times what they hold (P27).
import { expect, it } from 'vitest';
import { tellCaches } from '../../../src/companion/cache-metrics.ts';
import { MetricRelay } from '../../../src/companion/metric-relay.ts';
import { RatelimitMetricsSum } from '../../../src/companion/ratelimit-metrics-sum.ts';
import { createMetrics } from '../../../src/telemetry/metrics.ts';
import { of, perMinute, rule, table, testLimiter } from '../ratelimit/limiter-support.ts';

it('stay within their bound and say what they gave up, over tables that come and go and over all workers (P27)', async () => {
  const metrics = createMetrics({ version: 'test' });
  const sum = new RatelimitMetricsSum(metrics);
  const workers = [0, 1].map((worker) => {
    const { limiter, ask } = testLimiter({ maxPlans: 10 });
    const relay = new MetricRelay();
    tellCaches(relay, () => limiter.caches());
    limiter.setTables({ own: table(rule('per-user', { rates: [perMinute(1_000)] })) });
    const tell = (): void => {
      const parcel = relay.take();
      if (parcel !== undefined) sum.add(worker, parcel);
    };
    return { limiter, tell, ask: (user: number) => ask('chancery.edge', [of('per-user', ['jwt.sub', `user-${user}`])]) };
  });
  for (const { ask, tell } of workers) {
    for (let user = 0; user < 100; user += 1) ask(user);
    ask(99);
    tell();
  }
  const read = async (name: string): Promise<number> => {
    const line = (await metrics.text()).split('\n').find((each) => each.startsWith(`${name}{cache="ratelimit_plans"}`));
    return Number(line?.split(' ').at(-1));
  };
  expect(await read('chancery_cache_entries')).toBe(20);
  expect(await read('chancery_cache_bytes')).toBeGreaterThan(20 * 'per-user'.length);
  expect(await read('chancery_cache_evictions_total')).toBe(180);
  expect([await read('chancery_cache_hits_total'), await read('chancery_cache_misses_total')]).toEqual([2, 200]);

  const [first] = workers;
  first?.limiter.setTables({ own: table(rule('per-user')) });
  first?.ask(1);
  first?.tell();
  first?.tell();
  expect([await read('chancery_cache_entries'), await read('chancery_cache_misses_total')]).toEqual([11, 201]);
});
