// What the workers of the rate limiter counted, in the program's metrics (ratelimit R810): counters add up, of gauges each worker's last value counts.
import type { Metrics } from '../telemetry/metrics.ts';
import type { MetricParcel } from './metric-relay.ts';

const PLAIN = [
  'chancery_ratelimit_redis_commands_total',
  'chancery_ratelimit_overlimit_cache_hits_total',
  'chancery_ratelimit_clock_jumps_total',
  'chancery_ratelimit_counter_lost_total',
  'chancery_ratelimit_giveback_total',
  'chancery_ratelimit_reconciled_hits_total',
  'chancery_ratelimit_evicted_total',
  'chancery_ratelimit_overflowed_total',
] as const;

const HISTOGRAMS = ['chancery_ratelimit_batch_requests', 'chancery_ratelimit_redis_duration_seconds'] as const;

/** Breakers and clocks: the worst worker; counters in memory: all together. */
const GAUGES = {
  chancery_ratelimit_breaker_open: largest,
  chancery_ratelimit_redis_may_evict: largest,
  chancery_ratelimit_clock_offset_seconds: largest,
  chancery_ratelimit_keys: total,
  chancery_ratelimit_rlqs_streams: total,
  chancery_ratelimit_rlqs_buckets: total,
} as const;
const GAUGE_NAMES = [
  'chancery_ratelimit_breaker_open',
  'chancery_ratelimit_redis_may_evict',
  'chancery_ratelimit_clock_offset_seconds',
  'chancery_ratelimit_keys',
  'chancery_ratelimit_rlqs_streams',
  'chancery_ratelimit_rlqs_buckets',
] as const;
/** By limit; what the proxies of all workers have together. */
const SHARE_RATIO = 'chancery_ratelimit_rlqs_share_ratio';

export class RatelimitMetricsSum {
  readonly #metrics: Metrics;
  /** By gauge, then by worker and who in it told. */
  readonly #gauges = new Map<string, Map<string, number>>();

  constructor(metrics: Metrics) {
    this.#metrics = metrics;
  }

  add(worker: number, { counters, gauges, observations }: MetricParcel): void {
    for (const { name, labels, by } of counters) this.#count(name, labels, by);
    for (const { name, value, times } of observations) {
      const known = HISTOGRAMS.find((histogram) => histogram === name);
      if (known === undefined) continue;
      for (let time = 0; time < times; time += 1) this.#metrics.observe(known, {}, value);
    }
    for (const { name, labels, value, source = '' } of gauges) {
      const { limit, cache } = labels;
      const label = limit ?? cache;
      const key = label === undefined ? name : `${name} ${label}`;
      const values = (this.#gauges.get(key) ?? new Map<string, number>()).set(`${worker} ${source}`, value);
      this.#gauges.set(key, values);
      if (cache !== undefined) this.#setCache(name, cache, total([...values.values()]));
      if (name === SHARE_RATIO && limit !== undefined) this.#metrics.set(SHARE_RATIO, { limit }, total([...values.values()]));
    }
    for (const name of GAUGE_NAMES) {
      const values = [...(this.#gauges.get(name)?.values() ?? [])];
      if (values.length > 0) this.#metrics.set(name, {}, GAUGES[name](values));
    }
  }

  /** P27: of all workers together. */
  #setCache(name: string, cache: string, value: number): void {
    if (name === 'chancery_cache_entries' || name === 'chancery_cache_bytes') this.#metrics.set(name, { cache }, value);
  }

  #count(name: string, labels: Readonly<Record<string, string>>, by: number): void {
    const metrics = this.#metrics;
    const { limit = '', result = '', what = '', kind = '', status = '', cache = '' } = labels;
    switch (name) {
      case 'chancery_ratelimit_decisions_total':
        return metrics.increment(name, { limit, result }, by);
      case 'chancery_ratelimit_hits_total':
        return metrics.increment(name, { limit }, by);
      case 'chancery_ratelimit_unknown_total':
        return metrics.increment(name, { what }, by);
      case 'chancery_ratelimit_redis_errors_total':
        return metrics.increment(name, { kind }, by);
      case 'chancery_cache_hits_total':
      case 'chancery_cache_misses_total':
      case 'chancery_cache_evictions_total':
        return metrics.increment(name, { cache }, by);
      case 'chancery_ratelimit_refused_total':
        return metrics.increment(name, { status }, by);
      default: {
        const plain = PLAIN.find((known) => known === name);
        if (plain !== undefined) metrics.increment(plain, {}, by);
      }
    }
  }
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function largest(values: readonly number[]): number {
  return Math.max(...values);
}
