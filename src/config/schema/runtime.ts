// Runtime values of Envoy: switches, numbers and shares by dotted names, changed without touching anything else.
import { z } from 'zod';
import { ok } from '../../lib/result.ts';
import { hasControlCharacter } from './control-character.ts';
import type { Immutable } from './immutable.ts';
import { type Scalar, scalar, wrong, wrongType } from './scalar.ts';

/** A share of requests, as the number of percent. */
export interface RuntimeFraction {
  readonly percent: number;
}

const NAME = /^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*$/;
const FRACTION = /^([0-9]{1,3}(?:\.[0-9]{1,4})?)%$/;
const NUMBER = /^-?[0-9]{1,15}(?:\.[0-9]{1,15})?$/;

function runtimeName(): Scalar<string> {
  return scalar({ type: 'string', pattern: NAME.source }, (value) => {
    if (typeof value !== 'string') return wrongType('the name of a runtime value', value);
    if (NAME.test(value) && value.length <= 256) return ok(value);
    return wrong('CH1122', '{value} is not the name of a runtime value', 'names are words joined by dots: fault.http.abort.http_status');
  });
}

/** What a replaced ${env:…} gives is text, so texts of numbers, of true and of false mean these. */
function runtimeValue(): Scalar<boolean | number | string | RuntimeFraction> {
  return scalar<boolean | number | string | RuntimeFraction>(
    { type: ['boolean', 'number', 'string'], examples: [100, 'true', '0.5%'] },
    (value) => {
      if (typeof value === 'boolean') return ok(value);
      if (typeof value === 'number' && Number.isFinite(value)) return ok(value);
      if (typeof value !== 'string') return wrongType('true, false, a number, a share such as 1%, or text', value);
      if (value === 'true' || value === 'false') return ok(value === 'true');
      if (hasControlCharacter(value)) return wrong('CH1119', 'a runtime value must not contain line breaks or other control characters');
      return NUMBER.test(value) ? ok(Number(value)) : parseShare(value);
    },
  );
}

function parseShare(value: string): ReturnType<typeof wrong> | { readonly ok: true; readonly value: string | RuntimeFraction } {
  const share = FRACTION.exec(value)?.[1];
  if (share === undefined) return ok(value);
  return Number(share) <= 100 ? ok({ percent: Number(share) }) : wrong('CH1109', '{value} is not between 0 and 100 percent');
}

export const runtimeSchema = z
  .record(runtimeName(), runtimeValue())
  .describe(
    "Runtime values of every Envoy, by dotted name: true, false, numbers, shares such as 1%, texts. Unnamed ones have Envoy's defaults.",
  );

export type RuntimeConfig = Immutable<z.output<typeof runtimeSchema>>;
