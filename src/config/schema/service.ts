// Services: the endpoints behind routes, and how they are spoken to.
import type { z } from 'zod';
import { circuitBreakerSchema } from './circuit-breaker.ts';
import { discoverySchema } from './discovery.ts';
import { duration } from './duration.ts';
import { endpointSchema } from './endpoint.ts';
import { healthCheckSchema } from './health-check.ts';
import type { Immutable } from './immutable.ts';
import { loadBalancerSchema } from './load-balancer.ts';
import { outlierDetectionSchema } from './outlier-detection.ts';
import { atLeastOne, excludes, shape } from './shape.ts';
import { list, name, word } from './text.ts';
import { upstreamTlsSchema } from './tls.ts';

export const serviceSchema = shape(
  {
    like: name('a service name')
      .exactOptional()
      .describe(
        'Take everything from this service; keys written here replace its keys, inside circuitBreaker, outlierDetection and tls one by one (C5).',
      ),
    endpoints: list(endpointSchema, { allowEmpty: true })
      .exactOptional()
      .describe('Where the service runs. An empty list is allowed: every request is answered 503.'),
    resolve: word('controlPlane', 'proxy')
      .exactOptional()
      .describe('Who looks host names of endpoints up. controlPlane (default); proxy: each Envoy for itself.'),
    discovery: discoverySchema.exactOptional(),
    protocol: word('http1', 'h2', 'grpc', 'auto')
      .exactOptional()
      .describe('What the endpoints speak. http1 (default), h2, grpc (h2 for gRPC), auto (what TLS negotiates; http1 without TLS).'),
    loadBalancer: loadBalancerSchema.exactOptional().describe('How requests are spread. Default roundRobin.'),
    circuitBreaker: circuitBreakerSchema.exactOptional(),
    outlierDetection: outlierDetectionSchema.exactOptional(),
    healthCheck: healthCheckSchema.exactOptional(),
    connectTimeout: duration().exactOptional().describe('Time to connect to an endpoint. Default 5s (defaults.connectTimeout).'),
    tls: upstreamTlsSchema.exactOptional(),
  },
  {
    rules: [
      atLeastOne('a service', ['endpoints', 'discovery', 'like']),
      excludes('discovery', ['endpoints', 'resolve'], 'discovery finds all endpoints of the service'),
    ],
  },
).describe('Endpoints that routes send requests to.');

export type ServiceConfig = Immutable<z.output<typeof serviceSchema>>;
