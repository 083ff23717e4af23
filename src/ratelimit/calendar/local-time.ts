// What clocks on the wall of a time zone show, by `Intl`. Pure; formatters are kept, since making one is slow.

/** A wall clock's reading as if it were UTC, in milliseconds: only differences and dates of it mean something. */
export type LocalMs = number;

const formatters = new Map<string, Intl.DateTimeFormat>();

/** Throws RangeError for a zone that `Intl` does not know. */
export function localTime(timeZone: string, atMs: number): LocalMs {
  const fields = { year: 0, month: 1, day: 1, hour: 0, minute: 0, second: 0 };
  for (const { type, value } of formatterOf(timeZone).formatToParts(atMs)) if (isField(type)) fields[type] = Number(value);
  const { year, month, day, hour, minute, second } = fields;
  return Date.UTC(year, month - 1, day, hour, minute, second) + (atMs - Math.floor(atMs / 1000) * 1000);
}

function isField(type: string): type is 'year' | 'month' | 'day' | 'hour' | 'minute' | 'second' {
  return type === 'year' || type === 'month' || type === 'day' || type === 'hour' || type === 'minute' || type === 'second';
}

function formatterOf(timeZone: string): Intl.DateTimeFormat {
  const known = formatters.get(timeZone);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat('en-US-u-ca-gregory-nu-latn', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  formatters.set(timeZone, made);
  return made;
}
