// Rates of limits and of their overrides: algorithm, bucket, calendar (ratelimit R102-R105), and what cannot be counted.
import type { RateConfig } from '../../config/schema/rate.ts';
import type { RateLimitConfig } from '../../config/schema/rate-limit.ts';
import type { ConfigPath } from '../../lib/issue.ts';
import { DAY_S } from '../../lib/rate-unit.ts';
import { errorAt, type Report } from '../issue.ts';
import { countingProblem } from './countable.ts';
import * as defaults from './defaults.ts';
import type { Algorithm, Calendar, Rate } from './types.ts';

const UINT32_MAX = 4_294_967_295;

type AlgorithmWord = NonNullable<RateLimitConfig['algorithm']>;

/** What the limit says of all its rates. */
export interface RateFrame {
  readonly path: ConfigPath;
  readonly entry: Pick<RateLimitConfig, 'algorithm' | 'precision' | 'calendar' | 'scope'>;
}

export interface WrittenRate {
  readonly rate: RateConfig;
  readonly burst?: number | undefined;
  readonly algorithm?: AlgorithmWord | undefined;
  /** Of the map that holds it. */
  readonly path: ConfigPath;
}

export function resolveRate(written: WrittenRate, { entry, path }: RateFrame, report: Report): Rate {
  const word = written.algorithm ?? entry.algorithm ?? defaults.ALGORITHM;
  const { limit, seconds, unit } = written.rate;
  const algorithm = algorithmOf(word, entry);
  const at = [...written.path, 'rate'];
  const rate = { limit, algorithm, seconds, burst: written.burst ?? limit };
  if ((unit === 'month' || unit === 'year') && algorithm !== 'fixed') {
    report(
      errorAt(at, 'CH2903', {
        message: `months and years are of different lengths: only windows of a calendar count by the ${unit}`,
        help: 'write algorithm: fixedWindow',
      }),
    );
  }
  if (written.burst !== undefined && algorithm !== 'bucket') {
    report(
      errorAt([...written.path, 'burst'], 'CH2902', {
        message: `burst is the size of a bucket; ${word} has none`,
        at: 'key',
        help: 'remove it, or write algorithm: tokenBucket',
      }),
    );
  } else if (written.burst !== undefined && limit === 0) {
    report(
      errorAt([...written.path, 'burst'], 'CH2902', {
        message: 'burst is the size of a bucket; a rate of 0 has none',
        at: 'key',
        help: 'remove it',
      }),
    );
  }
  const problem = entry.scope === 'local' ? localProblem(rate) : countingProblem(rate);
  if (problem !== undefined) {
    report(errorAt(at, 'CH2901', { message: `this rate cannot be counted: ${problem}`, help: countableInstead(rate, entry) }));
  }
  const calendar = algorithm === 'fixed' ? calendarOf(written.rate, entry.calendar) : undefined;
  checkZone(entry.calendar, [...path, 'calendar'], report);
  return { ...rate, ...(calendar === undefined ? {} : { calendar }) };
}

/** What is unlimited has no bucket. `path`: of the map that says it. */
export function checkUnlimited({ burst }: { readonly burst?: number | undefined }, path: ConfigPath, report: Report): void {
  if (burst === undefined) return;
  report(
    errorAt([...path, 'burst'], 'CH2902', {
      message: 'burst is the size of a bucket; what is unlimited has none',
      at: 'key',
      help: 'remove it',
    }),
  );
}

function algorithmOf(word: AlgorithmWord, { precision }: RateFrame['entry']): Algorithm {
  switch (word) {
    case 'tokenBucket':
      return 'bucket';
    case 'fixedWindow':
      return 'fixed';
    case 'slidingWindow':
      return precision === 'exact' ? 'slidingExact' : 'sliding';
  }
}

function countableInstead({ algorithm }: Rate, { scope }: RateFrame['entry']): string {
  if (scope === 'local') return 'write scope: shared, or leave it out';
  return algorithm === 'slidingExact' ? 'leave precision out, or lower the rate' : 'write a smaller burst, or algorithm: fixedWindow';
}

/** Envoy counts in 32 bits (R103), and knows no bucket without tokens. */
function localProblem({ limit, burst }: Pick<Rate, 'limit' | 'burst'>): string | undefined {
  if (limit > UINT32_MAX || burst > UINT32_MAX) return `scope: local counts up to ${UINT32_MAX}`;
  return limit === 0 ? 'scope: local cannot block' : undefined;
}

/** R104. */
function calendarOf({ unit, seconds }: RateConfig, own: RateLimitConfig['calendar']): Calendar | undefined {
  const { timeZone, weekStart, monthDay } = { ...defaults.CALENDAR, ...own };
  const frame = { timeZone, weekStart, monthDay };
  if (unit === 'day' || unit === 'week' || unit === 'month' || unit === 'year') return { unit, count: 1, ...frame };
  if (unit === undefined && seconds >= DAY_S && seconds % DAY_S === 0) return { unit: 'day', count: seconds / DAY_S, ...frame };
  return undefined;
}

function checkZone(calendar: RateLimitConfig['calendar'], path: ConfigPath, report: Report): void {
  const zone = calendar?.timeZone;
  if (zone === undefined || isZone(zone)) return;
  report(
    errorAt([...path, 'timeZone'], 'CH2903', {
      message: `there is no time zone "${zone}"`,
      help: 'write its IANA name, such as Europe/Berlin',
    }),
  );
}

function isZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
