// What the user meant by `rateLimits` and `rateLimitService`: defaulted, cross-referenced, readonly. Types only.
import type { LimitKeyPart } from '../../config/schema/limit-key.ts';
import type { ResponseCost } from '../../config/schema/rate-limit.ts';
import type { DeniedStatus } from '../../config/schema/rate-limit-service.ts';
import type { ConfigPath } from '../../lib/issue.ts';
import type { Secret } from '../../lib/secret.ts';
import type { CompanionSettings } from '../auth/types.ts';

/** Everything about how often requests may come, of one gateway. */
export interface LimitsModel {
  /** Sorted by name. */
  readonly limits: readonly Limit[];
  readonly service: LimitService;
}

export type { LimitKeyPart } from '../../config/schema/limit-key.ts';
export type { DeniedStatus } from '../../config/schema/rate-limit-service.ts';

export interface Limit {
  readonly name: string;
  readonly path: ConfigPath;
  /** In the order written; each once. Empty: one counter for all requests. */
  readonly parts: readonly LimitKeyPart[];
  readonly whenMissing: 'share' | 'skip' | 'deny';
  /** Several windows on one counter; none: unlimited. */
  readonly rates: readonly Rate[];
  /** Without meaning in their order (C1). */
  readonly overrides: readonly LimitOverride[];
  readonly limitFrom?: { readonly claim: string; readonly max: Rate };
  readonly cost: Cost;
  readonly mode: 'enforce' | 'shadow';
  readonly scope: 'shared' | 'local' | 'quota';
  /** Of scope local: all proxies of the gateway have the rate together; absent: each of them has it (R213). */
  readonly per?: 'fleet';
  /** Of scope quota. */
  readonly quota?: Quota;
  readonly phase: 'early' | 'main';
  readonly onFailure: 'allow' | 'deny';
  readonly onStoreFailure: 'local' | 'allow' | 'deny';
  readonly headers: 'draft' | 'legacy' | 'none';
  readonly hasBody: boolean;
  /** Sorted. */
  readonly replaces: readonly string[];
  readonly lease?: { readonly max: number; readonly ttlMs: number };
  /** A part of the key. */
  readonly slotBy?: string;
  /** Of scope local: counters that one proxy keeps. */
  readonly maxKeys: number;
}

export interface Quota {
  /** Thousandths of the rate that stay free for proxies that come anew. */
  readonly reservePermille: number;
  /** Tokens a second. */
  readonly peakPerSecond?: number;
}

export type Algorithm = 'fixed' | 'sliding' | 'slidingExact' | 'bucket';

export interface Rate {
  /** 0 to 2^53-1; 0 blocks. */
  readonly limit: number;
  readonly algorithm: Algorithm;
  /** Whole seconds; with a calendar about so long. */
  readonly seconds: number;
  /** Of a bucket; elsewhere the number of the rate. */
  readonly burst: number;
  readonly calendar?: Calendar;
}

export interface Calendar {
  readonly unit: 'day' | 'week' | 'month' | 'year';
  /** Of days; 1 for other units. */
  readonly count: number;
  readonly timeZone: string;
  readonly weekStart: 'monday' | 'sunday' | 'saturday';
  readonly monthDay: number;
}

export interface LimitOverride {
  /** Sorted by part. */
  readonly match: readonly { readonly part: string; readonly value: string }[];
  readonly rates: readonly Rate[];
  readonly shared: boolean;
}

export type Cost =
  | { readonly kind: 'constant'; readonly hits: number }
  | { readonly kind: 'metadata'; readonly filter: string; readonly key: string }
  | { readonly kind: 'requestHeader'; readonly name: string }
  | ResponseCost;

export interface LimitService extends CompanionSettings {
  readonly deniedStatus: DeniedStatus;
  readonly store: LimitStore;
  readonly keySecret?: Secret;
}

export type LimitStore = { readonly kind: 'memory'; readonly snapshotFile?: string } | ({ readonly kind: 'redis' } & RedisStore);

export interface RedisAddress {
  readonly host: string;
  readonly port: number;
}

export interface RedisStore {
  readonly endpoint:
    | ({ readonly kind: 'single' } & RedisAddress)
    | { readonly kind: 'socket'; readonly path: string }
    | { readonly kind: 'sentinel'; readonly name: string; readonly hosts: readonly RedisAddress[]; readonly password?: Secret }
    | { readonly kind: 'cluster'; readonly hosts: readonly RedisAddress[] };
  readonly db: number;
  readonly username?: string;
  readonly password?: Secret;
  /** `ca`: PEM; absent: the machine's own authorities. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: Secret; readonly serverName?: string };
  readonly timeoutMs: number;
  readonly prefix: string;
}
