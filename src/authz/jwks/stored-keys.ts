// The keys of one provider and when they were fetched, as one immutable value, and what an answer of the issuer makes of it (J4, J5, J8, J10).
import { type CanonicalJwk, keySetText } from '../../lib/jose/key-set.ts';
import type { KeySettings } from '../policy/settings.ts';
import type { FetchOutcome } from './fetch-key-set.ts';
import type { KeySet } from './key-source.ts';
import { readyKeys } from './ready-keys.ts';

export type RemoteKeySettings = Extract<KeySettings, { readonly kind: 'remote' }>;

export interface StoredKeys {
  readonly keys: KeySet;
  readonly jwks: readonly CanonicalJwk[];
  readonly text: string;
  readonly etag: string | undefined;
  /** When the issuer last said so. */
  readonly fetchedAtMs: number;
  readonly freshForMs: number;
}

/** `max-age` may shorten the time that keys are fresh, but not below (J4). */
const SHORTEST_FRESH_MS = 30_000;

export interface TakenAt {
  readonly nowMs: number;
  readonly cacheForMs: number;
  /** One that was never given before, not even to keys that are forgotten: what they verified may still be remembered (J10). */
  readonly newGeneration: () => number;
}

/** Undefined where the outcome changes nothing: it failed, or says unchanged of what nobody has. */
export function storedAfter(
  before: StoredKeys | undefined,
  outcome: FetchOutcome,
  { nowMs, cacheForMs, newGeneration }: TakenAt,
): StoredKeys | undefined {
  if (outcome.kind === 'failed') return undefined;
  const freshForMs = Math.min(cacheForMs, Math.max(SHORTEST_FRESH_MS, outcome.maxAgeMs ?? cacheForMs));
  const times = { fetchedAtMs: nowMs, freshForMs };
  if (outcome.kind === 'unchanged') return before === undefined ? undefined : { ...before, ...times };
  const text = keySetText(outcome.keys);
  if (before?.text === text) return { ...before, ...times, etag: outcome.etag };
  const generation = before === undefined || hasLost(before.jwks, outcome.keys) ? newGeneration() : before.keys.generation;
  return { keys: readyKeys(outcome.keys, generation), jwks: outcome.keys, text, etag: outcome.etag, ...times };
}

/** A key that was there is gone, or is another one under its name (J10). */
function hasLost(before: readonly CanonicalJwk[], after: readonly CanonicalJwk[]): boolean {
  const now = new Set(after.map((jwk) => JSON.stringify(jwk)));
  return before.some((jwk) => !now.has(JSON.stringify(jwk)));
}
