// A rate as text, as it comes from a claim (ratelimit R107, R205): `2000000/month`, `100/90s`, `50/second burst 100`. Pure; what it gives has the
// algorithm of the limit that it stands for.
import { DAY_S, type RateUnit, rateSeconds, rateUnit, secondsOfUnit } from './rate-unit.ts';

export interface TextRate {
  /** 0 to 2^53-1. */
  readonly limit: number;
  readonly algorithm: 'fixed' | 'sliding' | 'slidingExact' | 'bucket';
  readonly periodUs: number;
  readonly burst: number;
  /** Of fixed windows of a day and longer. */
  readonly calendar?: TextCalendar;
}

interface TextCalendar {
  readonly unit: 'day' | 'week' | 'month' | 'year';
  readonly count: number;
  readonly timeZone: string;
  readonly weekStart: 'monday' | 'sunday' | 'saturday';
  readonly monthDay: number;
}

const SECOND_US = 1_000_000;
const FORM = /^(\d{1,16})\/(?:([a-z]+)|(\d{1,8})([smhd]))(?: burst (\d{1,16}))?$/;

/** What the limit says of itself, for what the text leaves open. */
export interface RateFrame {
  readonly algorithm: TextRate['algorithm'];
  readonly calendar?: TextCalendar;
}

/** Undefined where the text is no rate, or none for this algorithm: month and year need a fixed window (R104). */
export function parseRate(text: string, frame: RateFrame): TextRate | undefined {
  const [, amount = '', word, count, letter, burst] = FORM.exec(text) ?? [];
  const limit = Number(amount);
  const unit = rateUnit(word);
  const seconds = unit === undefined ? rateSeconds(count, letter) : secondsOfUnit(unit);
  if (amount === '' || !Number.isSafeInteger(limit) || seconds === undefined) return undefined;
  const isLong = unit === 'month' || unit === 'year';
  if (isLong && frame.algorithm !== 'fixed') return undefined;
  const calendar = frame.algorithm === 'fixed' ? calendarOf(unit, seconds, frame.calendar) : undefined;
  return {
    limit,
    algorithm: frame.algorithm,
    periodUs: seconds * SECOND_US,
    burst: burst === undefined ? limit : Number(burst),
    ...(calendar === undefined ? {} : { calendar }),
  };
}

/** R104: fixed windows of a day or longer follow the limit's calendar, by default UTC, Monday, day 1. */
function calendarOf(unit: RateUnit | undefined, seconds: number, own: TextCalendar | undefined): TextCalendar | undefined {
  const frame = own ?? { timeZone: 'UTC', weekStart: 'monday' as const, monthDay: 1 };
  const { timeZone, weekStart, monthDay } = frame;
  if (unit === 'day' || unit === 'week' || unit === 'month' || unit === 'year') return { unit, count: 1, timeZone, weekStart, monthDay };
  if (unit === undefined && seconds >= DAY_S && seconds % DAY_S === 0)
    return { unit: 'day', count: seconds / DAY_S, timeZone, weekStart, monthDay };
  return undefined;
}

/** Whether one rate lets more hits pass in the long run than another; exact. */
export function isFaster(left: Pick<TextRate, 'limit' | 'periodUs'>, right: Pick<TextRate, 'limit' | 'periodUs'>): boolean {
  return BigInt(left.limit) * BigInt(right.periodUs) > BigInt(right.limit) * BigInt(left.periodUs);
}
