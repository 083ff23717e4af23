import { expect, test } from 'vitest';
import { compileHealthCheck } from '../../../src/compiler/health-check.ts';
import type { HealthCheck, Service } from '../../../src/model/types.ts';
import { anUpstreamTls, aService } from '../../support/model-builder.ts';

const HTTP = { kind: 'http', requestPath: '/health', expectedStatuses: [{ from: 200, to: 299 }] } as const;

function compile(check: HealthCheck['check'], service: Partial<Service> = {}) {
  const health = { path: [], check, intervalMs: 10_000, timeoutMs: 1000, unhealthyThreshold: 3, healthyThreshold: 2 };
  return compileHealthCheck(aService('orders', service), health);
}

test('the interval holds for a service without traffic too', () => {
  const interval = { seconds: 10, nanos: 0 };
  expect(compile({ kind: 'tcp' })).toEqual({
    timeout: { seconds: 1, nanos: 0 },
    interval,
    no_traffic_interval: interval,
    unhealthy_threshold: { value: 3 },
    healthy_threshold: { value: 2 },
    tcp_health_check: {},
  });
});

test('expected statuses include their end', () => {
  expect(compile(HTTP).http_health_check).toEqual({ path: '/health', expected_statuses: [{ start: 200, end: 300 }] });
});

test('B29: a Host that is written is sent, without a final dot', () => {
  expect(compile({ ...HTTP, host: 'check.internal.' }).http_health_check?.host).toBe('check.internal');
  expect(compile({ kind: 'grpc', authority: 'check.internal' }).grpc_health_check).toEqual({ authority: 'check.internal' });
});

test('a gRPC check asks for its service', () => {
  expect(compile({ kind: 'grpc', service: 'shop.v1.Orders' }).grpc_health_check).toEqual({ service_name: 'shop.v1.Orders' });
});

test('an HTTP check speaks the protocol of the service', () => {
  expect(compile(HTTP, { protocol: 'h2' }).http_health_check?.codec_client_type).toBe('HTTP2');
  expect(compile(HTTP, { protocol: 'http1' }).http_health_check?.codec_client_type).toBeUndefined();
});

test('where TLS negotiates the protocol, the check offers only its own', () => {
  expect(compile(HTTP, { protocol: 'auto', tls: anUpstreamTls() }).tls_options).toEqual({ alpn_protocols: ['http/1.1'] });
  expect(compile(HTTP, { protocol: 'auto' }).tls_options).toBeUndefined();
});
