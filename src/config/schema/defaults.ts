// Values for everything that does not say its own.
import type { z } from 'zod';
import { defaultAuthSchema } from './auth-policy.ts';
import { circuitBreakerSchema } from './circuit-breaker.ts';
import { corsSchema } from './cors.ts';
import { duration, durationOrNone } from './duration.ts';
import type { Immutable } from './immutable.ts';
import { retrySchema } from './retry.ts';
import { shape } from './shape.ts';
import { word } from './text.ts';

const onFailureSchema = shape({
  auth: word('deny', 'allow')
    .exactOptional()
    .describe('While nobody can decide who calls: deny (default), or allow, which lets forged credentials in.'),
  rateLimit: word('allow', 'deny').exactOptional().describe('While nobody counts: allow (default) or deny. For limits without onFailure.'),
});

export const defaultsSchema = shape({
  timeout: durationOrNone().exactOptional().describe('For routes without timeout. Default 15s.'),
  connectTimeout: duration().exactOptional().describe('For services without connectTimeout. Default 5s.'),
  retry: retrySchema.exactOptional().describe('For routes without retry. Default {attempts: 0}.'),
  cors: corsSchema.exactOptional().describe('For routes without cors. Default none.'),
  auth: defaultAuthSchema.exactOptional(),
  onFailure: onFailureSchema.exactOptional().describe('What happens when a companion cannot answer. Always counted.'),
  circuitBreaker: circuitBreakerSchema.exactOptional().describe('For services; a key that a service writes replaces this one.'),
}).describe('Values for all routes and services that do not say their own.');

export type DefaultsConfig = Immutable<z.output<typeof defaultsSchema>>;
