// One limit of a RateLimitTable, checked: what no store could count exactly is refused here, before it is served.
import { matchTies } from '../../lib/match-rank.ts';
import type { LimitCalendarOutput } from '../../proto/generated/chancery/policy/v1/LimitCalendar.ts';
import type { RateLimitOverrideOutput } from '../../proto/generated/chancery/policy/v1/RateLimitOverride.ts';
import type { RateLimitPartOutput } from '../../proto/generated/chancery/policy/v1/RateLimitPart.ts';
import type { RateLimitQuotaOutput } from '../../proto/generated/chancery/policy/v1/RateLimitQuota.ts';
import type { RateLimitRateOutput } from '../../proto/generated/chancery/policy/v1/RateLimitRate.ts';
import type { RateLimitRuleOutput } from '../../proto/generated/chancery/policy/v1/RateLimitRule.ts';
import { limitProblem } from '../algorithms/limit-problem.ts';
import type { LimitOverride, LimitPart, LimitRate, LimitRule, QuotaTerms } from '../limit-table.ts';
import type { CalendarPeriod } from '../store.ts';
import { each, positive, required, TableProblem, wordOf } from './table-problem.ts';

const ALGORITHMS = {
  FIXED_WINDOW: 'fixed',
  SLIDING_WINDOW: 'sliding',
  EXACT_SLIDING_WINDOW: 'slidingExact',
  TOKEN_BUCKET: 'bucket',
} as const;
const MISSING = { SHARE: 'share', SKIP: 'skip', DENY_MISSING: 'deny' } as const;
const MODES = { ENFORCE_LIMIT: 'enforce', SHADOW_LIMIT: 'shadow' } as const;
const FAILURES = { COUNT_LOCALLY: 'local', ALLOW_UNCOUNTED: 'allow', DENY_UNCOUNTED: 'deny' } as const;
const HEADERS = { DRAFT: 'draft', LEGACY: 'legacy', NONE: 'none' } as const;
const UNITS = { DAY: 'day', WEEK: 'week', MONTH: 'month', YEAR: 'year' } as const;
const WEEK_STARTS = { MONDAY: 'monday', SUNDAY: 'sunday', SATURDAY: 'saturday' } as const;
const LAST_MONTH_DAY = 28;
/** Thousandths. */
const MOST_RESERVED = 500;

export function decodeRule(message: RateLimitRuleOutput, field: string): LimitRule {
  const parts = each(message.parts, decodePart, `${field}.parts`);
  const known = new Set(parts.map(({ part }) => part));
  if (known.size < parts.length) throw new TableProblem(`${field}.parts`, 'name a part twice');
  const lease = message.lease ?? undefined;
  const slotBy = message.slot_by || undefined;
  if (slotBy !== undefined && !known.has(slotBy)) throw new TableProblem(`${field}.slot_by`, 'is no part of the key');
  return {
    name: required(message.name, `${field}.name`),
    parts,
    whenMissing: wordOf(message.when_missing, MISSING, `${field}.when_missing`),
    rates: each(message.rates, decodeRate, `${field}.rates`),
    overrides: decodeOverrides(message.overrides, known, `${field}.overrides`),
    ...(message.limit_from_max ? { limitFromMax: decodeRate(message.limit_from_max, `${field}.limit_from_max`) } : {}),
    mode: wordOf(message.mode, MODES, `${field}.mode`),
    replaces: each(message.replaces, required, `${field}.replaces`),
    onStoreFailure: wordOf(message.on_store_failure, FAILURES, `${field}.on_store_failure`),
    headers: wordOf(message.headers, HEADERS, `${field}.headers`),
    ...(message.problem_body === true ? { body: 'problem' } : {}),
    ...(lease === undefined
      ? {}
      : { lease: { max: positive(lease.max, `${field}.lease.max`), ttlMs: positive(lease.ttl_ms, `${field}.lease.ttl_ms`) } }),
    ...(slotBy === undefined ? {} : { slotBy }),
    ...(message.quota ? { quota: decodeQuota(message.quota, message.rates ?? [], `${field}.quota`) } : {}),
  };
}

function decodeQuota(message: RateLimitQuotaOutput, rates: readonly RateLimitRateOutput[], field: string): QuotaTerms {
  const permille = message.reserve_permille ?? 0;
  if (permille > MOST_RESERVED) throw new TableProblem(`${field}.reserve_permille`, `is above ${MOST_RESERVED}`);
  const isDivisible = rates.length === 1 && rates.every(({ algorithm }) => algorithm === 'TOKEN_BUCKET' || algorithm === 'FIXED_WINDOW');
  if (!isDivisible) throw new TableProblem(field, 'is for one rate, of a bucket or a fixed window');
  const peak = message.peak_per_second ?? 0;
  return { reserve: permille / 1000, ...(peak === 0 ? {} : { peakPerSecond: peak }) };
}

function decodePart(message: RateLimitPartOutput, field: string): LimitPart {
  return { part: required(message.part, `${field}.part`), entry: required(message.entry, `${field}.entry`) };
}

function decodeRate(message: RateLimitRateOutput, field: string): LimitRate {
  const calendar = message.calendar ?? undefined;
  const rate: LimitRate = {
    limit: message.limit ?? 0,
    algorithm: wordOf(message.algorithm, ALGORITHMS, `${field}.algorithm`),
    periodUs: positive(message.period_us, `${field}.period_us`),
    burst: message.burst ?? 0,
    ...(calendar === undefined ? {} : { calendar: decodeCalendar(calendar, `${field}.calendar`) }),
  };
  const problem = limitProblem({ id: '', ...rate, onStoreFailure: 'allow' });
  if (problem !== undefined) throw new TableProblem(field, `cannot be counted: ${problem}`);
  return rate;
}

function decodeCalendar(message: LimitCalendarOutput, field: string): CalendarPeriod {
  const monthDay = positive(message.month_day, `${field}.month_day`);
  if (monthDay > LAST_MONTH_DAY) throw new TableProblem(`${field}.month_day`, `is above ${LAST_MONTH_DAY}`);
  return {
    unit: wordOf(message.unit, UNITS, `${field}.unit`),
    count: positive(message.count, `${field}.count`),
    timeZone: timeZone(required(message.time_zone, `${field}.time_zone`), `${field}.time_zone`),
    weekStart: wordOf(message.week_start, WEEK_STARTS, `${field}.week_start`),
    monthDay,
  };
}

function timeZone(name: string, field: string): string {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions();
    return name;
  } catch {
    throw new TableProblem(field, 'is no time zone that is known here');
  }
}

/** R107: order never decides, so a tie would be decided by chance. */
function decodeOverrides(
  messages: readonly RateLimitOverrideOutput[] | undefined,
  parts: ReadonlySet<string>,
  field: string,
): readonly LimitOverride[] {
  const overrides = each(messages, (message, at) => decodeOverride(message, parts, at), field);
  const [tie] = matchTies(overrides.map(({ match }) => match));
  if (tie === undefined) return overrides;
  throw new TableProblem(`${field}[${tie[0]}]`, `may fit the same request as ${field}[${tie[1]}], and neither is more exact`);
}

function decodeOverride(message: RateLimitOverrideOutput, parts: ReadonlySet<string>, field: string): LimitOverride {
  const match = each(
    message.match,
    ({ part, value }, at) => {
      const named = required(part, `${at}.part`);
      if (!parts.has(named)) throw new TableProblem(`${at}.part`, 'is no part of the key');
      return { part: named, value: value ?? '' };
    },
    `${field}.match`,
  );
  if (match.length === 0) throw new TableProblem(`${field}.match`, 'is empty');
  if (new Set(match.map(({ part }) => part)).size < match.length) throw new TableProblem(`${field}.match`, 'names a part twice');
  return { match, rates: each(message.rates, decodeRate, `${field}.rates`), shared: message.shared ?? false };
}
