// Faults on purpose: delays and failures for a share of the requests, to see what callers do about them.
import type { z } from 'zod';
import { duration } from './duration.ts';
import type { Immutable } from './immutable.ts';
import { percent, status } from './number.ts';
import { atLeastOne, exactlyOne, shape } from './shape.ts';
import { word } from './text.ts';

/** The codes of gRPC but `ok`, in the order of their numbers from 1. */
const GRPC_STATUSES = [
  'cancelled',
  'unknown',
  'invalid-argument',
  'deadline-exceeded',
  'not-found',
  'already-exists',
  'permission-denied',
  'resource-exhausted',
  'failed-precondition',
  'aborted',
  'out-of-range',
  'unimplemented',
  'internal',
  'unavailable',
  'data-loss',
  'unauthenticated',
] as const;

const delaySchema = shape(
  {
    fixed: duration().describe('How long the request is held.'),
    percent: percent().exactOptional().describe('Share of the requests. Default 100.'),
  },
  { insteadOfScalar: 'write {fixed: {value}, percent: 1}' },
);

const abortSchema = shape(
  {
    status: status({ min: 200, max: 599 }).exactOptional().describe('HTTP status of the answer.'),
    grpcStatus: word(...GRPC_STATUSES)
      .exactOptional()
      .describe('gRPC status of the answer.'),
    percent: percent().exactOptional().describe('Share of the requests. Default 100.'),
  },
  { rules: [exactlyOne('an abort', ['status', 'grpcStatus'])], insteadOfScalar: 'write {status: {value}, percent: 1}' },
);

export const faultSchema = shape(
  {
    delay: delaySchema.exactOptional().describe('Hold requests.'),
    abort: abortSchema.exactOptional().describe('Answer requests instead of the service.'),
  },
  { rules: [atLeastOne('a fault', ['delay', 'abort'])] },
).describe('Delay or fail a share of the requests on purpose.');

export type FaultConfig = Immutable<z.output<typeof faultSchema>>;
