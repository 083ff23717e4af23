import { describe, expect, it } from 'vitest';
import { fixedWindow } from '../../../../src/ratelimit/algorithms/fixed-window.ts';
import { calendarWindow } from '../../../../src/ratelimit/calendar/calendar-window.ts';
import type { CalendarPeriod } from '../../../../src/ratelimit/store.ts';
import { limitOf } from '../store-limit.ts';

function windowOf(timeZone: string, at: string, parts: Partial<CalendarPeriod> = {}): readonly [string, string] {
  const calendar = { unit: 'day', count: 1, timeZone, weekStart: 'monday', monthDay: 1, ...parts } as const;
  const { startMs, endMs } = calendarWindow(calendar, Date.parse(at));
  return [short(startMs), short(endMs)];
}

const short = (ms: number): string => new Date(ms).toISOString().replace(/:00\.000Z$/, 'Z');

describe('calendar windows (ratelimit R104, R1004)', () => {
  it.each([
    ['Berlin in summer', 'Europe/Berlin', '2026-07-01T21:59:59.999Z', ['2026-06-30T22:00Z', '2026-07-01T22:00Z']],
    ['Berlin, 23 hours', 'Europe/Berlin', '2026-03-29T12:00Z', ['2026-03-28T23:00Z', '2026-03-29T22:00Z']],
    ['Berlin, 25 hours', 'Europe/Berlin', '2026-10-25T00:30Z', ['2026-10-24T22:00Z', '2026-10-25T23:00Z']],
    ['Lord Howe, clocks go back half an hour', 'Australia/Lord_Howe', '2026-04-04T15:30Z', ['2026-04-04T13:00Z', '2026-04-05T13:30Z']],
    ['Cairo, whose midnight is skipped', 'Africa/Cairo', '2026-04-24T12:00Z', ['2026-04-23T22:00Z', '2026-04-24T21:00Z']],
    ['Apia, the day before the skipped date', 'Pacific/Apia', '2011-12-30T09:59Z', ['2011-12-29T10:00Z', '2011-12-30T10:00Z']],
    ['Apia, the day after it', 'Pacific/Apia', '2011-12-30T10:00Z', ['2011-12-30T10:00Z', '2011-12-31T10:00Z']],
    [
      "St. John's, whose clocks went back over midnight",
      'America/St_Johns',
      '2010-11-07T03:00Z',
      ['2010-11-07T02:30Z', '2010-11-08T03:30Z'],
    ],
    ['Kathmandu', 'Asia/Kathmandu', '2026-01-01T00:00Z', ['2025-12-31T18:15Z', '2026-01-01T18:15Z']],
  ] as const)('a day in %s', (_name, zone, at, window) => {
    expect(windowOf(zone, at)).toEqual(window);
  });

  it('months end with their last day, also of February, and begin on the day that is wished', () => {
    expect(windowOf('UTC', '2028-02-29T23:59Z', { unit: 'month' })).toEqual(['2028-02-01T00:00Z', '2028-03-01T00:00Z']);
    expect(windowOf('UTC', '2026-02-28T12:00Z', { unit: 'month', monthDay: 28 })).toEqual(['2026-02-28T00:00Z', '2026-03-28T00:00Z']);
    expect(windowOf('UTC', '2026-01-14T12:00Z', { unit: 'month', monthDay: 15 })).toEqual(['2025-12-15T00:00Z', '2026-01-15T00:00Z']);
    expect(windowOf('Europe/Berlin', '2026-03-31T21:59Z', { unit: 'month' })).toEqual(['2026-02-28T23:00Z', '2026-03-31T22:00Z']);
  });

  it('years are 365 or 366 days, also on the leap day', () => {
    expect(windowOf('UTC', '2028-02-29T12:00Z', { unit: 'year' })).toEqual(['2028-01-01T00:00Z', '2029-01-01T00:00Z']);
    expect(windowOf('UTC', '2026-01-01T12:00Z', { unit: 'year', monthDay: 2 })).toEqual(['2025-01-02T00:00Z', '2026-01-02T00:00Z']);
  });

  it.each([
    ['monday', '2026-11-16T00:00Z'],
    ['sunday', '2026-11-22T00:00Z'],
    ['saturday', '2026-11-21T00:00Z'],
  ] as const)('weeks that begin on %s', (weekStart, start) => {
    expect(windowOf('UTC', '2026-11-22T12:00Z', { unit: 'week', weekStart })[0]).toBe(start);
  });

  it('windows of several days follow each other without a gap', () => {
    const [start, end] = windowOf('Europe/Berlin', '2026-03-29T12:00Z', { count: 3 });
    expect(Date.parse(end) - Date.parse(start)).toBe(3 * 86_400_000 - 3_600_000);
    expect(windowOf('Europe/Berlin', end, { count: 3 })[0]).toBe(end);
  });

  it('windows without a calendar align to the epoch', () => {
    expect(fixedWindow(limitOf({ periodUs: 60_000_000 }), 1_795_000_000_123_456)).toEqual({
      startUs: 1_794_999_960_000_000,
      endUs: 1_795_000_020_000_000,
    });
  });
});
