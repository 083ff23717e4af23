// Random routes, with every kind of match and action.
import fc from 'fast-check';
import { cors, fault } from './random-filters.ts';
import {
  duration,
  fullText,
  headerName,
  headerText,
  hostname,
  oddText,
  one,
  oneOf,
  path,
  percent,
  regex,
  some,
  template,
} from './random-text.ts';

export const serviceNames = ['s0', 's1', 's2', 's3', 's4', 'S-5', 's_6', 's.7'];

const textConditions = {
  exact: oddText,
  prefix: fullText,
  suffix: fullText,
  contains: fullText,
  regex,
  present: fc.boolean(),
};
const condition = fc.oneof(
  one(textConditions),
  fc
    .tuple(one({ exact: oddText, prefix: fullText, suffix: fullText, contains: fullText }), fc.boolean())
    .map(([text, ignoreCase]) => ({ ...text, ignoreCase })),
);
const range = oneOf({ from: 0, to: 10 }, { from: -9_007_199_254_740_991, to: 9_007_199_254_740_991 }, { from: 5, to: 6 });
const headerCondition = fc.oneof(
  condition,
  range.map((value) => ({ range: value })),
);
const negated = (inner: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.oneof(
    oddText,
    inner,
    inner.map((not) => ({ not })),
  );

const pathMatch = one({ exact: path, prefix: path, template, regex });
const match = fc.oneof(
  some({
    path: pathMatch,
    methods: fc.uniqueArray(oneOf('GET', 'POST', 'PURGE', 'M-SEARCH', 'CONNECT', 'OPTIONS'), { minLength: 1, maxLength: 3 }),
    headers: fc.dictionary(headerName, negated(headerCondition), { maxKeys: 3 }),
    query: fc.dictionary(oneOf('a', 'b c', 'é', 'x[y]', '%', 'a=b', 'q&r'), negated(condition), { maxKeys: 2 }),
  }),
  oneOf({ grpc: { service: 'shop.v1.Orders' } }, { grpc: { service: 'shop.v1.Orders', method: 'Get' } }, { grpc: { service: 'X' } }),
);

/** `host` is refused here. */
const changedName = headerName.filter((name) => name !== 'host');
const headerChanges = some({
  set: fc.dictionary(changedName, headerText, { maxKeys: 3 }),
  add: fc.dictionary(changedName, headerText, { maxKeys: 2 }),
  remove: fc.uniqueArray(changedName, { maxLength: 2 }),
});

const retry = some({
  attempts: oneOf(0, 1, 5, 100),
  retryOn: fc.uniqueArray(
    oneOf(
      '5xx',
      'gateway-error',
      'reset',
      'reset-before-request',
      'connect-failure',
      'envoy-ratelimited',
      'retriable-4xx',
      'refused-stream',
      'cancelled',
      'unavailable',
      'retriable-status-codes',
    ),
    { minLength: 1, maxLength: 4 },
  ),
  statusCodes: fc.uniqueArray(oneOf(100, 409, 503, 599), { minLength: 1 }),
  perTryTimeout: duration,
  backoff: oneOf('1ms..1ms', '25ms..250ms', '1s..1d'),
});

const service = oneOf(...serviceNames);
const backends = fc.array(fc.oneof(service, fc.record({ service, weight: oneOf(0, 1, 50, 1_000_000, 2_147_483_647) })), {
  minLength: 1,
  maxLength: 3,
});
const rewrite = fc.oneof(
  one({
    prefix: path,
    path,
    template,
    regex: fc.record({ pattern: regex, substitution: oneOf('', '/x', '\\1', '\\0', '\\\\', '$1', '%') }),
  }),
  oneOf({ host: 'orders.internal' }, { host: { fromService: true } }, { host: '10.0.0.1' }),
);
const redirectPart = some({
  scheme: oneOf('http', 'https'),
  host: oneOf('new.test', '10.0.0.1', 'xn--bcher-kva.test'),
  port: oneOf(1, 80, 443, 8443, 65_535),
  code: oneOf(301, 302, 303, 307, 308),
  stripQuery: fc.boolean(),
});
const redirect = fc
  .tuple(redirectPart, fc.oneof(fc.constant({}), one({ path, prefix: path })))
  .map(([part, place]) => ({ port: 8443, ...part, ...place }));
const respond = fc.oneof(
  fc.record({ status: oneOf(200, 204, 304, 418, 503, 599) }),
  fc.record({
    status: oneOf(200, 404),
    body: fc.oneof(oddText, oneOf<unknown>({ json: { a: [1, null, '%'] } }, { json: 'ä' }, { json: [] }), oneOf('x'.repeat(5_000))),
  }),
  fc.record({ status: oneOf(200), body: oddText, contentType: oneOf('text/html', 'application/json; charset=utf-8') }),
);
const forward = fc
  .tuple(
    backends,
    some({
      rewrite,
      mirror: fc.array(fc.record({ service, percent }), { minLength: 1, maxLength: 2 }),
      timeout: fc.oneof(duration, oneOf('none')),
      idleTimeout: fc.oneof(duration, oneOf('none')),
      retry,
      cors,
    }),
  )
  .map(([chosen, more]) => ({ ...more, backends: chosen }));
const action = fc.oneof(
  { weight: 4, arbitrary: forward },
  { weight: 1, arbitrary: redirect.map((value) => ({ redirect: value })) },
  { weight: 1, arbitrary: respond.map((value) => ({ respond: value })) },
);

export const route = fc
  .tuple(
    action,
    some({
      hostnames: fc.uniqueArray(hostname, { minLength: 1, maxLength: 3 }),
      matches: fc.array(match, { minLength: 1, maxLength: 3 }),
      requestHeaders: headerChanges,
      responseHeaders: headerChanges,
      priority: oneOf(-1, 1, 1_000_000),
      fault,
    }),
  )
  .map(([chosen, more]) => ({ ...more, ...chosen }));
