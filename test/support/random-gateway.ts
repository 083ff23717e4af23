// Random configurations for tests against a real Envoy: every word of the language, with odd but mostly legal values. Some entries are wrong;
// the caller takes those out that the program refuses.
import fc from 'fast-check';

export interface RandomGateway {
  readonly listeners: Readonly<Record<string, object>>;
  readonly services: Readonly<Record<string, object>>;
  readonly routes: readonly { readonly name: string }[];
}

const oneOf = <T>(...values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);
/** A record of which every key may be absent. */
const some = (fields: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<Record<string, unknown>> =>
  fc.record(fields, { requiredKeys: [] });
/** A record with exactly one of the keys. */
const one = (fields: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<Record<string, unknown>> =>
  fc.oneof(...Object.entries(fields).map(([name, value]) => value.map((chosen) => ({ [name]: chosen }))));

const word = oneOf('a', 'orders', 'x-1', 'Shop', 'long-'.repeat(12), 'v1.2', 'A_b');
const oddText = fc.oneof(
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
const fullText = oddText.filter((text) => text !== '');
/** With percent signs only where they are legal in header values. */
const headerText = fc.oneof(
  oddText.map((text) => text.replaceAll('%', '%%')),
  oneOf('%REQ(x-a)%', '%START_TIME%', '%DOWNSTREAM_REMOTE_ADDRESS%%%', '%REQ(x-a?x-b):5%', '%UPSTREAM_METADATA(["a"])%'),
);
const segment = oneOf('a', 'orders', 'v1', 'a.b', '%20', 'a%2Fb', '~x', "!$&'()+,;=:@", 'ü', '{id}', '*', '**', 'x-y_z', '..', '.', '');
const path = fc.array(segment, { maxLength: 4 }).map((segments) => `/${segments.join('/')}`);
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
const template = fc.array(templateSegment, { minLength: 1, maxLength: 4 }).map((segments) => `/${segments.join('/')}`);
const regex = oneOf(
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
const hostname = oneOf(
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
const headerName = oneOf(
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
const duration = oneOf('1ms', '250ms', '3s', '5m', '1h', '30d', '1.5s');
const percent = oneOf<number | string>(0, 1, 50, 100, '0.5%', '33.3%', '0.0001%');
const count = oneOf(0, 1, 7, 1024, 4_294_967_295);

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

const serviceNames = ['s0', 's1', 's2', 's3', 's4', 'S-5', 's_6', 's.7'];
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
    }),
  )
  .map(([chosen, more]) => ({ ...more, backends: chosen }));
const action = fc.oneof(
  { weight: 4, arbitrary: forward },
  { weight: 1, arbitrary: redirect.map((value) => ({ redirect: value })) },
  { weight: 1, arbitrary: respond.map((value) => ({ respond: value })) },
);

const route = fc
  .tuple(
    action,
    some({
      hostnames: fc.uniqueArray(hostname, { minLength: 1, maxLength: 3 }),
      matches: fc.array(match, { minLength: 1, maxLength: 3 }),
      requestHeaders: headerChanges,
      responseHeaders: headerChanges,
      priority: oneOf(-1, 1, 1_000_000),
    }),
  )
  .map(([chosen, more]) => ({ ...more, ...chosen }));

const address = oneOf(
  '127.0.0.1:80',
  '[::1]:8080',
  '[2001:db8::1]:1',
  'orders.internal:65535',
  'localhost:8080',
  'orders:1',
  'Orders.Internal.:80',
  'unix:/tmp/x.sock',
  '10.0.0.2:443',
  '_srv.x:80',
);
const endpoint = fc.oneof(
  address,
  fc
    .tuple(
      address,
      some({
        weight: oneOf(1, 2, 128, 4_294_967_295),
        priority: oneOf(0, 1, 2),
        zone: word,
        metadata: fc.dictionary(word, oddText, { maxKeys: 2 }),
      }),
    )
    .map(([at, more]) => ({ address: at, ...more })),
);
const hashBy = fc.oneof(
  oneOf<unknown>(
    'clientIp',
    { query: 'a b' },
    { cookie: 'sid' },
    { cookie: { name: 'sid', ttl: '1h' } },
    { cookie: { name: 'sid', ttl: '1ms', path: '/x;y' } },
  ),
  headerName.map((header) => ({ header })),
);
const healthCheck = fc
  .tuple(
    fc.oneof(
      path.map((http) => ({ http })),
      fc
        .record({ path, host: oneOf('a.test', '10.0.0.1'), statuses: oneOf([200], ['200-299', 404], ['100-599']) })
        .map((http) => ({ http })),
      oneOf({ tcp: true }, { grpc: true }, { grpc: { service: 'a.B', authority: 'x.test' } }, { grpc: { authority: 'a b' } }),
    ),
    some({ interval: duration, timeout: duration, unhealthyThreshold: oneOf(1, 1000), healthyThreshold: oneOf(1, 1000) }),
  )
  .map(([kind, more]) => ({ ...more, ...kind }));

const serviceConfig = fc
  .tuple(
    fc.array(endpoint, { maxLength: 4 }),
    some({
      protocol: oneOf('http1', 'h2', 'grpc', 'auto'),
      loadBalancer: fc.oneof(
        oneOf<unknown>(
          'roundRobin',
          'leastRequest',
          'random',
          'maglev',
          'ringHash',
          { leastRequest: { choices: 100 } },
          { maglev: { tableSize: 3 } },
          { maglev: { tableSize: 4 } },
          { maglev: { tableSize: 5_000_011 } },
        ),
        hashBy.map((by) => ({ ringHash: { by, minRingSize: 1, maxRingSize: 8_388_608 } })),
        hashBy.map((by) => ({ maglev: { by } })),
      ),
      circuitBreaker: some({
        maxConnections: count,
        maxPendingRequests: count,
        maxRequests: count,
        maxRetries: count,
        retryBudget: some({ percent, minConcurrency: count }),
      }),
      outlierDetection: some({
        consecutive5xx: count,
        consecutiveGatewayFailures: count,
        consecutiveLocalOriginFailures: count,
        interval: duration,
        baseEjectionTime: duration,
        maxEjectionTime: duration,
        maxEjectionPercent: percent,
      }),
      healthCheck,
      connectTimeout: duration,
      tls: some({
        ca: oneOf('system'),
        sni: oneOf('orders.internal', 'Orders.Internal.', '10.0.0.1'),
        subjectAltNames: fc.uniqueArray(oneOf('a.internal', 'spiffe://a/b', '10.0.0.1', '*.internal'), { minLength: 1 }),
        minVersion: oneOf('1.2', '1.3'),
        maxVersion: oneOf('1.2', '1.3'),
      }),
    }),
  )
  .map(([endpoints, more]) => ({ ...more, endpoints }));

const listener = fc
  .tuple(
    fc.integer({ min: 1, max: 65_535 }),
    some({
      address: oneOf('0.0.0.0', '127.0.0.1', '::', '::1'),
      clientIp: oneOf({ trustedHops: 0 }, { trustedHops: 3 }, { trustedHops: 100 }),
      paths: some({ escapedSlashes: oneOf('keep', 'reject', 'redirect', 'unescape'), mergeSlashes: fc.boolean() }),
    }),
  )
  .map(([port, more]) => ({ ...more, port }));

/** One listener at least, the services s0 to s.7, and some forty routes. */
export const randomGateway: fc.Arbitrary<RandomGateway> = fc
  .tuple(
    fc.array(listener, { minLength: 1, maxLength: 3 }),
    fc.array(serviceConfig, { minLength: serviceNames.length, maxLength: serviceNames.length }),
    fc.array(route, { minLength: 20, maxLength: 40 }),
  )
  .map(([listeners, services, routes]) => ({
    listeners: {
      ...Object.fromEntries(listeners.map((value, index) => [`l${index}`, value])),
      'to-tls': { port: 70 + listeners.length, redirect: { scheme: 'https', port: 8443 } },
    },
    services: Object.fromEntries(services.map((value, index) => [serviceNames[index] ?? '', value])),
    routes: routes.map((value, index) => ({ name: `r${index}`, ...value })),
  }));
