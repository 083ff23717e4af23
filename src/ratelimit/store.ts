// The contract of a store of counters: what the limiter asks and what it is answered. Types only; what a limit means stands in algorithms/,
// how it is kept in memory/ and redis/. It knows no gRPC, no YAML and no clear-text key.
import type { CacheCounts } from './cache-counts.ts';
import type { CounterKey } from './store/counter-key.ts';

/** R401-R403. `sliding` counts by sub-windows, `slidingExact` keeps the time of every hit (at most 1,000 of them). */
export type Algorithm = 'fixed' | 'sliding' | 'slidingExact' | 'bucket';

/** R104: a fixed window that follows a calendar instead of the epoch. */
export interface CalendarPeriod {
  readonly unit: 'day' | 'week' | 'month' | 'year';
  /** Only days may be counted: windows of so many local days from 1970-01-01. 1 for other units. */
  readonly count: number;
  /** IANA name, as `Intl` knows it. */
  readonly timeZone: string;
  readonly weekStart: 'monday' | 'sunday' | 'saturday';
  /** Day on which months and years begin, 1 to 28. */
  readonly monthDay: number;
}

/** What a counter allows. Plain immutable data; `limitProblem` tells what no store takes. */
export interface StoreLimit {
  /** R102: gateway, limit, algorithm, window and zone, but not N. Names what is counted together for overflow (R602) and failure (R803). */
  readonly id: string;
  readonly algorithm: Algorithm;
  /** N hits per period, 0 to 2^53-1. 0 blocks without the store (R103). */
  readonly limit: number;
  /** Window or period in whole microseconds, a multiple of 10. With a calendar: about how long one is. */
  readonly periodUs: number;
  /** Size of a bucket (R105). Other algorithms do not look at it. */
  readonly burst: number;
  readonly calendar?: CalendarPeriod;
  /** What is answered when the store does not (R803). Memory always answers. */
  readonly onStoreFailure: 'local' | 'allow' | 'deny';
  /** R506: hits that a worker may take in advance. Only for limits that are taken one hit at a time and alone. */
  readonly lease?: { readonly max: number; readonly ttlMs: number };
}

/** Which counter. */
export interface CounterTarget {
  readonly limit: StoreLimit;
  readonly key: CounterKey;
  /** R406 `slotBy`: in a Cluster, counters with one slot live on one node, so that several are all or nothing. Default: by `key`. */
  readonly slot?: CounterKey;
}

/**
 * What a request does to one counter (R304, R307).
 * - `take`: takes its hits where they fit, else the counter is over; 0 hits is a check: over where one hit would not fit.
 * - `debit`: always takes, is never over; a bucket's debt is at most its burst.
 * - `count`: always takes, over where the counter stands above N afterwards (reference tables; fixed windows only; 0 hits looks).
 */
export type UseKind = 'take' | 'debit' | 'count';

export interface CounterUse extends CounterTarget {
  readonly kind: UseKind;
  /** Whole, 0 to 2^32-1. */
  readonly hits: number;
  /** R108: counted alone; whether it is over neither denies nor holds another counter back. */
  readonly isShadow: boolean;
}

export interface UseOutcome {
  /** The hits did not fit (`take`), or the counter is above N (`count`). */
  readonly isOver: boolean;
  /** After this request; 0 where it is over. Exact, up to 2^53-1. */
  readonly remaining: number;
  /** Not over: until the bucket is full, the window ends, or the next hits are forgotten. Over: as `retryAfterMs`. Whole, rounded up. */
  readonly resetMs: number;
  /** Over: until this request could pass, infinite where it never can. Else 0. Whole, rounded up. */
  readonly retryAfterMs: number;
}

/** Why the store did not answer (R802-R808). After `timeout`, `lost` (the link broke meanwhile) and `deadline` it may have counted all the same. */
export type StoreFailure = 'timeout' | 'lost' | 'unavailable' | 'breaker' | 'shed' | 'deadline';

export interface TakeAnswer {
  /** A use that is not shadow was over: nothing was taken by any `take` that is not shadow (R406). */
  readonly isOver: boolean;
  /** Parallel to the uses. */
  readonly outcomes: readonly UseOutcome[];
  /** Who answered: the counters, the over-limit cache (R505), a lease (R506), or `onStoreFailure` (R803). */
  readonly source: 'store' | 'cache' | 'lease' | 'failure';
  /** Set where `source` is `failure`. */
  readonly failure?: StoreFailure;
}

export interface StoreCall {
  /** R808: when the caller stops waiting, in milliseconds of the store's monotonic clock; infinite where it told none. */
  readonly deadlineMs: number;
}

export interface CounterReading {
  /** Hits that count now; below 0 after a grant; a bucket's in whole hits, rounded up. */
  readonly used: number;
  readonly remaining: number;
  /** Until the counter is as new, 0 if it is. */
  readonly resetMs: number;
}

/** Where a counter is kept, as people may look for it. */
export interface CounterPlace {
  /** Its key in Redis now; memory has no names but hashes. */
  readonly name: string;
  /** R803: hits that this worker would let pass of it, were the store away, and of how many workers. */
  readonly localPart: { readonly hits: number; readonly workers: number };
}

/** R703: what a holder asks of a budget that is divided. Shares and bursts are whole numbers in a unit of the caller's choice. */
export interface LedgerClaim {
  readonly key: CounterKey;
  /** Sum of shares, and of bursts, that holders may have at any instant. */
  readonly limit: number;
  readonly burst: number;
  readonly holder: string;
  /** What the holder should have; less is granted where less is free. Both 0: it ends. */
  readonly share: number;
  readonly wantedBurst: number;
  /** What the holder would use, kept for the allocators of other instances. */
  readonly demand: number;
  /** How long the assignment is valid at the holder. */
  readonly ttlMs: number;
  /** The holder reported 1 s or more after its last, smaller assignment was sent: what it had before is free. */
  readonly isConfirmed: boolean;
}

export interface LedgerEntry {
  readonly holder: string;
  readonly share: number;
  readonly burst: number;
  readonly demand: number;
}

export interface LedgerAnswer {
  /** What the claimant has now: valid for its `ttlMs`. */
  readonly share: number;
  readonly burst: number;
  /** Free after this claim. */
  readonly freeShare: number;
  readonly freeBurst: number;
  /** All live holders, the claimant among them, by name. */
  readonly holders: readonly LedgerEntry[];
}

export type StoreReadiness = { readonly isReady: true } | { readonly isReady: false; readonly reason: string };

/** One contract for memory and Redis (R1001). Answers are at hand at once where they can be (R901); nothing here throws for a store that is away. */
export interface CounterStore {
  /** Decides and counts one request over all of its counters, all or nothing (R406). At least one use; each counter at most once. */
  take(uses: readonly CounterUse[], call: StoreCall): TakeAnswer | Promise<TakeAnswer>;
  /** Gives hits back, floored at nothing used. What is lost on the way stays taken. */
  give(uses: readonly (CounterTarget & { readonly hits: number })[]): void | Promise<void>;
  /** What stands there. Rejects with `StoreError` where the store is away; so do the next five. */
  read(target: CounterTarget): Promise<CounterReading>;
  /** For operators; what this worker knows, without asking anybody. */
  placeOf(target: CounterTarget): CounterPlace;
  /** Forgets the counter, in every instance's cache too. */
  reset(target: CounterTarget): Promise<void>;
  /** Lets so many more hits pass: windows until they end, buckets and exact logs at most until nothing is used. */
  grant(target: CounterTarget, hits: number): Promise<void>;
  /** Tells every instance that somebody took what was left of it, as `reset` and `grant` tell what they did (R811). */
  announce(target: CounterTarget): Promise<void>;
  ledger(claim: LedgerClaim): Promise<LedgerAnswer>;
  /** Tells that this worker lives, and gives how many do (R405: M). The store also does so itself every 2 s. */
  heartbeat(): Promise<number>;
  /** R505: a new table of limits is in force; what was remembered of counters over their limit is forgotten. */
  tableChanged(): void;
  /** P27: what it remembers beside counters. */
  caches(): readonly CacheCounts[];
  readiness(): StoreReadiness;
  /** R809: gives leases back and ends connections and timers. Calls that wait are answered as failures. */
  close(): Promise<void>;
}
