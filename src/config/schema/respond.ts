// Answers that Envoy gives itself.
import { z } from 'zod';
import { ok } from '../../lib/result.ts';
import type { Immutable } from './immutable.ts';
import { status } from './number.ts';
import { type Scalar, scalar, wrong } from './scalar.ts';
import { shape } from './shape.ts';
import { text } from './text.ts';

/** Whatever YAML can say. */
function jsonValue(): Scalar<z.core.util.JSONType> {
  const any = z.json();
  return scalar({}, (value) => {
    const parsed = any.safeParse(value);
    return parsed.success ? ok(parsed.data) : wrong('CH1103', 'there is no value');
  });
}

export const respondSchema = shape(
  {
    status: status({ min: 200, max: 599 }).describe('Status of the answer, 200-599.'),
    body: z
      .union([
        text({ kind: 'a body', allowEmpty: true, allowControl: true }),
        shape({ json: jsonValue().describe('Any value; sent as JSON.') }),
      ])
      .exactOptional()
      .describe('Text, or {json: any value}. Default: empty.'),
    contentType: text({ kind: 'a content type' }).exactOptional().describe('Default text/plain, or application/json for a JSON body.'),
  },
  { insteadOfScalar: 'write {status: 200, body: …}' },
).describe('Answer at once, without a backend.');

export type RespondConfig = Immutable<z.output<typeof respondSchema>>;
