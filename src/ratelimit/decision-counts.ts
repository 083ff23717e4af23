// How often each limit decided what (R810), in plain numbers: counting costs an addition, labels are made when somebody reads. No key value
// ever comes here.

export const DECISION_RESULTS = [
  'ok',
  'near',
  'over',
  'shadow_over',
  'blocked',
  'unlimited',
  'degraded_ok',
  'degraded_over',
  'fail_open',
  'fail_closed',
  'shed',
  'unknown_limit',
  'oversize',
] as const;

export type DecisionResult = (typeof DECISION_RESULTS)[number];

/** R810: names of rules beyond these are counted as `other`. */
const MAX_RULES = 1_000;
const OTHER = 'other';

/** What one limit, or one metric path of reference files, decided since the program began. */
export class RuleCounts {
  readonly #results = new Float64Array(DECISION_RESULTS.length);
  #hits = 0;

  add(result: DecisionResult): void {
    const place = PLACES[result];
    this.#results[place] = (this.#results[place] ?? 0) + 1;
  }

  /** Hits that were counted. */
  addHits(hits: number): void {
    this.#hits += hits;
  }

  get hits(): number {
    return this.#hits;
  }

  of(result: DecisionResult): number {
    return this.#results[PLACES[result]] ?? 0;
  }
}

const PLACES: Readonly<Record<DecisionResult, number>> = {
  ok: 0,
  near: 1,
  over: 2,
  shadow_over: 3,
  blocked: 4,
  unlimited: 5,
  degraded_ok: 6,
  degraded_over: 7,
  fail_open: 8,
  fail_closed: 9,
  shed: 10,
  unknown_limit: 11,
  oversize: 12,
};

/** Counts by name; they live on when tables change, since counters never go back. */
export class DecisionCounts {
  readonly #limits = new Map<string, RuleCounts>();
  readonly #rules = new Map<string, RuleCounts>();

  /** Of a limit of our own tables. Their number is that of the configuration. */
  ofLimit(name: string): RuleCounts {
    return countsIn(this.#limits, name);
  }

  /** Of a metric path (R324), which may hold values of requests: bounded. */
  ofRule(path: string): RuleCounts {
    return countsIn(this.#rules, this.#rules.has(path) || this.#rules.size < MAX_RULES ? path : OTHER);
  }

  get limits(): ReadonlyMap<string, RuleCounts> {
    return this.#limits;
  }

  get rules(): ReadonlyMap<string, RuleCounts> {
    return this.#rules;
  }
}

function countsIn(counts: Map<string, RuleCounts>, name: string): RuleCounts {
  let found = counts.get(name);
  if (found === undefined) {
    found = new RuleCounts();
    counts.set(name, found);
  }
  return found;
}
