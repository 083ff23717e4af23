// What the store of counters tells, as metrics, and as one line of the log per change of state (ratelimit R810, R812).
import type { StoreListener } from '../ratelimit/store/store-listener.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';

export function storeListener(metrics: Pick<Metrics, 'increment' | 'observe' | 'set'>, logger: Logger): StoreListener {
  let policy: string | undefined;
  return {
    batch(requests, commands) {
      metrics.observe('chancery_ratelimit_batch_requests', {}, requests);
      metrics.increment('chancery_ratelimit_redis_commands_total', {}, commands);
    },
    overLimitHit: () => metrics.increment('chancery_ratelimit_overlimit_cache_hits_total', {}),
    redisError: (kind) => metrics.increment('chancery_ratelimit_redis_errors_total', { kind }),
    breaker(isOpen) {
      metrics.set('chancery_ratelimit_breaker_open', {}, isOpen ? 1 : 0);
      if (isOpen)
        logger.error({ event: 'ratelimit.store_away' }, 'Redis failed and is not asked for now; limits answer by their onStoreFailure');
      else logger.info({ event: 'ratelimit.store_back' }, 'Redis answers again');
    },
    clockOffset(seconds, isJump) {
      metrics.set('chancery_ratelimit_clock_offset_seconds', {}, seconds);
      if (!isJump) return;
      metrics.increment('chancery_ratelimit_clock_jumps_total', {});
      logger.warn({ event: 'ratelimit.clock_jump', offset_seconds: seconds }, 'the clock of the store jumped');
    },
    counterLost: () => metrics.increment('chancery_ratelimit_counter_lost_total', {}),
    gaveBack: (hits) => metrics.increment('chancery_ratelimit_giveback_total', {}, hits),
    reconciled: (hits) => metrics.increment('chancery_ratelimit_reconciled_hits_total', {}, hits),
    evictionPolicy(found) {
      if (found !== policy && found !== undefined)
        logger.warn(
          { event: 'ratelimit.eviction', policy: found },
          'Redis may evict counters, which admits again: set maxmemory-policy noeviction',
        );
      policy = found;
    },
    keys: (count) => metrics.set('chancery_ratelimit_keys', {}, count),
    evicted: () => metrics.increment('chancery_ratelimit_evicted_total', {}),
    overflowed: () => metrics.increment('chancery_ratelimit_overflowed_total', {}),
  };
}
