// R104: windows of days, weeks, months and years as people of a time zone count them. A window begins at the first instant of its local date,
// so it is 23 to 25 hours long where clocks change, and longer where a date was skipped. Pure; slow (about a millisecond): ask once a window.
import type { CalendarPeriod } from '../store.ts';
import { localTime } from './local-time.ts';

const DAY_MS = 86_400_000;
const STEP_MS = 900_000;
/** Further than any zone is from UTC. */
const REACH_MS = 16 * 3_600_000;
const WEEKDAYS = { sunday: 0, monday: 1, saturday: 6 } as const;

export interface CalendarWindow {
  readonly startMs: number;
  readonly endMs: number;
}

/** The window that a moment (milliseconds since the epoch) is in. Throws RangeError for an unknown zone. */
export function calendarWindow(calendar: CalendarPeriod, nowMs: number): CalendarWindow {
  let date = periodStart(calendar, Math.floor(localTime(calendar.timeZone, nowMs) / DAY_MS) * DAY_MS);
  let startMs = firstInstant(calendar.timeZone, date);
  for (;;) {
    date = nextStart(calendar, date);
    const endMs = firstInstant(calendar.timeZone, date);
    // Clocks may have been set back over midnight: the date is yesterday's again, the window is not. A skipped date has no window.
    if (nowMs < endMs) return { startMs, endMs };
    startMs = endMs;
  }
}

/** The date on which the period of a date begins; both as midnights of UTC. */
function periodStart({ unit, count, weekStart, monthDay }: CalendarPeriod, date: number): number {
  const year = new Date(date).getUTCFullYear();
  const month = new Date(date).getUTCMonth();
  switch (unit) {
    case 'day': {
      const day = date / DAY_MS;
      return (day - (day % count)) * DAY_MS;
    }
    case 'week':
      return date - ((new Date(date).getUTCDay() - WEEKDAYS[weekStart] + 7) % 7) * DAY_MS;
    case 'month':
      return Date.UTC(year, new Date(date).getUTCDate() < monthDay ? month - 1 : month, monthDay);
    case 'year': {
      const start = Date.UTC(year, 0, monthDay);
      return date < start ? Date.UTC(year - 1, 0, monthDay) : start;
    }
  }
}

function nextStart({ unit, count }: CalendarPeriod, date: number): number {
  const start = new Date(date);
  switch (unit) {
    case 'day':
      return date + count * DAY_MS;
    case 'week':
      return date + 7 * DAY_MS;
    case 'month':
      return start.setUTCMonth(start.getUTCMonth() + 1);
    case 'year':
      return start.setUTCFullYear(start.getUTCFullYear() + 1);
  }
}

/** When the zone's clocks first show this date or a later one. Midnights fall on quarters of an hour; the last step is for those that do not. */
function firstInstant(timeZone: string, date: number): number {
  const isReached = (atMs: number): boolean => localTime(timeZone, atMs) >= date;
  let reached = date - REACH_MS;
  while (!isReached(reached)) reached += STEP_MS;
  let before = reached - STEP_MS;
  while (reached - before > 1000) {
    const middle = before + Math.ceil((reached - before) / 2000) * 1000;
    if (middle >= reached) break;
    if (isReached(middle)) reached = middle;
    else before = middle;
  }
  return reached;
}
