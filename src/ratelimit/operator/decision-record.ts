// What the limits of one gateway decided, for operators (R811): since each limit is as it is, and how much of it a second now. Counted by somebody
// else; it only remembers. Holds no key but as a sketch of hashes.
import { DECISION_RESULTS, DecisionCounts, type DecisionResult, type RuleCounts } from '../decision-counts.ts';
import type { CounterKey } from '../store/counter-key.ts';
import { KeySketch, type SentSketch } from './key-sketch.ts';

/** Over the last ten seconds. */
const LOOKS = 11;

export type Decisions = Readonly<Partial<Record<DecisionResult, number>>>;

export interface Pace {
  /** Let pass, unlimited and in shadow mode included. */
  readonly allowed: number;
  readonly denied: number;
  /** Let pass by shadow mode alone. */
  readonly wouldDeny: number;
  /** Decided while the store was away (R803): part of the others. */
  readonly degraded: number;
  /** Not counted because the limiter had too much to do (R807): answered by `onStoreFailure`, and part of no other. */
  readonly shed: number;
}

/** Of one limit in one worker. */
export interface RecordedDecisions {
  /** When counting began: the worker's start, or the limit's last change; milliseconds since the epoch. */
  readonly sinceMs: number;
  readonly decisions: Decisions;
  readonly perSecond: Pace;
  /** Counters that were over, in shadow mode too. */
  readonly overKeys: SentSketch;
}

const PARTS = {
  allowed: ['ok', 'near', 'unlimited', 'shadow_over', 'degraded_ok', 'fail_open'],
  denied: ['over', 'blocked', 'oversize', 'degraded_over', 'fail_closed'],
  wouldDeny: ['shadow_over'],
  degraded: ['degraded_ok', 'degraded_over', 'fail_open', 'fail_closed'],
  shed: ['shed'],
} as const satisfies Readonly<Record<keyof Pace, readonly DecisionResult[]>>;

const STILL: Pace = { allowed: 0, denied: 0, wouldDeny: 0, degraded: 0, shed: 0 };

interface Recorded {
  sinceMs: number;
  /** What was counted before. */
  before: ReadonlyMap<DecisionResult, number>;
  overKeys: KeySketch;
  /** Sums at the last looks, the oldest first. */
  looks: { readonly atMs: number; readonly sums: Pace }[];
}

export class DecisionRecord {
  readonly counts = new DecisionCounts();
  readonly #startMs: number;
  readonly #limits = new Map<string, Recorded>();

  constructor(startMs: number) {
    this.#startMs = startMs;
  }

  /** A request was over this counter. */
  over(limit: string, key: CounterKey): void {
    this.#of(limit).overKeys.add(key);
  }

  /** To be called once a second. */
  look(nowMs: number): void {
    for (const [name, counts] of this.counts.limits) {
      const { looks } = this.#of(name);
      looks.push({ atMs: nowMs, sums: sumsOf(counts) });
      if (looks.length > LOOKS) looks.shift();
    }
  }

  /** The limit is another one from now on, under the same name. */
  changed(limit: string, nowMs: number): void {
    const counts = this.counts.ofLimit(limit);
    const before = new Map(DECISION_RESULTS.map((result) => [result, counts.of(result)]));
    this.#limits.set(limit, { ...this.#of(limit), sinceMs: nowMs, before, overKeys: new KeySketch() });
  }

  /** `isShadow`: nothing of it is ever denied (R108). */
  of(limit: string, isShadow: boolean): RecordedDecisions {
    const { sinceMs, before, overKeys, looks } = this.#of(limit);
    const counts = this.counts.ofLimit(limit);
    const since = DECISION_RESULTS.map((result) => [result, counts.of(result) - (before.get(result) ?? 0)] as const);
    return {
      sinceMs,
      decisions: Object.fromEntries(since.filter(([, times]) => times > 0)),
      perSecond: isShadow ? shadowPace(paceOf(looks)) : paceOf(looks),
      overKeys: overKeys.sent(),
    };
  }

  #of(limit: string): Recorded {
    const known = this.#limits.get(limit);
    if (known !== undefined) return known;
    const made: Recorded = { sinceMs: this.#startMs, before: new Map(), overKeys: new KeySketch(), looks: [] };
    this.#limits.set(limit, made);
    return made;
  }
}

/** Sums, or of several workers what all did. */
export function sumOfPaces(paces: readonly Pace[]): Pace {
  return eachPart((part) => paces.reduce((sum, pace) => sum + pace[part], 0));
}

function sumsOf(counts: RuleCounts): Pace {
  return eachPart((part) => PARTS[part].reduce((sum, result) => sum + counts.of(result), 0));
}

function paceOf(looks: Recorded['looks']): Pace {
  const [first] = looks;
  const last = looks.at(-1);
  if (first === undefined || last === undefined || last.atMs <= first.atMs) return STILL;
  const seconds = (last.atMs - first.atMs) / 1_000;
  return eachPart((part) => Math.round(((last.sums[part] - first.sums[part]) / seconds) * 10) / 10);
}

/** While the store is away a shadow limit is over, but denies nothing. */
function shadowPace({ allowed, denied, wouldDeny, ...rest }: Pace): Pace {
  return { ...rest, allowed: allowed + denied, denied: 0, wouldDeny: wouldDeny + denied };
}

function eachPart(of: (part: keyof Pace) => number): Pace {
  return { allowed: of('allowed'), denied: of('denied'), wouldDeny: of('wouldDeny'), degraded: of('degraded'), shed: of('shed') };
}
