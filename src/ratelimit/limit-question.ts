// What operators ask of the limits that a companion serves, and what they are told (R811). Plain data that crosses processes; values of keys come
// in and are hashed at once, they never go out.
import type { HotKey } from './hot-keys.ts';

export type LimitQuestion =
  | { readonly kind: 'list' }
  /** The counters of a limit that are asked most. */
  | { readonly kind: 'hot'; readonly gateway: string; readonly limit: string }
  | ({ readonly kind: 'show' | 'reset' | 'ban' | 'explain' } & CounterAddress)
  | ({ readonly kind: 'grant'; readonly hits: number } & CounterAddress);

/** Which counter: its limit, and the value of each part of the key, by the spelling of the part. */
export interface CounterAddress {
  readonly gateway: string;
  readonly limit: string;
  readonly parts: Readonly<Record<string, string>>;
}

export type LimitAnswer =
  | { readonly kind: 'list'; readonly limits: readonly ListedLimit[] }
  | { readonly kind: 'hot'; readonly keys: readonly HotKey[] }
  | { readonly kind: 'counters'; readonly limit: string; readonly applies: string; readonly counters: readonly ShownCounter[] }
  | { readonly kind: 'refused'; readonly status: 400 | 404 | 503; readonly reason: string };

export interface ListedLimit {
  readonly gateway: string;
  readonly name: string;
  readonly source?: string;
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
  /** Decisions since the workers started, by result (R810); those that never came are left out. */
  readonly decisions: Readonly<Record<string, number>>;
}

export interface ShownCounter {
  /** As everywhere: 128 bits of a keyed hash (R410). */
  readonly hash: string;
  readonly rate: string;
  readonly used: number;
  readonly remaining: number;
  readonly resetMs: number;
}
