// A share in percent → Envoy's FractionalPercent.
import type { FractionalPercent } from '../proto/generated/envoy/type/v3/FractionalPercent.ts';

const PARTS_PER_PERCENT = 10_000;

/** Whole percentages read as they were written; others are exact to a millionth of all. */
export function compilePercent(percent: number): FractionalPercent {
  return Number.isInteger(percent)
    ? { numerator: percent, denominator: 'HUNDRED' }
    : { numerator: Math.round(percent * PARTS_PER_PERCENT), denominator: 'MILLION' };
}
