// What operators ask of the limits that a companion serves, and what they are told (R811). Plain data that crosses processes; values of keys come
// in and are hashed at once, they never go out.
import type { HotKey } from './hot-keys.ts';
import type { Decisions, Pace, RecordedDecisions } from './operator/decision-record.ts';
import type { KeyCount } from './operator/key-sketch.ts';
import type { PathStep } from './operator/limit-path.ts';
import type { WorstCase } from './operator/worst-case.ts';
import type { BudgetShares } from './quota/quota-shares.ts';

export type LimitQuestion =
  /** `hot`: with so many of the counters of each limit that are asked most. */
  | { readonly kind: 'list'; readonly hot?: number }
  /** The counters of a limit that are asked most. */
  | { readonly kind: 'hot'; readonly gateway: string; readonly limit: string }
  | ({ readonly kind: 'show' | 'reset' | 'ban' | 'explain' } & CounterAddress)
  | ({ readonly kind: 'grant'; readonly hits: number } & CounterAddress)
  /** Who has what of a limit that is divided; `hash`: of one budget, the name of its ledger. */
  | { readonly kind: 'shares'; readonly gateway: string; readonly limit: string; readonly hash?: string };

/** Which counter: its limit, and the value of each part of the key, by the spelling of the part. */
export interface CounterAddress {
  readonly gateway: string;
  readonly limit: string;
  /** `limitFrom`: what the claim says; for `explain` also parts of limits that replace this one. */
  readonly parts: Readonly<Record<string, string>>;
}

export type LimitAnswer =
  | { readonly kind: 'list'; readonly limits: readonly ListedLimit[]; readonly stores: readonly StoreState[] }
  | { readonly kind: 'hot'; readonly keys: readonly HotKey[] }
  | CounterAnswer
  | { readonly kind: 'shares'; readonly budgets: readonly BudgetShares[] }
  | LimitRefusal;

/** What one worker answers. */
export type WorkerAnswer =
  | Exclude<LimitAnswer, { kind: 'list' }>
  | { readonly kind: 'listed'; readonly limits: readonly RecordedLimit[]; readonly stores: readonly StoreState[] };

export interface LimitRefusal {
  readonly kind: 'refused';
  readonly status: 400 | 404 | 409 | 503;
  readonly reason: string;
}

export interface CounterAnswer {
  readonly kind: 'counters';
  readonly limit: string;
  readonly scope: 'shared' | 'quota';
  /** One sentence: whether such a request is counted. */
  readonly applies: string;
  readonly counters: readonly ShownCounter[];
  /** Of a limit that is divided: the name of its ledger. */
  readonly ledger?: string;
  /** With `explain`. */
  readonly path?: readonly PathStep[];
  readonly bounds?: readonly WorstCase[];
  /** Of a limit that is divided, where they are known: one budget, or all of the limit. */
  readonly shares?: readonly BudgetShares[];
}

interface LimitFacts {
  readonly gateway: string;
  readonly name: string;
  readonly source?: string;
  /** `quota`: divided over proxies (R111). Limits of scope local are no affair of this companion. */
  readonly scope: 'shared' | 'quota';
  /** Part of a divided rate that stays free for newcomers (R704). */
  readonly reserve?: number;
  readonly parts: readonly string[];
  /** As people write them; empty: unlimited. */
  readonly rates: readonly string[];
  readonly overrides: number;
  readonly mode: 'enforce' | 'shadow';
  readonly onStoreFailure: 'local' | 'allow' | 'deny';
  readonly store: 'memory' | 'redis';
  readonly revision: string;
  /** It left the configuration and is kept for proxies that name it still (R208). */
  readonly isLingering: boolean;
}

/** Of one worker. */
export interface RecordedLimit extends LimitFacts {
  readonly recorded: RecordedDecisions;
  readonly hot?: readonly HotKey[];
  readonly shares?: readonly BudgetShares[];
}

/** Of all workers. */
export interface ListedLimit extends LimitFacts {
  /** Since when decisions are counted: the workers' start, or the last change of the limit; milliseconds since the epoch. */
  readonly sinceMs: number;
  /** By result (R810); those that never came are left out. */
  readonly decisions: Decisions;
  readonly perSecond: Pace;
  /** Different counters that were over, in shadow mode too. */
  readonly overKeys: KeyCount;
  /** The counters that are asked most, where they were asked for. */
  readonly hot?: readonly HotKey[];
  /** Who has what of a limit that is divided. */
  readonly shares?: readonly BudgetShares[];
}

/** Where one worker counts for a gateway. */
export interface StoreState {
  readonly gateway: string;
  /** Place of the worker, from 0. */
  readonly worker: number;
  readonly kind: 'memory' | 'redis';
  /** `away`: limits answer by their onStoreFailure (R802). */
  readonly state: 'ready' | 'away';
  readonly isBreakerOpen: boolean;
  /** Away: why, and since when. */
  readonly reason?: string;
  readonly sinceMs?: number;
}

export interface ShownCounter {
  /** As everywhere: 128 bits of a keyed hash (R410). */
  readonly hash: string;
  /** What its store calls it. */
  readonly key: string;
  readonly rate: string;
  readonly used: number;
  readonly remaining: number;
  readonly resetMs: number;
  /** The same as a time: ISO. */
  readonly resetAt: string;
  /** R803: what the worker that answers would let pass of it, were the store away; absent where it would not count. */
  readonly localPart?: { readonly hits: number; readonly workers: number };
}
