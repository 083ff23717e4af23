// Limits of the model → the table that companions count by (ratelimit R301): complete in itself, secrets by name only.
import type { Calendar, Limit, LimitOverride, LimitService, Rate, RedisStore } from '../../model/limits/types.ts';
import type { LimitCalendar } from '../../proto/generated/chancery/policy/v1/LimitCalendar.ts';
import type { RateLimitOverride } from '../../proto/generated/chancery/policy/v1/RateLimitOverride.ts';
import type { RateLimitRate } from '../../proto/generated/chancery/policy/v1/RateLimitRate.ts';
import type { RateLimitRule } from '../../proto/generated/chancery/policy/v1/RateLimitRule.ts';
import type { RateLimitStore } from '../../proto/generated/chancery/policy/v1/RateLimitStore.ts';
import type { RateLimitTable } from '../../proto/generated/chancery/policy/v1/RateLimitTable.ts';
import type { RedisStore as RedisStoreMessage } from '../../proto/generated/chancery/policy/v1/RedisStore.ts';
import { domainOfLimits, nameOfRateLimitSecret, nameOfService } from '../names.ts';
import { entryOf } from './key-parts.ts';
import { responseFormat } from './route-limits.ts';

const ALGORITHMS = {
  fixed: 'FIXED_WINDOW',
  sliding: 'SLIDING_WINDOW',
  slidingExact: 'EXACT_SLIDING_WINDOW',
  bucket: 'TOKEN_BUCKET',
} as const;
const MISSING = { share: 'SHARE', skip: 'SKIP', deny: 'DENY_MISSING' } as const;
const MODES = { enforce: 'ENFORCE_LIMIT', shadow: 'SHADOW_LIMIT' } as const;
const FAILURES = { local: 'COUNT_LOCALLY', allow: 'ALLOW_UNCOUNTED', deny: 'DENY_UNCOUNTED' } as const;
const HEADERS = { draft: 'DRAFT', legacy: 'LEGACY', none: 'NONE' } as const;
const UNITS = { day: 'DAY', week: 'WEEK', month: 'MONTH', year: 'YEAR' } as const;
const WEEK_STARTS = { monday: 'MONDAY', sunday: 'SUNDAY', saturday: 'SATURDAY' } as const;
const US_PER_SECOND = 1_000_000;

/** Without its revision, which is a hash of the rest. `limits`: those that companions count or divide, sorted by name. */
export function compileLimitTable(gateway: string, limits: readonly Limit[], service: LimitService): RateLimitTable {
  return { domain: domainOfLimits(gateway), limits: limits.map(compileRule), store: compileStore(service) };
}

function compileRule(limit: Limit): RateLimitRule {
  const { lease, slotBy, limitFrom, quota } = limit;
  return {
    name: limit.name,
    parts: limit.parts.map((part) => ({ part: part.part, entry: entryOf(part) })),
    when_missing: MISSING[limit.whenMissing],
    rates: limit.rates.map(compileRate),
    overrides: limit.overrides.map(compileOverride),
    ...(limitFrom === undefined ? {} : { limit_from_max: compileRate(limitFrom.max) }),
    mode: MODES[limit.mode],
    replaces: [...limit.replaces],
    on_store_failure: FAILURES[limit.onStoreFailure],
    headers: HEADERS[limit.headers],
    problem_body: limit.hasBody,
    ...(lease === undefined ? {} : { lease: { max: lease.max, ttl_ms: lease.ttlMs } }),
    ...(slotBy === undefined ? {} : { slot_by: slotBy }),
    ...(responseFormat(limit.cost) === undefined ? {} : { takes_at_end: true }),
    ...(quota === undefined ? {} : { quota: { reserve_permille: quota.reservePermille, peak_per_second: quota.peakPerSecond ?? 0 } }),
  };
}

function compileRate({ limit, algorithm, seconds, burst, calendar }: Rate): RateLimitRate {
  return {
    limit,
    algorithm: ALGORITHMS[algorithm],
    period_us: seconds * US_PER_SECOND,
    burst,
    ...(calendar === undefined ? {} : { calendar: compileCalendar(calendar) }),
  };
}

function compileCalendar({ unit, count, timeZone, weekStart, monthDay }: Calendar): LimitCalendar {
  return { unit: UNITS[unit], count, time_zone: timeZone, week_start: WEEK_STARTS[weekStart], month_day: monthDay };
}

/** Envoy tells services by the names of their clusters. */
function compileOverride({ match, rates, shared }: LimitOverride): RateLimitOverride {
  return {
    match: match.map(({ part, value }) => ({ part, value: part === 'service' ? nameOfService(value) : value })),
    rates: rates.map(compileRate),
    shared,
  };
}

function compileStore({ store, keySecret }: LimitService): RateLimitStore {
  const key = keySecret === undefined ? {} : { key_secret_name: nameOfRateLimitSecret('key') };
  switch (store.kind) {
    case 'memory':
      return { ...key, memory: store.snapshotFile === undefined ? {} : { snapshot_file: store.snapshotFile } };
    case 'redis':
      return { ...key, redis: compileRedis(store) };
    default:
      return store satisfies never;
  }
}

function compileRedis({ endpoint, db, username, password, tls, timeoutMs, prefix }: RedisStore): RedisStoreMessage {
  return {
    ...compileEndpoint(endpoint),
    db,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password_name: nameOfRateLimitSecret('redis') }),
    ...(tls === undefined
      ? {}
      : {
          tls: {
            ...(tls.ca === undefined ? {} : { ca: tls.ca }),
            ...(tls.cert === undefined ? {} : { cert: tls.cert }),
            ...(tls.key === undefined ? {} : { key_name: nameOfRateLimitSecret('redisTls') }),
            ...(tls.serverName === undefined ? {} : { server_name: tls.serverName }),
          },
        }),
    timeout_ms: timeoutMs,
    prefix,
  };
}

function compileEndpoint(endpoint: RedisStore['endpoint']): RedisStoreMessage {
  switch (endpoint.kind) {
    case 'single':
      return { single: { host: endpoint.host, port: endpoint.port } };
    case 'socket':
      return { socket: endpoint.path };
    case 'sentinel':
      return {
        sentinel: {
          name: endpoint.name,
          hosts: [...endpoint.hosts],
          ...(endpoint.password === undefined ? {} : { password_name: nameOfRateLimitSecret('sentinel') }),
        },
      };
    case 'cluster':
      return { cluster: { hosts: [...endpoint.hosts] } };
    default:
      return endpoint satisfies never;
  }
}
