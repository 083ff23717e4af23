// Which web pages may call a route from a browser (CORS).
import { z } from 'zod';
import { ok } from '../../lib/result.ts';
import { duration } from './duration.ts';
import { headerName } from './header-name.ts';
import type { Immutable } from './immutable.ts';
import { methodName } from './method-name.ts';
import { type Scalar, type ScalarOutcome, scalar, wrong, wrongType } from './scalar.ts';
import { shape } from './shape.ts';
import { boolean, list, text, word } from './text.ts';

/** scheme, `*.` or nothing, host, port. Browsers send origins in lower case and without a port that is the scheme's own. */
const ORIGIN = /^([a-z][a-z0-9+.-]*):\/\/((?:\*\.)?(?:\[[0-9a-f:.]+\]|[a-z0-9_](?:[a-z0-9._-]*[a-z0-9_])?))(?::([1-9][0-9]{0,4}))?$/;
const OWN_PORTS: ReadonlyMap<string, string> = new Map([
  ['http', '80'],
  ['https', '443'],
]);

/** `*`, `https://shop.example.com`, or `https://*.example.com` for any depth below; as browsers send it. */
function origin(): Scalar<string> {
  return scalar({ type: 'string', examples: ['https://shop.example.com', 'https://*.example.com', '*'] }, (value) => {
    if (typeof value !== 'string') return wrongType('an origin such as https://shop.example.com', value);
    return value === '*' ? ok(value) : parseOrigin(value);
  });
}

function parseOrigin(value: string): ScalarOutcome<string> {
  const [, scheme, host, port] = ORIGIN.exec(value.toLowerCase()) ?? [];
  if (scheme === undefined || host === undefined) return wrong('CH1121', '{value} is not an origin', originHelp(value));
  return ok(port === undefined || OWN_PORTS.get(scheme) === port ? `${scheme}://${host}` : `${scheme}://${host}:${port}`);
}

function originHelp(value: string): string {
  if (value === 'null') return 'every sandboxed page and local file has this origin; name the pages that may call';
  if (!value.includes('://')) return 'an origin begins with its scheme: https://{value}';
  if (/:\/\/[^/]*\//.test(value)) return 'leave the path out, the last slash too: browsers send none';
  return 'a wildcard stands for whole labels at the front: https://*.example.com; anything else is {regex: …}';
}

const originRegex = shape({ regex: text({ kind: 'a regular expression' }).describe('RE2, over the whole origin.') });

const corsPolicySchema = shape(
  {
    origins: list(z.union([origin(), originRegex])).describe(
      'Web pages that may call: origins, https://*.example.com for any depth below, * for all, or {regex: …}.',
    ),
    methods: list(methodName())
      .exactOptional()
      .describe('Methods that they may use. Default: those that browsers always allow, GET, HEAD and POST.'),
    headers: list(z.union([word('*'), headerName()]))
      .exactOptional()
      .describe('Request headers that they may set. Default: those that browsers always allow.'),
    exposeHeaders: list(z.union([word('*'), headerName()]))
      .exactOptional()
      .describe('Response headers that they may read. Default: those that browsers always show.'),
    credentials: boolean().exactOptional().describe('Cookies and other credentials may be sent. Default false.'),
    maxAge: duration().exactOptional().describe("How long a browser remembers the permission. Default: the browser's, 5s."),
    privateNetwork: boolean().exactOptional().describe('Pages of public networks may call into this private one. Default false.'),
  },
  { insteadOfScalar: 'write {origins: [https://shop.example.com]}, or none' },
);

/** `none` takes the default of the gateway away. */
export const corsSchema = z
  .union([word('none'), corsPolicySchema])
  .describe('Which web pages may call from a browser. Preflight requests are answered by the gateway. Default none (defaults.cors).');

export type CorsPolicyConfig = Immutable<z.output<typeof corsPolicySchema>>;
export type CorsConfig = Immutable<z.output<typeof corsSchema>>;
