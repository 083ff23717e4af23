// Rates of limits: so many per unit or per duration (C9, ratelimit R102).
import { nearest } from '../../lib/nearest.ts';
import { RATE_UNITS, type RateUnit, rateSeconds, rateUnit, secondsOfUnit } from '../../lib/rate-unit.ts';
import { ok } from '../../lib/result.ts';
import { type Scalar, type ScalarOutcome, scalar, wrong, wrongType } from './scalar.ts';

export interface RateConfig {
  /** 0 to 2^53-1. */
  readonly limit: number;
  /** Months and years are about so long. */
  readonly seconds: number;
  /** As written; absent for a duration. */
  readonly unit?: RateUnit;
}

const PATTERN = '^[0-9]+/(second|minute|hour|day|week|month|year|[0-9]+[smhd])$';
const HELP = 'write 100/minute or 5/10s; units are second, minute, hour, day, week, month and year';

/** `100/minute`, `5/10s`. */
export function rate(): Scalar<RateConfig> {
  return scalar({ type: 'string', pattern: PATTERN, examples: ['100/minute', '5/10s'] }, parseRate);
}

/** A rate, or the word `unlimited`. */
export function rateOrUnlimited(): Scalar<RateConfig | 'unlimited'> {
  return scalar<RateConfig | 'unlimited'>(
    { type: 'string', pattern: PATTERN.replace('^', '^(unlimited|').replace('$', ')$'), examples: ['100/minute', 'unlimited'] },
    (value) => {
      if (value === 'unlimited') return ok('unlimited');
      const isMisspelt = typeof value === 'string' && nearest(value, ['unlimited']) !== undefined;
      return isMisspelt ? wrong('CH1128', '{value} is not a rate', 'did you mean unlimited?') : parseRate(value);
    },
  );
}

function parseRate(value: unknown): ScalarOutcome<RateConfig> {
  if (typeof value === 'number') return wrong('CH1128', '{value} has no unit', `did you mean {value}/second or {value}/minute?`);
  if (typeof value !== 'string') return wrongType('a rate such as 100/minute', value);
  const [, amount, word, count, letter] = /^([0-9]+)\/(?:([a-z]+)|([0-9]{1,9})([smhd]))$/.exec(value) ?? [];
  const limit = Number(amount);
  if (amount === undefined) return wrong('CH1128', '{value} is not a rate', meantRate(value) ?? HELP);
  if (!Number.isSafeInteger(limit)) return wrong('CH1128', '{value} is more than can be counted: 2^53-1');
  if (word !== undefined) {
    const unit = rateUnit(word);
    return unit === undefined
      ? wrong('CH1128', '{value} is not a rate', meantRate(value) ?? HELP)
      : ok({ limit, seconds: secondsOfUnit(unit), unit });
  }
  const seconds = rateSeconds(count, letter);
  if (seconds === undefined) return wrong('CH1128', '{value} is over no time between 1s and 366d');
  return ok({ limit, seconds });
}

/** `100/min`, `100 per second`, `100r/s`, `100rps`; in quotes `100`. */
function meantRate(text: string): string | undefined {
  if (/^[0-9]+$/.test(text)) return `did you mean ${text}/second or ${text}/minute?`;
  const [, amount, letter] = /^\s*([0-9]+)\s*(?:r|req|requests)?\s*(?:\/|per|(?<=r)p)\s*([a-z])[a-z]*\s*$/i.exec(text) ?? [];
  const unit = RATE_UNITS.find((name) => letter !== undefined && name.startsWith(letter.toLowerCase()));
  return amount === undefined || unit === undefined ? undefined : `did you mean ${amount}/${unit}?`;
}
