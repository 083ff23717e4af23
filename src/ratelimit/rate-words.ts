// A rate as people write it, for lists and explanations: `100/minute burst 20, tokenBucket`. Pure.
import type { LimitRate } from './limit-table.ts';

const SECOND_US = 1_000_000;
const UNITS: ReadonlyMap<number, string> = new Map([
  [SECOND_US, 'second'],
  [60 * SECOND_US, 'minute'],
  [3_600 * SECOND_US, 'hour'],
  [86_400 * SECOND_US, 'day'],
  [7 * 86_400 * SECOND_US, 'week'],
]);
const ALGORITHMS = { fixed: 'fixedWindow', sliding: 'slidingWindow', slidingExact: 'slidingWindow exact', bucket: 'tokenBucket' } as const;

export function rateWords({ limit, algorithm, periodUs, burst, calendar }: LimitRate): string {
  const span = calendar === undefined ? (UNITS.get(periodUs) ?? `${periodUs / SECOND_US}s`) : calendarWords(calendar);
  const bucket = algorithm === 'bucket' && burst !== limit ? ` burst ${burst}` : '';
  return `${limit}/${span}${bucket}, ${ALGORITHMS[algorithm]}`;
}

function calendarWords({ unit, count, timeZone }: NonNullable<LimitRate['calendar']>): string {
  return `${count === 1 ? unit : `${count}d`} (${timeZone})`;
}
