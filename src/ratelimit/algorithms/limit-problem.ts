// Which limits no store takes: numbers that could not be counted exactly. For rates from the configuration and for those that a request brings.
import type { StoreLimit } from '../store.ts';
import { bucketRate } from './bucket.ts';
import { MAX_LOGGED } from './sliding-log.ts';

/** Microseconds that may be added to a time of this era twice and stay whole. */
const LONGEST_US = 2 ** 51;

/** What is wrong, as the end of a sentence about the limit; undefined if nothing is (R103, R402, R403). */
export function limitProblem(limit: StoreLimit): string | undefined {
  if (!Number.isSafeInteger(limit.limit) || limit.limit < 0) return `${limit.limit} is not a whole number from 0 to 2^53-1`;
  if (!isPeriod(limit.periodUs)) return `a period of ${limit.periodUs} µs is not a multiple of 10 from 10 to 2^51`;
  if (limit.calendar !== undefined && limit.algorithm !== 'fixed') return 'a calendar needs fixed windows';
  if (limit.algorithm === 'slidingExact' && limit.limit > MAX_LOGGED) return `exact sliding windows hold at most ${MAX_LOGGED} hits`;
  return limit.algorithm === 'bucket' && limit.limit > 0 ? bucketProblem(limit) : undefined;
}

function isPeriod(periodUs: number): boolean {
  return Number.isSafeInteger(periodUs) && periodUs >= 10 && periodUs <= LONGEST_US && periodUs % 10 === 0;
}

function bucketProblem({ limit, periodUs, burst }: StoreLimit): string | undefined {
  if (!Number.isSafeInteger(burst) || burst < 1) return `a burst of ${burst} is not a whole number from 1 to 2^53-1`;
  const { n, tau } = bucketRate(limit, periodUs, burst);
  if (n * (burst + 1) >= 2 ** 53) return `a burst of ${burst} is too large to be counted exactly at this rate`;
  if (!(tau.whole <= LONGEST_US)) return `a burst of ${burst} lasts longer than 70 years at this rate`;
  return undefined;
}
