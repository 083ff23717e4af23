import { expect, test } from 'vitest';
import { routeOf } from './support.ts';

test('a fault is for every request unless it says a share', () => {
  expect(routeOf({ fault: { delay: { fixed: '200ms' }, abort: { status: 503, percent: '0.5%' } } }).fault).toEqual({
    delay: { fixedMs: 200, percent: 100 },
    abort: { kind: 'http', status: 503, percent: 0.5 },
  });
});

test('a status of gRPC has the number that gRPC gives it', () => {
  const numberOf = (grpcStatus: string) => routeOf({ fault: { abort: { grpcStatus } } }).fault?.abort?.status;
  expect(['cancelled', 'deadline-exceeded', 'unavailable', 'unauthenticated'].map(numberOf)).toEqual([1, 4, 14, 16]);
});

test('a route of the gateway’s own answers may have a fault, and a route without one has none', () => {
  expect(routeOf({ respond: { status: 200 }, fault: { abort: { status: 418 } } }).fault?.abort?.status).toBe(418);
  expect(routeOf({})).not.toHaveProperty('fault');
});
