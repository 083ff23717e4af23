// How a service's requests are spread over its endpoints.
import { z } from 'zod';
import { duration } from './duration.ts';
import { headerName } from './header-name.ts';
import type { Immutable } from './immutable.ts';
import { integer } from './number.ts';
import { exactlyOne, shape } from './shape.ts';
import { text, word } from './text.ts';

/** Envoy's limits: RingHash sizes up to 8M; Maglev tables are prime and at most 5,000,011. */
const RING_SIZE = { min: 1, max: 8_388_608 };
const TABLE_SIZE = { min: 3, max: 5_000_011 };

const cookieKeySchema = z.union([
  text({ kind: 'a cookie name' }),
  shape({
    name: text({ kind: 'a cookie name' }).describe('Name of the cookie.'),
    ttl: duration().exactOptional().describe('Envoy sets the cookie, for this long, on clients without it. Default: it is never set.'),
    path: text({ kind: 'a cookie path' }).exactOptional().describe('Path attribute of a cookie that Envoy sets.'),
  }),
]);

export const hashKeySchema = z.union([
  word('clientIp'),
  shape(
    {
      header: headerName().exactOptional().describe('Hash the value of this request header.'),
      cookie: cookieKeySchema.exactOptional().describe('Hash the value of this cookie.'),
      query: text({ kind: 'a query parameter' }).exactOptional().describe('Hash the value of this query parameter.'),
    },
    { rules: [exactlyOne('a hash key', ['header', 'cookie', 'query'])] },
  ),
]);

const leastRequestSchema = shape({
  choices: integer({ min: 2, max: 100 }, 'a number of choices').exactOptional().describe('Endpoints compared for each request. Default 2.'),
});

const maglevSchema = shape({
  by: hashKeySchema.exactOptional().describe('What is hashed. Default clientIp.'),
  tableSize: integer(TABLE_SIZE, 'a table size').exactOptional().describe('A prime number. Default 65537.'),
});

const ringHashSchema = shape({
  by: hashKeySchema.exactOptional().describe('What is hashed. Default clientIp.'),
  minRingSize: integer(RING_SIZE, 'a ring size').exactOptional().describe('Default 1024.'),
  maxRingSize: integer(RING_SIZE, 'a ring size').exactOptional().describe('Default 8388608.'),
});

const detailedLoadBalancerSchema = shape(
  {
    leastRequest: leastRequestSchema.exactOptional().describe('Of some endpoints chosen at random, the one with the fewest requests.'),
    maglev: maglevSchema.exactOptional().describe('Consistent hashing by a table: fast, moves a little more on change.'),
    ringHash: ringHashSchema.exactOptional().describe('Consistent hashing on a ring: moves least on change.'),
  },
  { rules: [exactlyOne('a load balancer', ['leastRequest', 'maglev', 'ringHash'])] },
);

export const loadBalancerSchema = z.union([word('roundRobin', 'leastRequest', 'random', 'maglev', 'ringHash'), detailedLoadBalancerSchema]);

export type HashKeyConfig = Immutable<z.output<typeof hashKeySchema>>;
export type LoadBalancerConfig = Immutable<z.output<typeof loadBalancerSchema>>;
