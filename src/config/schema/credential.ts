// Where a request carries a credential, and what becomes of it after the check.
import type { z } from 'zod';
import { ok } from '../../lib/result.ts';
import { headerName } from './header-name.ts';
import type { Immutable } from './immutable.ts';
import { type Scalar, scalar, wrong, wrongType } from './scalar.ts';
import { exactlyOne, type ShapeRule, shape } from './shape.ts';
import { list, text, word } from './text.ts';

/** RFC 6265: a cookie's name is a token. */
function cookieName(): Scalar<string> {
  return scalar({ type: 'string', examples: ['session'] }, (value) => {
    if (typeof value !== 'string') return wrongType('the name of a cookie', value);
    if (/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}$/.test(value)) return ok(value);
    return wrong('CH1113', '{value} is not the name of a cookie', 'use letters, digits, "-" and "_"');
  });
}

const prefixWithHeader: ShapeRule = (value) =>
  'prefix' in value && !('header' in value)
    ? [{ code: 'CH1105', message: 'prefix has a meaning beside header only', path: ['prefix'] }]
    : [];

const credentialSourceSchema = shape(
  {
    header: headerName().exactOptional().describe('A request header.'),
    prefix: text({ kind: 'a prefix' }).exactOptional().describe('What stands before the credential in the header: "Bearer ".'),
    cookie: cookieName().exactOptional().describe('A cookie.'),
    query: text({ kind: 'the name of a query parameter' })
      .exactOptional()
      .describe('A query parameter: it stands in logs and histories, so only where nothing else is possible.'),
  },
  {
    rules: [exactlyOne('a place of a credential', ['header', 'cookie', 'query']), prefixWithHeader],
    insteadOfScalar: 'write {header: {value}}',
  },
);

export const credentialSourcesSchema = list(credentialSourceSchema);

/** What the backend gets of the credential. */
export function credentialFate(): Scalar<'remove' | 'keep'> {
  return word('remove', 'keep');
}

export const CREDENTIAL_FATE_HELP = 'remove (default): the backend does not get the credential; keep: it does.';

export type CredentialSourceConfig = Immutable<z.output<typeof credentialSourceSchema>>;
