// Keys of issuers for all workers, fetched in the supervisor (J7): the key store with the clock, the log and the metrics of this process.
import { type FetchOutcome, fetchKeySet } from '../authz/jwks/fetch-key-set.ts';
import type { KeyParcel } from '../authz/jwks/key-parcel.ts';
import { keySetId } from '../authz/jwks/key-set-id.ts';
import type { KeyOwner } from '../authz/jwks/key-source.ts';
import { KeyStore, type ProviderKeys } from '../authz/jwks/key-store.ts';
import { afterMs } from '../lib/after-ms.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { KeyFeed, ProviderStatus } from './key-feed.ts';

export interface KeyFeedOptions {
  readonly dev: boolean;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly nowMs: () => number;
  readonly random: () => number;
}

/** An issuer that is away is told so often (authz §7). */
const WARN_MS = 60_000;

export function keyFeed(options: KeyFeedOptions): (onChange: (parcel: KeyParcel) => void) => KeyFeed {
  return (onChange) => {
    const store = new KeyStore({ ...options, fetch: fetchKeySet, after: afterMs, onChange, onFetched: fetchListener(options) });
    return {
      watch: (owners) => store.watch(owners),
      parcels: () => store.parcels(),
      wanted: (owner) => store.wanted(owner),
      tried: () => store.tried(),
      providers: () => store.providers().map((provider) => statusOf(provider, options.nowMs())),
      stop: () => store.stop(),
    };
  };
}

function statusOf({ owner, state, fetchedAtMs }: ProviderKeys, nowMs: number): ProviderStatus {
  return { issuer: owner.issuer, state, ...(fetchedAtMs === undefined ? {} : { ageSeconds: Math.round((nowMs - fetchedAtMs) / 1_000) }) };
}

/** Counts each fetch; tells the log of an issuer that is away once a minute. */
export function fetchListener({ logger, metrics, nowMs }: KeyFeedOptions): (owner: KeyOwner, outcome: FetchOutcome) => void {
  /** Key sets that cannot be fetched, and when that was told last: an issuer may have several. */
  const failing = new Map<string, number>();
  return (owner, outcome) => {
    const { issuer } = owner;
    const id = keySetId(owner);
    const result = outcome.kind === 'failed' ? outcome.reason : outcome.kind === 'keys' ? 'ok' : 'unchanged';
    metrics.increment('chancery_jwks_fetch_total', { issuer, result });
    if (outcome.kind === 'failed') {
      if (nowMs() - (failing.get(id) ?? Number.NEGATIVE_INFINITY) < WARN_MS) return;
      failing.set(id, nowMs());
      logger.warn(
        { event: 'authz.jwks_failed', issuer, reason: outcome.reason, detail: outcome.detail },
        "the issuer's keys cannot be fetched",
      );
      return;
    }
    if (failing.delete(id)) logger.info({ event: 'authz.jwks_back', issuer }, "the issuer's keys are fetched again");
    if (outcome.kind === 'keys' && outcome.skipped > 0)
      logger.warn(
        { event: 'authz.jwks_skipped', issuer, skipped: outcome.skipped },
        'keys of the issuer that are not good were passed over',
      );
  };
}
