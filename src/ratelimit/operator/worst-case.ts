// How much of a limit can pass at worst (R811): each bound that holds, with the rule that says so. Pure.
import type { LimitRate, LimitRule } from '../limit-table.ts';
import { rateWords } from '../rate-words.ts';

export interface WorstCase {
  readonly about: 'rate' | 'lease' | 'storeAway' | 'quota' | 'shadow' | 'blocked' | 'unlimited';
  /** Of the design: R105, R506, R705, R803. */
  readonly rule: string;
  /** Hits; absent where there is no bound, or `text` alone can say it. */
  readonly atMost?: number;
  /** In any time of so many seconds. */
  readonly withinSeconds?: number;
  readonly text: string;
}

export interface Circumstances {
  readonly rule: Pick<LimitRule, 'mode' | 'lease' | 'quota' | 'onStoreFailure'>;
  /** Those that hold for the request; none: unlimited. */
  readonly rates: readonly LimitRate[];
  readonly store: 'memory' | 'redis';
  /** R405: M. */
  readonly workers: number;
}

const SECOND_US = 1_000_000;
/** R803. */
const LOCAL_FACTOR = 1.25;

export function worstCases(given: Circumstances): readonly WorstCase[] {
  const { rule, rates } = given;
  if (rates.length === 0) return [{ about: 'unlimited', rule: 'R103', text: 'there is no bound: it is unlimited' }];
  const shadow: readonly WorstCase[] =
    rule.mode === 'shadow'
      ? [{ about: 'shadow', rule: 'R108', text: 'there is no bound: mode shadow denies nothing; these would hold if it were enforced' }]
      : [];
  if (rates.some(({ limit }) => limit === 0))
    return [...shadow, { about: 'blocked', rule: 'R103', atMost: 0, text: 'nothing passes: its rate is 0' }];
  const bounds = rule.quota === undefined ? rates.flatMap(ofRate) : rates.flatMap(ofQuota);
  return [...shadow, ...bounds, ...ofLease(given), ...ofStoreAway(given)];
}

function ofRate(rate: LimitRate): readonly WorstCase[] {
  const { algorithm, limit, burst } = rate;
  const withinSeconds = rate.periodUs / SECOND_US;
  const about = { about: 'rate', rule: 'R105' } as const;
  switch (algorithm) {
    case 'fixed':
      return [
        { ...about, atMost: limit, text: `${limit} in one window` },
        {
          ...about,
          atMost: 2 * limit,
          withinSeconds,
          text: `${2 * limit} in any time as long as a window, where one ends and the next begins`,
        },
      ];
    case 'sliding':
    case 'slidingExact':
      return [{ ...about, atMost: limit, withinSeconds, text: `${limit} in any ${spanOf(rate)}` }];
    case 'bucket':
      return [
        { ...about, atMost: burst, withinSeconds: 0, text: `${burst} at once` },
        {
          ...about,
          atMost: burst + limit,
          withinSeconds,
          text: `${burst + limit} in any ${spanOf(rate)}: the burst, and what flows in meanwhile`,
        },
      ];
  }
}

function ofQuota(rate: LimitRate): readonly WorstCase[] {
  const { algorithm, limit, burst } = rate;
  const about = { about: 'quota', rule: algorithm === 'bucket' ? 'R705' : 'R706' } as const;
  if (algorithm !== 'bucket')
    return [
      { ...about, atMost: limit, text: `${limit} in one window: what live assignments can still spend never passes what it has left` },
    ];
  const withinSeconds = rate.periodUs / SECOND_US;
  const text = `${burst + limit} in any ${spanOf(rate)}, and one share of the burst for each assignment that is replaced meanwhile: proxies fill a new bucket`;
  return [{ ...about, atMost: burst + limit, withinSeconds, text }];
}

/** Memory has none: there is nobody to ask less often. */
function ofLease({ rule, rates, store, workers }: Circumstances): readonly WorstCase[] {
  const { lease } = rule;
  if (lease === undefined || store === 'memory') return [];
  const hits = workers * lease.max;
  const about = { about: 'lease', rule: 'R506' } as const;
  const denied = `at most ${hits} a window are denied wrongly`;
  if (rates.every(({ algorithm }) => algorithm === 'fixed'))
    return [{ ...about, atMost: 0, text: `leases of ${workers === 1 ? 'one worker' : `${workers} workers`} let no more pass; ${denied}` }];
  return [
    {
      ...about,
      atMost: hits,
      text: `leases of ${workers === 1 ? 'one worker' : `${workers} workers`}: ${hits} more in any time; ${denied}`,
    },
  ];
}

function ofStoreAway({ rule, rates, store }: Circumstances): readonly WorstCase[] {
  const about = { about: 'storeAway', rule: 'R803' } as const;
  if (store === 'memory') return [];
  if (rule.quota !== undefined)
    return [{ ...about, rule: 'R707', text: 'while Redis is away: proxies keep what they have, nobody gets more' }];
  switch (rule.onStoreFailure) {
    case 'allow':
      return [{ ...about, rule: 'R802', text: 'while Redis is away: there is no bound (onStoreFailure: allow)' }];
    case 'deny':
      return [{ ...about, rule: 'R802', atMost: 0, text: 'while Redis is away: nothing passes (onStoreFailure: deny)' }];
    case 'local': {
      const parts = rates.map((rate) => `${Math.floor(LOCAL_FACTOR * sizeOf(rate))} of ${rateWords(rate)}`);
      return [{ ...about, text: `while Redis is away: each worker counts its own part: ${parts.join(', ')}, and what passed before` }];
    }
  }
}

function sizeOf({ algorithm, burst, limit }: LimitRate): number {
  return algorithm === 'bucket' ? burst : limit;
}

function spanOf({ periodUs }: LimitRate): string {
  return `${periodUs / SECOND_US} s`;
}
