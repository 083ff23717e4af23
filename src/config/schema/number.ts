// Whole numbers, ports, weights, status codes and percentages.
import { ok } from '../../lib/result.ts';
import { type Scalar, type ScalarOutcome, scalar, wrong, wrongType } from './scalar.ts';

export const UINT32_MAX = 4_294_967_295;

export interface Range {
  readonly min: number;
  readonly max: number;
}

/** A whole number within `range`; `what` names it with its article. */
export function integer(range: Range, what = 'a whole number'): Scalar<number> {
  return scalar({ type: 'integer', minimum: range.min, maximum: range.max }, (value) => parseInteger(value, range, what));
}

/** 1-65535 (C9). */
export function port(): Scalar<number> {
  return integer({ min: 1, max: 65_535 }, 'a port');
}

/** An HTTP status within `range`. */
export function status(range: Range = { min: 100, max: 599 }): Scalar<number> {
  return integer(range, 'an HTTP status');
}

/** `2%`, `0.5%`, or the bare number where the key itself says percent; 0 to 100. Gives the number of percent. */
export function percent(): Scalar<number> {
  return scalar(
    { type: ['number', 'string'], pattern: '^[0-9]+(\\.[0-9]+)?%$', minimum: 0, maximum: 100, examples: [5, '0.5%'] },
    (value) => {
      const number = typeof value === 'string' ? percentOf(value) : value;
      if (number === undefined) return wrong('CH1109', '{value} is not a percentage', 'write 5% or 0.5%');
      if (typeof number !== 'number') return wrongType('a percentage', value);
      if (!(number >= 0 && number <= 100)) return wrong('CH1109', '{value} is not between 0 and 100 percent');
      return ok(number);
    },
  );
}

function percentOf(text: string): number | undefined {
  const match = /^([0-9]{1,3}(?:\.[0-9]+)?)%?$/.exec(text);
  return match?.[1] === undefined ? undefined : Number(match[1]);
}

function parseInteger(value: unknown, range: Range, what: string): ScalarOutcome<number> {
  if (typeof value === 'string' && /^-?[0-9]+$/.test(value)) {
    // A replaced ${env:PORT} arrives as text; where a number is expected, digits are that number.
    return inRange(Number(value), range, what);
  }
  if (typeof value !== 'number') return wrongType(what, value, 'write a number without quotes and units');
  return inRange(value, range, what);
}

function inRange(value: number, range: Range, what: string): ScalarOutcome<number> {
  if (!Number.isInteger(value)) return wrong('CH1107', `{value} is not ${what}: it must be a whole number`);
  if (value < range.min || value > range.max) return wrong('CH1107', `{value} is not ${what} between ${range.min} and ${range.max}`);
  return ok(value);
}
