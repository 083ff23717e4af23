// The counts of all workers in the program's metrics. Label sets are bounded (P27): routes beyond the bound are counted together.
import type { Metrics } from '../telemetry/metrics.ts';
import type { AuthzCounts } from './authz-counts.ts';

const MAX_LABEL_SETS = 10_000;
const OTHER = 'other';

export class AuthzMetrics {
  readonly #metrics: Metrics;
  readonly #known = new Map<string, Set<string>>();
  #size = 0;

  constructor(metrics: Metrics) {
    this.#metrics = metrics;
  }

  add({ decisions, durations, caches, shed }: AuthzCounts): void {
    for (const { route, decision, reason, mode, times } of decisions) {
      const labels = { route: this.#isKnown(route, `${decision} ${reason} ${mode}`) ? route : OTHER, decision, reason, mode };
      this.#metrics.increment('chancery_authz_decisions_total', labels, times);
    }
    for (const { meanSeconds, times } of durations)
      for (let index = 0; index < times; index += 1) this.#metrics.observe('chancery_authz_duration_seconds', {}, meanSeconds);
    for (const { cache, result, times } of caches) this.#metrics.increment('chancery_authz_cache_total', { cache, result }, times);
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
