// When and how often a failed request is tried again.
import type { z } from 'zod';
import { duration, durationRange } from './duration.ts';
import type { Immutable } from './immutable.ts';
import { integer, status } from './number.ts';
import { shape } from './shape.ts';
import { list, word } from './text.ts';

/** Envoy's words for x-envoy-retry-on and x-envoy-retry-grpc-on that need no further settings. */
const retryOn = word(
  '5xx',
  'gateway-error',
  'reset',
  'reset-before-request',
  'connect-failure',
  'envoy-ratelimited',
  'retriable-4xx',
  'refused-stream',
  'retriable-status-codes',
  'http3-post-connect-failure',
  'cancelled',
  'deadline-exceeded',
  'internal',
  'resource-exhausted',
  'unavailable',
);

export const retrySchema = shape(
  {
    attempts: integer({ min: 0, max: 100 }, 'a number of retries')
      .exactOptional()
      .describe('Retries after the first try; 0 switches them off. Default 0 (defaults.retry).'),
    retryOn: list(retryOn)
      .exactOptional()
      .describe('What counts as a failure. Default [connect-failure, refused-stream, reset-before-request].'),
    statusCodes: list(status()).exactOptional().describe('Answers with these statuses are retried too.'),
    perTryTimeout: duration().exactOptional().describe('Time for one try. Default: the time of the whole route.'),
    backoff: durationRange().exactOptional().describe('Waiting between tries grows from the first to the second. Default 25ms..250ms.'),
  },
  { insteadOfScalar: 'write {attempts: 2}' },
).describe('Try again on another endpoint.');

export type RetryConfig = Immutable<z.output<typeof retrySchema>>;
