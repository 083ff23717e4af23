// What is divided over proxies, as metrics (ratelimit R810): told whenever somebody reads.
import type { QuotaCounts } from '../ratelimit/quota/quota-allocator.ts';
import type { MetricSink } from './metric-relay.ts';

/** Registers itself to run before each reading. `countsOf`: of each allocator. */
export function tellQuotas(metrics: MetricSink, countsOf: () => readonly QuotaCounts[]): void {
  const told = new Set<string>();
  metrics.beforeRead(() => {
    const all = countsOf();
    metrics.set('chancery_ratelimit_rlqs_streams', {}, sum(all.map(({ streams }) => streams)));
    metrics.set('chancery_ratelimit_rlqs_buckets', {}, sum(all.map(({ buckets }) => buckets)));
    const ratios = new Map(all.flatMap(({ ratios }) => [...ratios]));
    for (const limit of ratios.keys()) told.add(limit);
    // A limit that nobody uses any more has nothing.
    for (const limit of told) metrics.set('chancery_ratelimit_rlqs_share_ratio', { limit }, ratios.get(limit) ?? 0);
  });
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, each) => all + each, 0);
}
