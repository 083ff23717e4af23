// What the limiter decided, as metrics (ratelimit R810): counted in plain numbers and added up whenever somebody reads.
import { DECISION_RESULTS, type DecisionCounts, type RuleCounts } from '../ratelimit/decision-counts.ts';
import type { Metrics } from '../telemetry/metrics.ts';

/** Registers itself to run before each reading. */
export function tellDecisions(counts: DecisionCounts, metrics: Pick<Metrics, 'increment' | 'beforeRead'>): void {
  const limits = new Told(counts.limits, {
    decided: (limit, result, by) => metrics.increment('chancery_ratelimit_decisions_total', { limit, result }, by),
    hit: (limit, by) => metrics.increment('chancery_ratelimit_hits_total', { limit }, by),
  });
  const rules = new Told(counts.rules, {
    decided: (rule, result, by) => metrics.increment('chancery_ratelimit_rule_decisions_total', { rule, result }, by),
    hit: (rule, by) => metrics.increment('chancery_ratelimit_rule_hits_total', { rule }, by),
  });
  metrics.beforeRead(() => {
    limits.tell();
    rules.tell();
  });
}

interface Sink {
  decided(name: string, result: string, by: number): void;
  hit(name: string, by: number): void;
}

class Told {
  readonly #counts: ReadonlyMap<string, RuleCounts>;
  readonly #sink: Sink;
  /** What was told already, by name and result. */
  readonly #told = new Map<string, number>();

  constructor(counts: ReadonlyMap<string, RuleCounts>, sink: Sink) {
    this.#counts = counts;
    this.#sink = sink;
  }

  tell(): void {
    for (const [name, counts] of this.#counts) {
      for (const result of DECISION_RESULTS) {
        const by = this.#since(`${result} ${name}`, counts.of(result));
        if (by > 0) this.#sink.decided(name, result, by);
      }
      const hits = this.#since(` ${name}`, counts.hits);
      if (hits > 0) this.#sink.hit(name, hits);
    }
  }

  #since(key: string, now: number): number {
    const before = this.#told.get(key) ?? 0;
    if (now > before) this.#told.set(key, now);
    return now - before;
  }
}
