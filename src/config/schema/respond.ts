// Answers that Envoy gives itself.
import { z } from 'zod';
import type { Immutable } from './immutable.ts';
import { status } from './number.ts';
import { shape } from './shape.ts';
import { text } from './text.ts';

export const respondSchema = shape(
  {
    status: status({ min: 200, max: 599 }).describe('Status of the answer, 200-599.'),
    body: z
      .union([
        text({ kind: 'a body', allowEmpty: true, allowControl: true }),
        shape({ json: z.json().describe('Any value; sent as JSON.') }),
      ])
      .exactOptional()
      .describe('Text, or {json: any value}. Default: empty.'),
    contentType: text({ kind: 'a content type' }).exactOptional().describe('Default text/plain, or application/json for a JSON body.'),
  },
  { insteadOfScalar: 'write {status: 200, body: …}' },
).describe('Answer at once, without a backend.');

export type RespondConfig = Immutable<z.output<typeof respondSchema>>;
