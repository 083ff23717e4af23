// What one descriptor means under one table: which counters it touches and how its status reads. Made once for each different descriptor and
// remembered (R902). Data only.
import type { RuleCounts } from '../decision-counts.ts';
import type { JsonObject } from '../reply/struct-fields.ts';
import type { CounterTarget, CounterUse, StoreLimit } from '../store.ts';

/** What is the same for all requests that one limit counts. */
export interface PlannedRule {
  /** As in statuses and metadata: ours, or the reference's optional one, which may be empty. */
  readonly name: string;
  /** Where decisions are counted; of reference tables by metric path (R324). */
  readonly counts: RuleCounts;
  /** R108, R322. */
  readonly isShadow: boolean;
  /** R323; never of our own tables. */
  readonly isQuota: boolean;
  readonly replaces: readonly string[];
  readonly headers: 'draft' | 'legacy' | 'none';
  /** R308. */
  readonly hasBody: boolean;
  readonly onStoreFailure: 'local' | 'allow' | 'deny';
  /** `limit` as a field of the metadata (R309). */
  readonly nameField: Uint8Array;
  /** R323: told of descriptors that passed. */
  readonly metadata?: JsonObject;
}

/** One counter, and how it reads in a reply. */
export interface PlannedCounter {
  readonly target: CounterTarget;
  /** One hit taken, ready. */
  readonly unit: CounterUse;
  /** Most hits that can ever pass at once: the bucket's size or N. */
  readonly capacity: number;
  /** Above so much in use it is near its limit (R810). */
  readonly nearAbove: number;
  /** `current_limit` of a status as a ready field; empty where R211 leaves it out. */
  readonly currentLimit: Uint8Array;
  /** `ratelimit-policy` as a ready header (R211); empty without `headers: draft`. */
  readonly policyHeader: Uint8Array;
}

/** What all counters of a rate share, made once: thousands of plans then touch the same few lines of memory (R902). */
export interface PlannedRate extends Omit<PlannedCounter, 'target' | 'unit'> {
  readonly limit: StoreLimit;
}

export type PlanKind =
  /** No limit applies (R303): plain OK. */
  | 'none'
  /** Our own table has no limit of this name (R208). */
  | 'unknown'
  | 'unlimited'
  /** N = 0 (R103). */
  | 'blocked'
  /** A part is missing and `whenMissing: deny` (R109). */
  | 'missing'
  | 'counted';

export interface DescriptorPlan {
  readonly kind: PlanKind;
  /** Absent for `none` and `unknown`. */
  readonly rule: PlannedRule | undefined;
  /** One for each rate; empty unless `counted`. */
  readonly counters: readonly PlannedCounter[];
  /** The counters' `unit` uses: what a request with this descriptor alone and one hit asks of the store. */
  readonly units: readonly CounterUse[];
  /** R207; `take` looks at the request's hits. */
  readonly op: 'take' | 'check' | 'debit';
  /** What to tell of it each time (R107, R208): the name of an unknown limit; that the claim of a `limitFrom` is no rate, or above `max`. */
  readonly amiss: { readonly what: 'limit' | 'rate'; readonly limit: string } | undefined;
}

export function plainPlan(kind: 'none' | 'unknown', limit = ''): DescriptorPlan {
  const amiss = kind === 'unknown' ? ({ what: 'limit', limit } as const) : undefined;
  return { kind, rule: undefined, counters: [], units: [], op: 'take', amiss };
}
