// Bounded caches of the limiter, as metrics (P27): read in plain numbers whenever somebody asks, so that a look-up costs no more than an addition.
import type { CacheCounts } from '../ratelimit/cache-counts.ts';
import type { MetricSink } from './metric-relay.ts';

type Told = Pick<CacheCounts, 'hits' | 'misses' | 'evictions'>;

const NOTHING: Told = { hits: 0, misses: 0, evictions: 0 };

/** Registers itself to run before each reading. `caches`: those there are now; of one name they add up. */
export function tellCaches(metrics: Pick<MetricSink, 'increment' | 'set' | 'beforeRead'>, caches: () => readonly CacheCounts[]): void {
  const told = new WeakMap<CacheCounts, Told>();
  metrics.beforeRead(() => {
    const sizes = new Map<string, { entries: number; bytes: number }>();
    for (const counts of caches()) {
      const { cache, entries, bytes, hits, misses, evictions } = counts;
      const before = told.get(counts) ?? NOTHING;
      told.set(counts, { hits, misses, evictions });
      metrics.increment('chancery_cache_hits_total', { cache }, hits - before.hits);
      metrics.increment('chancery_cache_misses_total', { cache }, misses - before.misses);
      metrics.increment('chancery_cache_evictions_total', { cache }, evictions - before.evictions);
      const size = sizes.get(cache) ?? { entries: 0, bytes: 0 };
      sizes.set(cache, { entries: size.entries + entries, bytes: size.bytes + bytes });
    }
    for (const [cache, { entries, bytes }] of sizes) {
      metrics.set('chancery_cache_entries', { cache }, entries);
      metrics.set('chancery_cache_bytes', { cache }, bytes);
    }
  });
}
