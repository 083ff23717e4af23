// R401: which fixed window a moment is in, and what a window still lets through. Pure; windows of a calendar are calendar/'s.
import { calendarWindow } from '../calendar/calendar-window.ts';
import type { CalendarPeriod, StoreLimit } from '../store.ts';

/** From `startUs` to before `endUs`, in whole microseconds since the epoch. */
export interface Window {
  readonly startUs: number;
  readonly endUs: number;
}

/** Finds the window of a moment; remembers the last one of each limit, since a calendar's bounds are costly. Not shared between clocks. */
export class FixedWindows {
  readonly #last = new WeakMap<StoreLimit, Window>();
  /** Limits that follow one calendar share its bounds: at midnight only the first one pays. */
  readonly #calendars = new Map<string, Window>();

  /** The same object as long as the window lasts. */
  at(limit: StoreLimit, nowUs: number): Window {
    const last = this.#last.get(limit);
    if (last !== undefined && nowUs >= last.startUs && nowUs < last.endUs) return last;
    const window = limit.calendar === undefined ? fixedWindow(limit, nowUs) : this.#ofCalendar(limit, limit.calendar, nowUs);
    this.#last.set(limit, window);
    return window;
  }

  #ofCalendar(limit: StoreLimit, calendar: CalendarPeriod, nowUs: number): Window {
    const name = `${calendar.timeZone} ${calendar.unit} ${calendar.count} ${calendar.weekStart} ${calendar.monthDay}`;
    const last = this.#calendars.get(name);
    if (last !== undefined && nowUs >= last.startUs && nowUs < last.endUs) return last;
    const window = fixedWindow(limit, nowUs);
    this.#calendars.set(name, window);
    return window;
  }
}

/** R104: shorter windows align to the epoch, others follow their calendar. */
export function fixedWindow(limit: StoreLimit, nowUs: number): Window {
  if (limit.calendar === undefined) {
    const startUs = nowUs - (nowUs % limit.periodUs);
    return { startUs, endUs: startUs + limit.periodUs };
  }
  const { startMs, endMs } = calendarWindow(limit.calendar, Math.floor(nowUs / 1000));
  return { startUs: startMs * 1000, endUs: endMs * 1000 };
}
