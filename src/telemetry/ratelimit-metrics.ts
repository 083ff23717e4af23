// The rate limiter's part of the table of metrics (ratelimit R810). Never a value of a key in a label.

export const RATELIMIT_METRICS = {
  chancery_ratelimit_decisions_total: {
    type: 'counter',
    labels: ['limit', 'result'],
    help: 'Decisions of each limit: ok, near, over, shadow_over, blocked, unlimited, degraded_ok, degraded_over, fail_open, fail_closed, shed or oversize; unknown_limit of names that do not exist, all as limit _unknown.',
  },
  chancery_ratelimit_hits_total: { type: 'counter', labels: ['limit'], help: 'Hits that each limit counted.' },
  chancery_ratelimit_rule_decisions_total: {
    type: 'counter',
    labels: ['rule', 'result'],
    help: 'Decisions of rules of reference files by metric path, 1,000 of them, then other.',
  },
  chancery_ratelimit_rule_hits_total: { type: 'counter', labels: ['rule'], help: 'Hits that rules of reference files counted.' },
  chancery_ratelimit_unknown_total: {
    type: 'counter',
    labels: ['what'],
    help: 'Requests that named a domain, a limit or the unit of an override that does not exist, or whose claim is no rate or above max.',
  },
  chancery_ratelimit_refused_total: {
    type: 'counter',
    labels: ['status'],
    help: 'Calls that ended with a gRPC status instead of a decision.',
  },
  chancery_ratelimit_batch_requests: {
    type: 'histogram',
    labels: [],
    help: 'Requests that went to Redis together.',
    buckets: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000],
  },
  chancery_ratelimit_redis_duration_seconds: {
    type: 'histogram',
    labels: [],
    help: 'How long batches waited for the answer of Redis; those that were given up, until then.',
    buckets: [0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1],
  },
  chancery_ratelimit_redis_commands_total: { type: 'counter', labels: [], help: 'Commands sent to Redis.' },
  chancery_ratelimit_redis_errors_total: { type: 'counter', labels: ['kind'], help: 'Commands that Redis refused or did not answer.' },
  chancery_ratelimit_overlimit_cache_hits_total: {
    type: 'counter',
    labels: [],
    help: 'Denials of counters that were known to be over their limit.',
  },
  chancery_ratelimit_redis_may_evict: {
    type: 'gauge',
    labels: [],
    help: 'Is 1 while the memory policy of a Redis lets it evict counters, which admits again.',
  },
  chancery_ratelimit_breaker_open: { type: 'gauge', labels: [], help: 'Is 1 while Redis is not asked because it failed.' },
  chancery_ratelimit_clock_offset_seconds: { type: 'gauge', labels: [], help: 'How far the clock of the store is ahead of this machine.' },
  chancery_ratelimit_clock_jumps_total: {
    type: 'counter',
    labels: [],
    help: 'Times that the clock of the store jumped by more than a second.',
  },
  chancery_ratelimit_counter_lost_total: { type: 'counter', labels: [], help: 'Counters that Redis had lost: evicted or flushed.' },
  chancery_ratelimit_giveback_total: { type: 'counter', labels: [], help: 'Hits given back after a denial over several slots.' },
  chancery_ratelimit_reconciled_hits_total: {
    type: 'counter',
    labels: [],
    help: 'Hits counted here while Redis was away and added when it was back.',
  },
  chancery_ratelimit_keys: { type: 'gauge', labels: [], help: 'Counters in memory.' },
  chancery_ratelimit_evicted_total: { type: 'counter', labels: [], help: 'Counters that memory gave up to stay within its bound.' },
  chancery_ratelimit_overflowed_total: {
    type: 'counter',
    labels: [],
    help: 'Requests counted by the overflow counter of their limit because memory was full.',
  },
  chancery_ratelimit_rlqs_streams: { type: 'gauge', labels: [], help: 'Streams of proxies that limits are divided over.' },
  chancery_ratelimit_rlqs_buckets: { type: 'gauge', labels: [], help: 'Buckets that these streams reported.' },
  chancery_ratelimit_rlqs_share_ratio: {
    type: 'gauge',
    labels: ['limit'],
    help: 'Part of the rate that proxies of this companion have; of a limit with a key, the largest of its values.',
  },
  chancery_ratelimit_reloads_total: { type: 'counter', labels: ['result'], help: 'Changes of the limits on disk: accepted or refused.' },
} as const;
