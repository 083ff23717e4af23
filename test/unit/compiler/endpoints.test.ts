import { describe, expect, test } from 'vitest';
import { compileEndpoints } from '../../../src/compiler/endpoints.ts';
import type { HealthCheck, Service } from '../../../src/model/types.ts';
import { anEndpoint, anUpstreamTls, aService } from '../../support/model-builder.ts';

const compileAll = (service: Service) => compileEndpoints(service, service.endpoints);
const endpointsOf = (...args: Parameters<typeof aService>) => compileAll(aService(...args)).endpoints ?? [];
const firstOf = (...args: Parameters<typeof aService>) => endpointsOf(...args)[0]?.lb_endpoints?.[0];

test('X53, B20: a service without endpoints has an empty assignment', () => {
  expect(compileAll(aService('a', { endpoints: [] }))).toEqual({ cluster_name: 'service/a', endpoints: [] });
});

test('C15: endpoints are sorted by priority, zone and address, whatever their order', () => {
  const endpoints = [
    anEndpoint('10.0.0.9:80', { priority: 1 }),
    anEndpoint('10.0.0.2:80', { zone: 'b' }),
    anEndpoint('10.0.0.1:80', { zone: 'b' }),
    anEndpoint('10.0.0.3:80', { zone: 'a' }),
    anEndpoint('10.0.0.4:80'),
  ];
  const sorted = endpointsOf('a', { endpoints });
  expect(sorted.map(({ priority, locality }) => [priority ?? 0, locality?.zone])).toEqual([
    [0, undefined],
    [0, 'a'],
    [0, 'b'],
    [1, undefined],
  ]);
  expect(sorted[2]?.lb_endpoints?.map(({ endpoint }) => endpoint?.address?.socket_address?.address)).toEqual(['10.0.0.1', '10.0.0.2']);
  expect(endpointsOf('a', { endpoints: endpoints.toReversed() })).toEqual(sorted);
});

test('B14: a weight of 1, written or not, is the same', () => {
  expect(firstOf('a')?.load_balancing_weight).toBeUndefined();
  expect(firstOf('a', { endpoints: [anEndpoint('10.0.0.1:80', { weight: 3 })] })?.load_balancing_weight).toEqual({ value: 3 });
});

test('B23: IPv6 addresses and unix sockets are endpoints', () => {
  expect(firstOf('a', { endpoints: [anEndpoint('[::1]:80')] })?.endpoint?.address).toEqual({
    socket_address: { address: '::1', port_value: 80 },
  });
  expect(firstOf('a', { endpoints: [anEndpoint('unix:/run/a.sock')] })?.endpoint?.address).toEqual({ pipe: { path: '/run/a.sock' } });
});

test('metadata goes where load balancing reads it, sorted', () => {
  const metadata = firstOf('a', { endpoints: [anEndpoint('10.0.0.1:80', { metadata: { tier: 'gold', build: '7' } })] })?.metadata;
  expect(metadata).toEqual({
    filter_metadata: { 'envoy.lb': { fields: { build: { string_value: '7' }, tier: { string_value: 'gold' } } } },
  });
  expect(Object.keys(metadata?.filter_metadata?.['envoy.lb']?.fields ?? {})).toEqual(['build', 'tier']);
});

describe('host name', () => {
  test('B23: is the endpoint’s name without the final dot, which its address keeps', () => {
    const endpoint = firstOf('a', { endpoints: [anEndpoint('orders.internal.:80')] })?.endpoint;
    expect(endpoint?.hostname).toBe('orders.internal');
    expect(endpoint?.address?.socket_address?.address).toBe('orders.internal.');
  });

  test('of an address is the name that TLS asks for, if any', () => {
    expect(firstOf('a', { tls: anUpstreamTls({ sni: 'orders.internal.' }) })?.endpoint?.hostname).toBe('orders.internal');
    expect(firstOf('a')?.endpoint?.hostname).toBeUndefined();
  });
});

describe('B29: the Host of health checks', () => {
  const health = (check: HealthCheck['check']): HealthCheck => ({
    path: [],
    check,
    intervalMs: 1000,
    timeoutMs: 1000,
    unhealthyThreshold: 3,
    healthyThreshold: 2,
  });
  const http = { kind: 'http', requestPath: '/health', expectedStatuses: [{ from: 200, to: 200 }] } as const;
  const hostOf = (...args: Parameters<typeof aService>) => firstOf(...args)?.endpoint?.health_check_config?.hostname;

  test('is the endpoint’s own name or address', () => {
    expect(hostOf('a', { healthCheck: health(http), endpoints: [anEndpoint('orders.internal:80')] })).toBe('orders.internal');
    expect(hostOf('a', { healthCheck: health(http), endpoints: [anEndpoint('[::1]:80')] })).toBe('[::1]:80');
    expect(hostOf('a', { healthCheck: health(http), endpoints: [anEndpoint('unix:/run/a.sock')] })).toBe('localhost');
    expect(hostOf('a', { healthCheck: health(http), tls: anUpstreamTls() })).toBe('orders.internal');
    expect(hostOf('a', { healthCheck: health({ kind: 'grpc' }) })).toBe('10.0.0.1:8080');
  });

  test('is left to the check where that names one, or needs none', () => {
    expect(hostOf('a', { healthCheck: health({ ...http, host: 'check.internal' }) })).toBeUndefined();
    expect(hostOf('a', { healthCheck: health({ kind: 'grpc', authority: 'check.internal' }) })).toBeUndefined();
    expect(hostOf('a', { healthCheck: health({ kind: 'tcp' }) })).toBeUndefined();
    expect(hostOf('a')).toBeUndefined();
  });
});
