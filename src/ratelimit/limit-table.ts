// All limits that a companion serves, as plain data: what the configuration language, a policy resource or a test hands over, and what crosses
// to workers. JSON-plain and immutable; it says what was meant, not how it is looked up (plan/own-limits.ts). Types only.
import type { Algorithm, CalendarPeriod } from './store.ts';

/** One revision of all limits (R301): swapped whole, used throughout a request. */
export interface LimitTable {
  /** Told in the metadata of answers that are not plain OK (R309). */
  readonly revision: string;
  readonly domains: readonly LimitDomain[];
}

export interface LimitDomain {
  /** What the filter sends: `chancery.<gateway>` (R202). */
  readonly domain: string;
  /** Names are unique within the domain. */
  readonly limits: readonly LimitRule[];
}

export interface LimitRule {
  /** Public (R101): descriptor value, status name, metric label, log field. */
  readonly name: string;
  /** `file:line` of the user's configuration; for `explain` and logs. */
  readonly source?: string;
  /** In the order of the descriptor (R203); empty: one counter for all requests. */
  readonly parts: readonly LimitPart[];
  /** R109. */
  readonly whenMissing: 'share' | 'skip' | 'deny';
  /** R102: several windows on one descriptor; none: unlimited (R103). */
  readonly rates: readonly LimitRate[];
  /** R107. Their order means nothing. */
  readonly overrides: readonly LimitOverride[];
  /** R107, R205: a rate that comes with the request as entry `_rate` is taken up to this one. */
  readonly limitFromMax?: LimitRate;
  /** R108. */
  readonly mode: 'enforce' | 'shadow';
  /** R110: names of limits of this domain that do not count where this one does. */
  readonly replaces: readonly string[];
  /** R803. */
  readonly onStoreFailure: 'local' | 'allow' | 'deny';
  /** R211. */
  readonly headers: 'draft' | 'legacy' | 'none';
  /** R308: a denial has an RFC 9457 body. */
  readonly body?: 'problem';
  /** R506. */
  readonly lease?: { readonly max: number; readonly ttlMs: number };
  /** R406: the part by which counters are put on one node of a Cluster. */
  readonly slotBy?: string;
  /** R111 `scope: quota`: the one rate, a bucket or a fixed window of an hour up, is divided over proxies. */
  readonly quota?: QuotaTerms;
}

/** How a rate is divided over proxies (R704, R706). */
export interface QuotaTerms {
  /** Part of the rate that stays free for proxies that come anew: 0 to 0.5. */
  readonly reserve: number;
  /** Of fixed windows: most tokens a second that all proxies have together. Default: what the window has left. */
  readonly peakPerSecond?: number;
}

export interface LimitPart {
  /** As the user spells it: `jwt.sub`, `client.ip`. Names the part in overrides. */
  readonly part: string;
  /** The key of its descriptor entry: the spelling, but for actions whose key Envoy fixes (`remote_address`). */
  readonly entry: string;
}

export interface LimitRate {
  /** N: 0 to 2^53-1; 0 blocks (R103). */
  readonly limit: number;
  readonly algorithm: Algorithm;
  /** Whole microseconds, a multiple of 10; with a calendar: about how long one is. */
  readonly periodUs: number;
  /** R105. */
  readonly burst: number;
  /** R104. */
  readonly calendar?: CalendarPeriod;
}

export interface LimitOverride {
  /** At least one; all of them must fit. */
  readonly match: readonly OverrideMatch[];
  /** None: unlimited. */
  readonly rates: readonly LimitRate[];
  /** One counter for all requests that it fits, instead of one for each value. */
  readonly shared: boolean;
}

export interface OverrideMatch {
  readonly part: string;
  /** A text in which each `*` stands for any characters, also none; without one the value must be the same. */
  readonly value: string;
}
