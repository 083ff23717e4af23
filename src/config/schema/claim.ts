// Claims of a token: where one stands, and what it must be. Values are compared as JSON values, never converted (authz M7).
import { z } from 'zod';
import { ok } from '../../lib/result.ts';
import { headerName } from './header-name.ts';
import type { Immutable } from './immutable.ts';
import { type Scalar, scalar, wrongType } from './scalar.ts';
import { exactlyOne, shape } from './shape.ts';
import { list, text, yes } from './text.ts';

/** One literal name, dots and all, or the names from the outside in. Gives the list. */
export function claimPath(): z.ZodType<readonly string[], unknown> {
  const step = text({ kind: 'the name of a claim' });
  return z.union([step.transform((name) => [name]), list(step)]);
}

/** A text, a number or a switch, as it stands in JSON. */
function claimValue(): Scalar<string | number | boolean> {
  return scalar({ type: ['string', 'number', 'boolean'] }, (value) =>
    typeof value === 'string' || typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))
      ? ok(value)
      : wrongType('a text, a number, true or false', value),
  );
}

const part = () => text({ kind: 'a piece of text' });

/** The tests of which a claim test has one. */
export const CLAIM_TESTS = ['equals', 'oneOf', 'prefix', 'suffix', 'contains', 'exists'] as const;

export const claimTestSchema = shape(
  {
    claim: claimPath().describe('The claim: one name as it is, or a list of names from the outside in.'),
    equals: claimValue().exactOptional().describe('Its value: same type, same value.'),
    oneOf: list(claimValue()).exactOptional().describe('Its value is one of these.'),
    prefix: part().exactOptional().describe('It is a text that begins so.'),
    suffix: part().exactOptional().describe('It is a text that ends so.'),
    contains: claimValue().exactOptional().describe('It is a list that holds this.'),
    exists: yes().exactOptional().describe('It is there, whatever its value.'),
  },
  { rules: [exactlyOne('a claim test', CLAIM_TESTS)] },
);

/** Header → claim. */
export const forwardClaimsSchema = z
  .record(headerName(), claimPath())
  .describe('Headers that tell the backend claims of the caller: {x-user-id: sub}. Copies that clients send are removed first.');

export type ClaimTestConfig = Immutable<z.output<typeof claimTestSchema>>;
