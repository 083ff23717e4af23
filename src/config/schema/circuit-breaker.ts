// Limits that protect a service from too much at once; Envoy keeps them per proxy.
import type { z } from 'zod';
import type { Immutable } from './immutable.ts';
import { integer, percent, UINT32_MAX } from './number.ts';
import { shape } from './shape.ts';

const COUNT = { min: 0, max: UINT32_MAX };

const retryBudgetSchema = shape({
  percent: percent().exactOptional().describe('Retries may be this share of active and pending requests. Default 20.'),
  minConcurrency: integer(COUNT).exactOptional().describe('This many concurrent retries are always allowed. Default 3.'),
}).describe('Limits retries by share instead of maxRetries.');

export const circuitBreakerSchema = shape({
  maxConnections: integer(COUNT).exactOptional().describe('Connections to all endpoints of the service. Default 1024.'),
  maxPendingRequests: integer(COUNT).exactOptional().describe('Requests that wait for a connection. Default 1024.'),
  maxRequests: integer(COUNT).exactOptional().describe('Requests in flight. Default 1024.'),
  maxRetries: integer(COUNT).exactOptional().describe('Retries in flight; ignored where retryBudget is set. Default 3.'),
  retryBudget: retryBudgetSchema.exactOptional(),
}).describe('What is above a limit is answered 503 at once.');

export type CircuitBreakerConfig = Immutable<z.output<typeof circuitBreakerSchema>>;
