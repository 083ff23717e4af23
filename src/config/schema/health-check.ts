// Active health checks of a service's endpoints.
import { z } from 'zod';
import { ok } from '../../lib/result.ts';
import { host } from './address.ts';
import { duration } from './duration.ts';
import type { Immutable } from './immutable.ts';
import { integer } from './number.ts';
import { pathText } from './path.ts';
import { type Scalar, scalar, wrong, wrongType } from './scalar.ts';
import { exactlyOne, shape } from './shape.ts';
import { list, text, yes } from './text.ts';

export interface StatusRangeConfig {
  readonly from: number;
  /** Included. */
  readonly to: number;
}

/** `200` or `"200-299"`. */
function statusRange(): Scalar<StatusRangeConfig> {
  return scalar({ type: ['integer', 'string'], examples: [200, '200-299'] }, (value) => {
    if (typeof value !== 'string' && typeof value !== 'number') return wrongType('a status or a range of them', value);
    const match = /^([1-5][0-9]{2})(?:-([1-5][0-9]{2}))?$/.exec(String(value));
    if (match?.[1] === undefined) return wrong('CH1115', '{value} is not an HTTP status or a range of them', 'write 200 or "200-299"');
    const from = Number(match[1]);
    const to = Number(match[2] ?? match[1]);
    return from <= to ? ok({ from, to }) : wrong('CH1115', '{value} ends below its start');
  });
}

const httpCheckSchema = z.union([
  pathText(),
  shape({
    path: pathText().describe('Path requested from each endpoint.'),
    host: host().exactOptional().describe("Host header. Default: the service's host name."),
    statuses: list(statusRange()).exactOptional().describe('Healthy answers. Default [200].'),
  }),
]);

const grpcCheckSchema = z.union([
  yes(),
  shape({
    service: text({ kind: 'a gRPC service name' })
      .exactOptional()
      .describe('Service name sent in the check. Default: none, the whole server.'),
    authority: text({ kind: 'an authority' }).exactOptional().describe("The :authority header. Default: the service's host name."),
  }),
]);

export const healthCheckSchema = shape(
  {
    http: httpCheckSchema.exactOptional().describe('GET this path.'),
    tcp: yes().exactOptional().describe('Connect, nothing more.'),
    grpc: grpcCheckSchema.exactOptional().describe('grpc.health.v1.Health/Check.'),
    interval: duration().exactOptional().describe('Time between checks. Default 10s.'),
    timeout: duration().exactOptional().describe('A check without answer for so long has failed. Default 1s.'),
    unhealthyThreshold: integer({ min: 1, max: 1000 }).exactOptional().describe('Failures in a row until an endpoint is out. Default 3.'),
    healthyThreshold: integer({ min: 1, max: 1000 }).exactOptional().describe('Successes in a row until it is in again. Default 2.'),
  },
  {
    rules: [exactlyOne('a health check', ['http', 'tcp', 'grpc'])],
    insteadOfScalar: 'write {http: /healthz}, {tcp: true} or {grpc: true}',
  },
).describe('Ask the endpoints themselves whether they are well.');

export type HealthCheckConfig = Immutable<z.output<typeof healthCheckSchema>>;
