// Which rates can be counted exactly in the whole numbers of a double (ratelimit R103, R402, R403). The limiter asks the same of what it is
// given; a test holds the two together.
import type { Rate } from './types.ts';

const US_PER_SECOND = 1_000_000;
const MOST_LOGGED = 1_000;
/** Microseconds that may be added to a time of this era twice and stay whole. */
const LONGEST_US = 2 ** 51;

/** What is wrong, as the end of a sentence about the rate. */
export function countingProblem({ limit, algorithm, seconds, burst }: Omit<Rate, 'calendar'>): string | undefined {
  if (algorithm === 'slidingExact' && limit > MOST_LOGGED) return `precision: exact remembers at most ${MOST_LOGGED} requests`;
  if (algorithm !== 'bucket' || limit === 0) return undefined;
  const divisor = greatestCommonDivisor(limit, seconds * US_PER_SECOND);
  if ((limit / divisor) * (burst + 1) >= 2 ** 53) return 'its burst is too large to be counted exactly';
  return BigInt(burst) * BigInt(seconds) * BigInt(US_PER_SECOND) > BigInt(limit) * BigInt(LONGEST_US)
    ? 'its burst would take longer than 70 years to fill'
    : undefined;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
