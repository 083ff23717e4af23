// What the store of counters tells, as metrics, and as one line of the log per change of state (ratelimit R810, R812).
import type { StoreListener } from '../ratelimit/store/store-listener.ts';
import type { StoreReadiness } from '../ratelimit/store.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';

/** Looks at a store that has never been ready before it is said to be away: connecting takes its time. */
const LOOKS_AT_START = 4;

/** How the store is, as this worker sees it. */
export interface WatchedState {
  readonly isBreakerOpen: boolean;
  /** Absent: it answers. */
  readonly away?: { readonly reason: string; readonly sinceMs: number };
}

export interface WatchedStore extends StoreListener {
  readonly state: WatchedState;
  /** To be told now and then, twice a second: a lost link is no failed command, and opens no breaker. */
  looked(readiness: StoreReadiness): void;
}

export interface StoreListenerOptions {
  readonly metrics: Pick<Metrics, 'increment' | 'observe' | 'set'>;
  readonly logger: Logger;
  readonly nowMs: () => number;
}

export function storeListener({ metrics, logger, nowMs }: StoreListenerOptions): WatchedStore {
  const state = new StoreState(logger, nowMs);
  return {
    batch(requests, commands) {
      metrics.observe('chancery_ratelimit_batch_requests', {}, requests);
      metrics.increment('chancery_ratelimit_redis_commands_total', {}, commands);
    },
    batchEnded: (ms) => metrics.observe('chancery_ratelimit_redis_duration_seconds', {}, toldSeconds(ms)),
    overLimitHit: () => metrics.increment('chancery_ratelimit_overlimit_cache_hits_total', {}),
    redisError: (kind) => metrics.increment('chancery_ratelimit_redis_errors_total', { kind }),
    breaker(isOpen) {
      metrics.set('chancery_ratelimit_breaker_open', {}, isOpen ? 1 : 0);
      state.breaker(isOpen);
    },
    clockOffset(seconds, isJump) {
      metrics.set('chancery_ratelimit_clock_offset_seconds', {}, seconds);
      if (!isJump) return;
      metrics.increment('chancery_ratelimit_clock_jumps_total', {});
      logger.warn({ event: 'ratelimit.clock_jump', offset_seconds: seconds }, 'the clock of the store jumped');
    },
    looked: (readiness) => state.looked(readiness),
    get state() {
      return state.state;
    },
    counterLost: () => metrics.increment('chancery_ratelimit_counter_lost_total', {}),
    gaveBack: (hits) => metrics.increment('chancery_ratelimit_giveback_total', {}, hits),
    reconciled: (hits) => metrics.increment('chancery_ratelimit_reconciled_hits_total', {}, hits),
    evictionPolicy: evictionTold(metrics, logger),
    changed: () => undefined,
    keys: (count) => metrics.set('chancery_ratelimit_keys', {}, count),
    evicted: () => metrics.increment('chancery_ratelimit_evicted_total', {}),
    overflowed: () => metrics.increment('chancery_ratelimit_overflowed_total', {}),
  };
}

/** By 10 µs, so that workers tell of few different values. */
function toldSeconds(ms: number): number {
  return Math.round(Math.max(0, ms) * 100) / 100_000;
}

/** R409: logged once for each policy that is found. */
function evictionTold(metrics: Pick<Metrics, 'set'>, logger: Logger): StoreListener['evictionPolicy'] {
  let policy: string | undefined;
  return (found) => {
    metrics.set('chancery_ratelimit_redis_may_evict', {}, found === undefined ? 0 : 1);
    if (found !== policy && found !== undefined)
      logger.warn(
        { event: 'ratelimit.eviction', policy: found },
        'Redis may evict counters, which admits again: set maxmemory-policy noeviction',
      );
    policy = found;
  };
}

/** One line when the store goes, whatever tells of it first, and one when it is back (R812). */
class StoreState {
  readonly #logger: Logger;
  readonly #nowMs: () => number;
  #isOpen = false;
  #problem: string | undefined;
  #looksLeft = LOOKS_AT_START;
  #away: WatchedState['away'];

  constructor(logger: Logger, nowMs: () => number) {
    this.#logger = logger;
    this.#nowMs = nowMs;
  }

  get state(): WatchedState {
    return { isBreakerOpen: this.#isOpen, ...(this.#away === undefined ? {} : { away: this.#away }) };
  }

  breaker(isOpen: boolean): void {
    this.#isOpen = isOpen;
    this.#tell('it does not answer in time');
  }

  looked(readiness: StoreReadiness): void {
    this.#looksLeft = readiness.isReady ? 0 : Math.max(0, this.#looksLeft - 1);
    this.#problem = readiness.isReady || this.#looksLeft > 0 ? undefined : readiness.reason;
    this.#tell(this.#problem ?? '');
  }

  #tell(reason: string): void {
    const isAway = this.#isOpen || this.#problem !== undefined;
    if (isAway === (this.#away !== undefined)) return;
    this.#away = isAway ? { reason, sinceMs: this.#nowMs() } : undefined;
    if (isAway) this.#logger.error({ event: 'ratelimit.store_away', reason }, 'Redis is away; limits answer by their onStoreFailure');
    else this.#logger.info({ event: 'ratelimit.store_back' }, 'Redis answers again');
  }
}
