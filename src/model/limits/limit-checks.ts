// What one limit cannot be at once (ratelimit R104, R106, R111, R112, R506). What routes, auth and other limits ask of it stands elsewhere.
import type { RateLimitConfig } from '../../config/schema/rate-limit.ts';
import { DAY_S } from '../../lib/rate-unit.ts';
import { errorAt, type Report, warningAt } from '../issue.ts';
import { checkQuota } from './quota-checks.ts';
import type { Calendar, Limit, LimitKeyPart, Rate } from './types.ts';

const MOST_LEASE_MS = 1_000;

export function checkLimit(limit: Limit, entry: RateLimitConfig, report: Report): void {
  checkScope(limit, entry, report);
  checkQuota(limit, entry, report);
  checkPrecision(limit, entry, report);
  checkCost(limit, report);
  checkLease(limit, report);
  checkClaim(limit, report);
  const { path, slotBy, parts } = limit;
  if (slotBy !== undefined && !parts.some(({ part }) => part === slotBy)) {
    const help = parts.length === 0 ? 'the key is empty' : `the key holds ${parts.map(({ part }) => part).join(', ')}`;
    report(errorAt([...path, 'slotBy'], 'CH2906', { message: `${slotBy} is no part of the key of this limit`, help }));
  }
  checkCalendar(limit, entry, report);
}

/** R104. */
function checkCalendar(limit: Limit, entry: RateLimitConfig, report: Report): void {
  const all = allRates(limit);
  if (entry.calendar === undefined) return;
  const units = new Set(all.flatMap(({ calendar }) => calendar?.unit ?? []));
  if (units.size > 0) return warnOfIdleStarts(limit, { calendar: entry.calendar, units }, report);
  const isFixed = all.some(({ algorithm }) => algorithm === 'fixed');
  report(
    errorAt([...limit.path, 'calendar'], 'CH2903', {
      message: isFixed
        ? 'only windows of whole days, weeks, months and years follow a calendar'
        : 'a calendar has a meaning for fixed windows only',
      at: 'key',
      help: isFixed ? 'remove it' : 'write algorithm: fixedWindow, or remove it',
    }),
  );
}

interface UsedCalendar {
  readonly calendar: NonNullable<RateLimitConfig['calendar']>;
  readonly units: ReadonlySet<Calendar['unit']>;
}

/** Warnings, for one text of a calendar may stand in many limits. What tokens say may be over any window. */
function warnOfIdleStarts({ path, limitFrom }: Limit, { calendar, units }: UsedCalendar, report: Report): void {
  if (limitFrom !== undefined) return;
  const warn = (key: string, what: string): void =>
    report(
      warningAt([...path, 'calendar', key], 'CH2903', { message: `no rate of this limit is over ${what}`, at: 'key', help: 'remove it' }),
    );
  if (calendar.weekStart !== undefined && !units.has('week')) warn('weekStart', 'weeks');
  if (calendar.monthDay !== undefined && !units.has('month') && !units.has('year')) warn('monthDay', 'months or years');
}

/** Of all requests, with or without an override or a claim. */
function allRates({ rates, overrides, limitFrom }: Limit): readonly Rate[] {
  return [...rates, ...overrides.flatMap((override) => override.rates), ...(limitFrom === undefined ? [] : [limitFrom.max])];
}

/** R111: what a proxy alone cannot do. */
const NEEDS_SHARED = ['limitFrom', 'lease', 'replaces', 'precision', 'slotBy', 'body', 'onStoreFailure', 'onFailure', 'overrides'] as const;

/** Parts that a request may lack: in a proxy each set of those that are there needs a bucket of its own (R212), twice as many for each part. */
export const MAY_LACK: readonly LimitKeyPart['kind'][] = ['header', 'query', 'jwt', 'apiKey'];
const MOST_LACKING = 6;
/** A hundred years: what Envoy can still tell in nanoseconds. */
const LONGEST_FILL_S = 100 * 366 * DAY_S;

function checkScope({ path, parts, phase, mode, whenMissing, rates, headers, cost }: Limit, entry: RateLimitConfig, report: Report): void {
  if (entry.scope !== 'local') return;
  const refuse = (key: string, message: string, help = 'write scope: shared, or leave it out'): void =>
    report(
      errorAt([...path, key], 'CH2909', { message, at: 'key', help, related: [{ message: 'scope is here', path: [...path, 'scope'] }] }),
    );
  for (const key of NEEDS_SHARED.filter((each) => entry[each] !== undefined))
    refuse(key, `${key} has no meaning where each proxy counts for itself`);
  if (rates.length !== 1) refuse('rate', 'a proxy counts one rate');
  if (rates.some(({ algorithm }) => algorithm !== 'bucket'))
    refuse(entry.algorithm === undefined ? 'rate' : 'algorithm', 'a proxy counts by tokenBucket alone');
  if (whenMissing === 'deny') refuse('whenMissing', 'a proxy cannot deny requests for what they lack');
  if (headers === 'draft') refuse('headers', 'a proxy writes x-ratelimit-* (legacy) or none');
  if (cost.kind !== 'constant') refuse('cost', 'a proxy takes the same of each request');
  if (cost.kind === 'constant' && rates.some(({ seconds }) => seconds * cost.hits > LONGEST_FILL_S))
    refuse('cost', 'a proxy would fill its bucket too slowly for such a cost');
  if (mode === 'shadow') refuse('mode', 'a proxy has no dry run of one limit');
  if (phase === 'early') refuse('phase', 'proxies count after auth', 'leave phase out');
  if (whenMissing === 'share' && parts.filter(({ kind }) => MAY_LACK.includes(kind)).length > MOST_LACKING)
    refuse(
      'key',
      `a request may lack more than ${MOST_LACKING} of its parts, and each set of them is a bucket of its own`,
      'write whenMissing: skip, or a shorter key',
    );
}

function checkPrecision(limit: Limit, entry: RateLimitConfig, report: Report): void {
  if (entry.precision === undefined || allRates(limit).some(({ algorithm }) => algorithm === 'slidingExact')) return;
  report(
    errorAt([...limit.path, 'precision'], 'CH2904', {
      message: 'precision: exact is a way of slidingWindow',
      at: 'key',
      help: 'write algorithm: slidingWindow',
    }),
  );
}

/** R106: a constant cost that never fits would deny everything. */
function checkCost({ path, cost, rates, overrides }: Limit, report: Report): void {
  if (rates.some(({ algorithm }) => algorithm === 'slidingExact') && (cost.kind !== 'constant' || cost.hits !== 1)) {
    report(
      errorAt([...path, 'cost'], 'CH2904', {
        message: 'precision: exact remembers requests, each of which takes 1',
        help: 'remove cost or precision',
      }),
    );
  }
  if (cost.kind !== 'constant') return;
  const small = [...rates, ...overrides.flatMap((override) => override.rates)].find((rate) => rate.limit > 0 && cost.hits > capacity(rate));
  if (small === undefined) return;
  report(
    errorAt([...path, 'cost'], 'CH2904', {
      message: `a request takes ${cost.hits}, and the limit never holds more than ${capacity(small)}`,
      help: 'lower cost, or raise rate and burst',
    }),
  );
}

function capacity({ algorithm, limit, burst }: Rate): number {
  return algorithm === 'bucket' ? burst : limit;
}

/** R107: a claim has the algorithm of the limit's own rate, and wins over no rate at all. */
function checkClaim({ path, limitFrom, rates }: Limit, report: Report): void {
  if (limitFrom === undefined || rates.length === 1) return;
  report(
    errorAt([...path, 'limitFrom'], 'CH2904', {
      message: `limitFrom takes the place of one rate, and this limit ${rates.length === 0 ? 'is unlimited' : `has ${rates.length}`}`,
      at: 'key',
      help: 'write one rate, which holds where the claim says none',
    }),
  );
}

/** R506. */
function checkLease(limit: Limit, report: Report): void {
  const { path, lease, cost, rates } = limit;
  if (lease === undefined) return;
  const shortest = Math.min(...allRates(limit).map(({ seconds }) => seconds * 1000));
  const most = Math.min(MOST_LEASE_MS, shortest / 10);
  if (lease.ttlMs > most) {
    report(
      errorAt([...path, 'lease', 'ttl'], 'CH2904', {
        message: 'a lease lasts at most a second, and a tenth of the window',
        help: `write ttl: ${Math.floor(most)}ms`,
      }),
    );
  }
  if (cost.kind !== 'constant' || cost.hits !== 1 || rates.length !== 1) {
    report(
      errorAt([...path, 'lease'], 'CH2904', {
        message: 'a lease is for one rate of which each request takes 1',
        at: 'key',
        help: 'remove lease',
      }),
    );
  }
}

/** R112. */
export function warnOfLimit(limit: Limit, facts: { readonly isUsed: boolean; readonly forgets: boolean }, report: Report): void {
  const { name, path, phase, mode, onFailure, scope } = limit;
  if (!facts.isUsed) {
    report(
      warningAt(path, 'CH2917', {
        message: `no route names the limit "${name}"`,
        at: 'key',
        help: `write rateLimits: [${name}] in a route`,
      }),
    );
  }
  if (scope === 'local') return;
  warnOfThinQuota(limit, report);
  if (phase === 'early' && onFailure === 'allow' && mode === 'enforce') {
    report(
      warningAt(path, 'CH2916', {
        message: `"${name}" protects what comes after it, and lets everything pass while nobody counts`,
        at: 'key',
        help: 'write onFailure: deny',
      }),
    );
  }
  // A rate of 0 needs no counter.
  if (facts.forgets && allRates(limit).some(({ limit: most, seconds }) => most > 0 && seconds >= DAY_S)) {
    report(
      warningAt([...path, 'rate'], 'CH2915', {
        message: 'memory forgets what was used when the limiter restarts',
        help: 'write rateLimitService: {snapshotFile: /var/lib/chancery/limits}, or store: redis',
      }),
    );
  }
}

const LEAST_PER_MINUTE = 10;

/** R112: each proxy gets whole tokens, and a proxy that has none for a while denies everything. */
function warnOfThinQuota({ name, path, quota, rates }: Limit, report: Report): void {
  const [rate] = rates;
  if (quota === undefined || rate === undefined || rate.limit === 0 || rate.limit * 60 >= LEAST_PER_MINUTE * rate.seconds) return;
  report(
    warningAt([...path, 'rate'], 'CH2923', {
      message: `"${name}" has fewer than ${LEAST_PER_MINUTE} requests a minute for all proxies together: each of them gets a few, or none`,
      help: 'write scope: shared',
    }),
  );
}
