// Times that a rate can be over (ratelimit R102): one word, or a number with a letter.

export const RATE_UNITS = ['second', 'minute', 'hour', 'day', 'week', 'month', 'year'] as const;
export type RateUnit = (typeof RATE_UNITS)[number];

export const DAY_S = 86_400;
/** Months and years are about so long; where they matter, a calendar says how long one is. */
const UNIT_SECONDS: Readonly<Record<RateUnit, number>> = {
  second: 1,
  minute: 60,
  hour: 3_600,
  day: DAY_S,
  week: 7 * DAY_S,
  month: 30 * DAY_S,
  year: 365 * DAY_S,
};
const LETTER_SECONDS: ReadonlyMap<string, number> = new Map([
  ['s', 1],
  ['m', 60],
  ['h', 3_600],
  ['d', DAY_S],
]);
const LONGEST_S = 366 * DAY_S;

/** Undefined for every other word. */
export function rateUnit(word: string | undefined): RateUnit | undefined {
  return RATE_UNITS.find((unit) => unit === word);
}

export function secondsOfUnit(unit: RateUnit): number {
  return UNIT_SECONDS[unit];
}

/** Of `90` and `s`; undefined where that is no time from a second to 366 days. */
export function rateSeconds(count: string | undefined, letter: string | undefined): number | undefined {
  const seconds = Number(count) * (LETTER_SECONDS.get(letter ?? '') ?? 0);
  return seconds >= 1 && seconds <= LONGEST_S ? seconds : undefined;
}
