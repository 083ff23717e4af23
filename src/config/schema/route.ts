// Routes: which requests, and what happens to them.
import { z } from 'zod';
import { hostname } from './address.ts';
import { routeAuthSchema } from './auth-policy.ts';
import { corsSchema } from './cors.ts';
import { durationOrNone } from './duration.ts';
import { faultSchema } from './fault.ts';
import { headerChangesSchema } from './headers.ts';
import type { Immutable } from './immutable.ts';
import { matchSchema } from './match.ts';
import { integer, percent, UINT32_MAX } from './number.ts';
import { limitName } from './rate-limit.ts';
import { redirectSchema } from './redirect.ts';
import { respondSchema } from './respond.ts';
import { retrySchema } from './retry.ts';
import { rewriteSchema } from './rewrite.ts';
import { exactlyOne, shape } from './shape.ts';
import { list, name } from './text.ts';

const backendSchema = z.union([
  name('a service name'),
  shape({
    service: name('a service name').describe('Name of the service.'),
    weight: integer({ min: 0, max: UINT32_MAX }, 'a weight')
      .exactOptional()
      .describe('Share of the requests against the other backends. Default 1.'),
  }),
]);

const mirrorSchema = shape({
  service: name('a service name').describe('Gets a copy of the requests; its answers are dropped.'),
  percent: percent().exactOptional().describe('Share of the requests that is copied. Default 100.'),
});

const PRIORITY = { min: -1_000_000, max: 1_000_000 };

export const routeSchema = shape(
  {
    name: name('a route name').describe('Unique over all files.'),
    listeners: list(name('a listener name'))
      .exactOptional()
      .describe('Default: every TLS listener that serves routes, or all where there is none (C17).'),
    hostnames: list(hostname()).exactOptional().describe('Hosts served: names, *.example.com for any depth below, * for any (default).'),
    matches: list(matchSchema).exactOptional().describe('Alternatives; one must fit. Default: every request.'),
    backends: list(backendSchema).exactOptional().describe('Services that get the requests, by weight.'),
    mirror: list(mirrorSchema).exactOptional().describe('Services that get copies of requests.'),
    redirect: redirectSchema.exactOptional(),
    respond: respondSchema.exactOptional(),
    rewrite: rewriteSchema.exactOptional(),
    requestHeaders: headerChangesSchema.exactOptional().describe('Changes on the way to the backend.'),
    responseHeaders: headerChangesSchema.exactOptional().describe('Changes on the way to the client.'),
    auth: routeAuthSchema.exactOptional(),
    rateLimits: list(limitName()).exactOptional().describe('Names of limits that all of its requests must keep.'),
    timeout: durationOrNone()
      .exactOptional()
      .describe(
        'From the end of the request to the end of the answer, all tries together; none: no limit. Default 15s (defaults.timeout).',
      ),
    idleTimeout: durationOrNone().exactOptional().describe('Longest silence of a stream; none: no limit. Default 5m.'),
    retry: retrySchema.exactOptional(),
    cors: corsSchema.exactOptional(),
    fault: faultSchema.exactOptional(),
    priority: integer(PRIORITY, 'a priority').exactOptional().describe('Higher is tried first, before all but the host (C1). Default 0.'),
  },
  { rules: [exactlyOne('a route', ['backends', 'redirect', 'respond'])] },
).describe('Requests of one kind, and what happens to them.');

export type BackendConfig = Immutable<z.output<typeof backendSchema>>;
export type MirrorConfig = Immutable<z.output<typeof mirrorSchema>>;
export type RouteConfig = Immutable<z.output<typeof routeSchema>>;
