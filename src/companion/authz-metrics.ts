// The counts of all workers in the program's metrics. Label sets are bounded (P27): routes beyond the bound are counted together.
import type { CacheSize } from '../authz/handler-ports.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { AuthzCounts } from './authz-counts.ts';

const MAX_LABEL_SETS = 10_000;
const OTHER = 'other';

export class AuthzMetrics {
  readonly #metrics: Metrics;
  readonly #known = new Map<string, Set<string>>();
  #size = 0;
  /** By cache and worker: what each worker told last. */
  readonly #sizes = new Map<string, Map<number, CacheSize>>();

  constructor(metrics: Metrics) {
    this.#metrics = metrics;
  }

  add(worker: number, { decisions, durations, caches, shed }: AuthzCounts): void {
    for (const { route, decision, reason, mode, times } of decisions) {
      const labels = { route: this.#isKnown(route, `${decision} ${reason} ${mode}`) ? route : OTHER, decision, reason, mode };
      this.#metrics.increment('chancery_authz_decisions_total', labels, times);
    }
    for (const { meanSeconds, times } of durations)
      for (let index = 0; index < times; index += 1) this.#metrics.observe('chancery_authz_duration_seconds', {}, meanSeconds);
    for (const { cache, hit, miss, evicted, entries, bytes } of caches) {
      const labels = { cache: `authz_${cache}` };
      this.#metrics.increment('chancery_cache_hits_total', labels, hit);
      this.#metrics.increment('chancery_cache_misses_total', labels, miss);
      this.#metrics.increment('chancery_cache_evictions_total', labels, evicted);
      const sizes = (this.#sizes.get(cache) ?? new Map<number, CacheSize>()).set(worker, { entries, bytes });
      this.#sizes.set(cache, sizes);
      this.#metrics.set('chancery_cache_entries', labels, sum([...sizes.values()].map((size) => size.entries)));
      this.#metrics.set('chancery_cache_bytes', labels, sum([...sizes.values()].map((size) => size.bytes)));
    }
    for (const { reason, times } of shed) this.#metrics.increment('chancery_authz_shed_total', { reason }, times);
  }

  /** Also takes the label set among the known ones while there is room. */
  #isKnown(route: string, rest: string): boolean {
    const known = this.#known.get(route) ?? new Set<string>();
    if (known.has(rest)) return true;
    if (this.#size >= MAX_LABEL_SETS) return false;
    this.#known.set(route, known.add(rest));
    this.#size += 1;
    return true;
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
