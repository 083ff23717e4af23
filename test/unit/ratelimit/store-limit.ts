// Limits for tests of the counting core.
import type { StoreLimit } from '../../../src/ratelimit/store.ts';

/** A limit of 10 a minute by fixed windows, but for what is said. */
export function limitOf(parts: Partial<StoreLimit>): StoreLimit {
  const limit = { id: 'test', algorithm: 'fixed', limit: 10, periodUs: 60_000_000, burst: 10, onStoreFailure: 'local', ...parts } as const;
  return parts.burst === undefined ? { ...limit, burst: Math.max(1, limit.limit) } : limit;
}
