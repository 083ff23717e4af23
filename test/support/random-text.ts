// Small random values of the configuration language: odd texts, paths, patterns, names, durations.
import fc from 'fast-check';

export const oneOf = <T>(...values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);
/** A record of which every key may be absent. */
export const some = (fields: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<Record<string, unknown>> =>
  fc.record(fields, { requiredKeys: [] });
/** A record with exactly one of the keys. */
export const one = (fields: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<Record<string, unknown>> =>
  fc.oneof(...Object.entries(fields).map(([name, value]) => value.map((chosen) => ({ [name]: chosen }))));

export const word = oneOf('a', 'orders', 'x-1', 'Shop', 'long-'.repeat(12), 'v1.2', 'A_b');
export const oddText = fc.oneof(
  fc.string({ maxLength: 20 }).filter((text) => !text.includes('${')),
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  oneOf(
    '%',
    '%%',
    '100%',
    '%REQ(x-a)%',
    '%START_TIME%',
    '%NOPE%',
    '%REQ(%',
    '"quoted"',
    "it's",
    '\\',
    '\\1',
    '$1',
    '{x}',
    'a,b',
    'ä ö',
    '🙂',
    ' ',
    'a\tb',
    'a: b',
    '0',
    'null',
    'true',
    '{"json": 1}',
  ),
);
export const fullText = oddText.filter((text) => text !== '');
/** With percent signs only where they are legal in header values. */
export const headerText = fc.oneof(
  oddText.map((text) => text.replaceAll('%', '%%')),
  oneOf('%REQ(x-a)%', '%START_TIME%', '%DOWNSTREAM_REMOTE_ADDRESS%%%', '%REQ(x-a?x-b):5%', '%UPSTREAM_METADATA(["a"])%'),
);
const segment = oneOf('a', 'orders', 'v1', 'a.b', '%20', 'a%2Fb', '~x', "!$&'()+,;=:@", 'ü', '{id}', '*', '**', 'x-y_z', '..', '.', '');
export const path = fc.array(segment, { maxLength: 4 }).map((segments) => `/${segments.join('/')}`);
const templateSegment = oneOf(
  'a',
  'orders',
  '{id}',
  '{name}',
  'v{n}',
  '{id}.json',
  '*',
  '**',
  '{rest=**}',
  '{one=*}',
  '{a=x/*}',
  'a~b',
  '%41',
  '{id=**}.m3u8',
);
export const template = fc.array(templateSegment, { minLength: 1, maxLength: 4 }).map((segments) => `/${segments.join('/')}`);
export const regex = oneOf(
  '.*',
  '/a/.*',
  '^/x$',
  '(?i)/A',
  '/[a-z]+/\\d{1,3}',
  '[[:alpha:]]+',
  '\\Qa.b\\E',
  '\\pL+',
  '(?P<name>x)',
  '(a|b)*c',
  'a{1,900}',
  '(?=x)',
  '(',
  '\\C',
  '/é',
);
export const hostname = oneOf(
  'shop.test',
  'SHOP.test',
  'a.shop.test',
  '*.shop.test',
  '*.a.shop.test',
  '*',
  '10.0.0.1',
  'xn--bcher-kva.test',
  'localhost',
  'shop.test.',
  '_x.test',
  '*.com',
  '::1',
);
export const headerName = oneOf(
  'x-a',
  'X-B',
  'accept',
  'content-type',
  'x_under',
  'cookie',
  'host',
  'x-envoy-a',
  'te',
  "x!#$%&'*+.^`|~",
  'connection',
  'authorization',
  'user-agent',
);
export const duration = oneOf('1ms', '250ms', '3s', '5m', '1h', '30d', '1.5s');
export const percent = oneOf<number | string>(0, 1, 50, 100, '0.5%', '33.3%', '0.0001%');
export const count = oneOf(0, 1, 7, 1024, 4_294_967_295);
