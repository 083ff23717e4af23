// Random services, with every kind of endpoint, balancer, check and protection.
import fc from 'fast-check';
import { count, duration, headerName, oddText, oneOf, path, percent, some, word } from './random-text.ts';

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

export const serviceConfig = fc
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
