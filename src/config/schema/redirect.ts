// Redirect answers of routes, and the codes that listeners' redirects share with them.
import type { z } from 'zod';
import { ok } from '../../lib/result.ts';
import { host } from './address.ts';
import type { Immutable } from './immutable.ts';
import { port } from './number.ts';
import { pathText } from './path.ts';
import { type Scalar, scalar, wrong, wrongType } from './scalar.ts';
import { atLeastOne, atMostOne, shape } from './shape.ts';
import { boolean, word } from './text.ts';

export type RedirectCodeConfig = 301 | 302 | 303 | 307 | 308;
const CODES: readonly RedirectCodeConfig[] = [301, 302, 303, 307, 308];

/** The codes that Envoy can redirect with. */
export function redirectCode(): Scalar<RedirectCodeConfig> {
  return scalar<RedirectCodeConfig>({ type: 'integer', enum: CODES }, (value) => {
    const found = CODES.find((code) => code === value || String(code) === value);
    if (found !== undefined) return ok(found);
    if (typeof value !== 'number' && typeof value !== 'string') return wrongType('a redirect code', value);
    return wrong('CH1115', `{value} is not a redirect code; expected one of ${CODES.join(', ')}`);
  }).describe('Status of the answer: 301 (default), 302, 303, 307 or 308.');
}

export const redirectSchema = shape(
  {
    scheme: word('http', 'https').exactOptional().describe("Scheme of the new address. Default: the request's."),
    host: host().exactOptional().describe("Host of the new address. Default: the request's."),
    port: port()
      .exactOptional()
      .describe(
        "Port of the new address. Default: the scheme's own where scheme is given, else the listener's where host is, else the request's.",
      ),
    path: pathText().exactOptional().describe('The whole new path.'),
    prefix: pathText().exactOptional().describe('Replaces the matched prefix.'),
    code: redirectCode().exactOptional(),
    stripQuery: boolean().exactOptional().describe('Drop the query. Default false.'),
  },
  {
    rules: [atLeastOne('a redirect', ['scheme', 'host', 'port', 'path', 'prefix']), atMostOne('a redirect', ['path', 'prefix'])],
    insteadOfScalar: 'write {scheme: https}, or {path: /new}',
  },
).describe('Answer with a redirect.');

export type RedirectConfig = Immutable<z.output<typeof redirectSchema>>;
