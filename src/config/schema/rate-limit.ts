// Limits: how often, by what, and what happens then (ratelimit §1). How the rates are to be read together is asked in the model.
import { z } from 'zod';
import { ok } from '../../lib/result.ts';
import { duration } from './duration.ts';
import type { Immutable } from './immutable.ts';
import { headerReference, limitKeyPart, listedHeaderSchema } from './limit-key.ts';
import { integer, percent } from './number.ts';
import { rate, rateOrUnlimited } from './rate.ts';
import { type Scalar, scalar, wrong, wrongType } from './scalar.ts';
import { exactlyOne, excludes, shape } from './shape.ts';
import { boolean, list, text, word } from './text.ts';

/** Names are public: metrics, headers and logs carry them (R101). */
export function limitName(): Scalar<string> {
  const pattern = /^[a-z][a-z0-9-]{0,62}$/;
  return scalar({ type: 'string', pattern: pattern.source }, (value) => {
    if (typeof value !== 'string') return wrongType('the name of a limit', value);
    if (pattern.test(value)) return ok(value);
    return wrong('CH1110', '{value} cannot be the name of a limit', 'use 1 to 63 lower-case letters, digits and "-", with a letter first');
  });
}

const MOST = Number.MAX_SAFE_INTEGER;
const MOST_COST = 1_000_000_000;
const MOST_KEYS = 1_000_000;
const algorithm = () => word('tokenBucket', 'slidingWindow', 'fixedWindow');
const burst = () => integer({ min: 1, max: MOST }, 'a burst');

const rateShape = shape({
  rate: rate().describe('How often: 100/minute, 5/10s.'),
  burst: burst().exactOptional().describe('Size of the bucket. Default: the number of rate.'),
  algorithm: algorithm().exactOptional().describe('Default: that of the limit.'),
});

/** A number, and where else it may come from. */
const costSchema = z.union([
  integer({ min: 1, max: MOST_COST }, 'a cost'),
  shape(
    {
      metadata: filterAndKey().exactOptional().describe('"FILTER:KEY" of dynamic metadata that holds the number.'),
      request: headerReference().exactOptional().describe('header.NAME that holds the number; a header that clients cannot write.'),
      response: costOfResponse()
        .exactOptional()
        .describe('What is known at the end: header.NAME of the answer, bytes or durationMs. Taken then, whatever is left.'),
    },
    { rules: [exactlyOne('a cost', ['metadata', 'request', 'response'])] },
  ),
]);

export type ResponseCost = { readonly kind: 'responseHeader'; readonly name: string } | { readonly kind: 'responseBytes' | 'responseMs' };

function costOfResponse(): Scalar<ResponseCost> {
  return scalar<ResponseCost>(
    { type: 'string', pattern: '^(bytes|durationMs|header[.].+)$', examples: ['bytes', 'header.x-tokens-used'] },
    (value) => {
      if (value === 'bytes') return ok({ kind: 'responseBytes' });
      if (value === 'durationMs') return ok({ kind: 'responseMs' });
      const header = headerReference().safeParse(value);
      if (header.success) return ok({ kind: 'responseHeader', name: header.data });
      if (typeof value !== 'string') return wrongType('bytes, durationMs or a header such as header.x-tokens-used', value);
      return wrong('CH1129', '{value} is nothing that a response tells', 'write bytes, durationMs or header.NAME');
    },
  );
}

function filterAndKey(): Scalar<{ readonly filter: string; readonly key: string }> {
  return scalar({ type: 'string', examples: ['envoy.filters.http.ext_proc:tokens'] }, (value) => {
    if (typeof value !== 'string') return wrongType('a filter and a key', value);
    const [, filter, key] = /^([A-Za-z0-9._/-]+):([A-Za-z0-9._:-]+)$/.exec(value) ?? [];
    if (filter === undefined || key === undefined) return wrong('CH1129', '{value} names no metadata', 'write "FILTER:KEY"');
    return ok({ filter, key });
  });
}

const overrideSchema = shape({
  match: z
    .record(text({ kind: 'a part of the key' }), text({ kind: 'a value', allowEmpty: true }))
    .describe('Parts of the key and their values; * stands for any characters.'),
  rate: rateOrUnlimited().describe('How often such requests may come; unlimited; 0/day blocks them.'),
  burst: burst().exactOptional().describe('Size of the bucket. Default: the number of rate.'),
  shared: boolean().exactOptional().describe('One counter for all requests that it fits. Default false: one for each value.'),
});

const calendarSchema = shape({
  timeZone: text({ kind: 'a time zone' }).exactOptional().describe('IANA name: Europe/Berlin. Default UTC.'),
  weekStart: word('monday', 'sunday', 'saturday').exactOptional().describe('Default monday.'),
  monthDay: integer({ min: 1, max: 28 }, 'a day of the month').exactOptional().describe('Day on which months and years begin. Default 1.'),
});

const fields = {
  key: list(z.union([limitKeyPart(), listedHeaderSchema]), { allowEmpty: true }).describe(
    'What has a counter of its own: [jwt.sub], [client.ip, route]; []: one for all.',
  ),
  whenMissing: word('share', 'skip', 'deny')
    .exactOptional()
    .describe('A request lacks a part of the key: all such share one counter (default), it is not limited, or it is denied.'),
  rate: z.union([rateOrUnlimited(), list(rateShape)]).describe('How often: 100/minute; several windows as a list; unlimited.'),
  burst: burst().exactOptional().describe('How many may come at once: the size of the bucket. Default: the number of rate.'),
  algorithm: algorithm().exactOptional().describe('tokenBucket (default), slidingWindow, fixedWindow.'),
  precision: word('exact').exactOptional().describe('exact: slidingWindow remembers the time of each request, up to 1000.'),
  calendar: calendarSchema.exactOptional().describe('Where days, weeks, months and years of fixedWindow begin.'),
  cost: costSchema.exactOptional().describe('What a request takes. Default 1.'),
  overrides: list(overrideSchema).exactOptional().describe('Other rates for some values of the key. Their order means nothing.'),
  limitFrom: shape({
    jwt: text({ kind: 'the name of a claim' }).describe('A claim of the verified token with a rate as text: "2000000/month".'),
    max: rate().describe('Claims above it do not count.'),
  })
    .exactOptional()
    .describe('The rate comes with the token.'),
  mode: word('enforce', 'shadow').exactOptional().describe('shadow: count and report, deny nothing. Default enforce.'),
  scope: word('shared', 'local', 'quota')
    .exactOptional()
    .describe('shared (default): exact over all proxies. local: each proxy for itself. quota: one rate divided over proxies by demand.'),
  reserve: percent()
    .exactOptional()
    .describe('Of scope quota: part of the rate that stays free for proxies that come anew, up to 50. Default 5.'),
  peak: rate().exactOptional().describe('Of scope quota and fixedWindow: most that all proxies together let pass in a short time.'),
  per: word('proxy', 'fleet').exactOptional().describe('Of scope local: each proxy has the whole rate (default), or an even share of it.'),
  maxKeys: integer({ min: 1, max: MOST_KEYS }, 'a number of keys')
    .exactOptional()
    .describe('Of scope local: counters that a proxy keeps. Default 10000.'),
  phase: word('main', 'early').exactOptional().describe('main (default): after auth. early: before it.'),
  onFailure: word('allow', 'deny').exactOptional().describe('The limiter does not answer. Default allow (defaults.onFailure.rateLimit).'),
  onStoreFailure: word('local', 'allow', 'deny')
    .exactOptional()
    .describe('The limiter answers, its store does not. Default local: its own share.'),
  headers: word('draft', 'legacy', 'none')
    .exactOptional()
    .describe('ratelimit and ratelimit-policy (draft, default), x-ratelimit-* (legacy), or none.'),
  body: word('problem').exactOptional().describe('problem: denials carry application/problem+json. Default: no body.'),
  replaces: list(limitName()).exactOptional().describe('Limits that do not count where this one does.'),
  lease: shape({
    max: integer({ min: 1, max: MOST_KEYS }, 'a number of requests').describe('Most that a worker takes in advance.'),
    ttl: duration().describe('What it did not use by then it gives back; at most 1s.'),
  })
    .exactOptional()
    .describe('Workers take parts of the rate in advance: faster, and a little less exact.'),
  slotBy: text({ kind: 'a part of the key' })
    .exactOptional()
    .describe('Part of the key whose counters live on one node of a Redis Cluster.'),
};

export const rateLimitSchema = shape(fields, {
  rules: [
    (value) => (Array.isArray(value['rate']) ? excludes('rate', ['burst'], 'each item of the list has its own')(value) : []),
    (value) => (value['scope'] === 'local' ? [] : ['per', 'maxKeys'].flatMap((key) => onlyBeside('local', key, value))),
    (value) => (value['scope'] === 'quota' ? [] : ['reserve', 'peak'].flatMap((key) => onlyBeside('quota', key, value))),
  ],
}).describe('How often requests may come.');

function onlyBeside(scope: 'local' | 'quota', key: string, value: Readonly<Record<string, unknown>>) {
  return key in value ? [{ code: 'CH1105', message: `${key} has a meaning beside scope: ${scope} only`, path: [key] } as const] : [];
}

export type RateLimitConfig = Immutable<z.output<typeof rateLimitSchema>>;
