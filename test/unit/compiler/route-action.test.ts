import { describe, expect, test } from 'vitest';
import { compileRouteAction } from '../../../src/compiler/route-action.ts';
import { factsOf } from '../../../src/compiler/service-facts.ts';
import type { ForwardAction, RouteMatch, Service } from '../../../src/model/types.ts';
import { aMatch, aService, forwardTo } from '../../support/model-builder.ts';

const hashed = (name: string, header: string): Service =>
  aService(name, { loadBalancer: { kind: 'maglev', by: { kind: 'header', name: header }, tableSize: 65_537 } });

const SERVICES = [
  aService('orders-v1'),
  aService('orders-v2'),
  aService('orders-grpc', { protocol: 'grpc' }),
  hashed('carts', 'x-user'),
  hashed('carts-next', 'x-user'),
];
const FACTS = new Map(SERVICES.map((service) => [service.name, factsOf(service)]));

const compile = (action: ForwardAction, match: RouteMatch = aMatch('/a')) => compileRouteAction(action, match, FACTS);

describe('backends', () => {
  test('one backend is a cluster', () => {
    expect(compile(forwardTo('orders-v1'))).toEqual({ cluster: 'service/orders-v1', timeout: { seconds: 15, nanos: 0 } });
  });

  test('C15: several are weighted clusters, sorted, whatever the order of the list', () => {
    const clusters = [
      { name: 'service/orders-v1', weight: { value: 90 } },
      { name: 'service/orders-v2', weight: { value: 10 } },
    ];
    expect(compile(forwardTo({ 'orders-v2': 10, 'orders-v1': 90 })).weighted_clusters).toEqual({ clusters });
  });

  test('B25: a split over services that hash carries the hash itself, so that a key keeps its side', () => {
    const action = compile(forwardTo({ carts: 90, 'carts-next': 10 }));
    expect(action.weighted_clusters?.use_hash_policy).toEqual({ value: true });
    expect(action.hash_policy).toEqual([{ header: { header_name: 'x-user' } }]);
  });

  test('a route to one service needs no hash: the cluster has it', () => {
    expect(compile(forwardTo('carts')).hash_policy).toBeUndefined();
  });
});

describe('time', () => {
  test('none is Envoy’s 0 s', () => {
    expect(compile(forwardTo('orders-v1', { timeoutMs: 'none' })).timeout).toEqual({ seconds: 0, nanos: 0 });
  });

  test('G13: for gRPC it is a maximum stream duration too, which honours and caps grpc-timeout', () => {
    const time = { seconds: 3, nanos: 0 };
    const wanted = { max_stream_duration: time, grpc_timeout_header_max: time };
    expect(compile(forwardTo('orders-grpc', { timeoutMs: 3000 })).max_stream_duration).toEqual(wanted);
    expect(compile(forwardTo('orders-v1', { timeoutMs: 3000 }), aMatch('/a', { grpcOnly: true })).max_stream_duration).toEqual(wanted);
  });

  test('other routes have none, else Envoy would ignore their timeout', () => {
    expect(compile(forwardTo('orders-v1')).max_stream_duration).toBeUndefined();
    expect(compile(forwardTo({ 'orders-v1': 1, 'orders-grpc': 1 })).max_stream_duration).toBeUndefined();
  });

  test('the idle timeout is the one written, or grows with the timeout', () => {
    expect(compile(forwardTo('orders-v1', { idleTimeoutMs: 'none' })).idle_timeout).toEqual({ seconds: 0, nanos: 0 });
    expect(compile(forwardTo('orders-v1', { idleTimeoutMs: 1500 })).idle_timeout).toEqual({ seconds: 1, nanos: 500_000_000 });
    expect(compile(forwardTo('orders-v1', { timeoutMs: 600_000 })).idle_timeout).toEqual({ seconds: 600, nanos: 0 });
    expect(compile(forwardTo('orders-v1', { timeoutMs: 'none' })).idle_timeout).toBeUndefined();
  });
});

describe('retry', () => {
  const retry = { attempts: 2, retryOn: ['5xx'], retriableStatusCodes: [], backoff: { baseMs: 25, maxMs: 250 } };

  test('another endpoint is tried, with back-off', () => {
    expect(compile(forwardTo('orders-v1', { retry })).retry_policy).toEqual({
      retry_on: '5xx',
      num_retries: { value: 2 },
      retry_back_off: { base_interval: { seconds: 0, nanos: 25_000_000 }, max_interval: { seconds: 0, nanos: 250_000_000 } },
      retry_host_predicate: [
        {
          name: 'envoy.retry_host_predicates.previous_hosts',
          typed_config: { '@type': 'type.googleapis.com/envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate' },
        },
      ],
      host_selection_retry_max_attempts: 3,
    });
  });

  test('B32: the time of one try is kept', () => {
    const action = compile(forwardTo('orders-v1', { retry: { ...retry, perTryTimeoutMs: 1000 } }));
    expect(action.retry_policy?.per_try_timeout).toEqual({ seconds: 1, nanos: 0 });
  });

  test('status codes switch their condition on, once', () => {
    const retryOn = ['5xx', 'retriable-status-codes'];
    const action = compile(forwardTo('orders-v1', { retry: { ...retry, retryOn, retriableStatusCodes: [409, 429] } }));
    expect(action.retry_policy?.retry_on).toBe('5xx,retriable-status-codes');
    expect(action.retry_policy?.retriable_status_codes).toEqual([409, 429]);
    expect(compile(forwardTo('orders-v1', { retry: { ...retry, retriableStatusCodes: [409] } })).retry_policy?.retry_on).toBe(
      '5xx,retriable-status-codes',
    );
  });
});

describe('host', () => {
  test('is replaced by a literal or by the endpoint’s own', () => {
    expect(compile(forwardTo('orders-v1', { rewrite: { host: 'a.internal', hostFromService: false } })).host_rewrite_literal).toBe(
      'a.internal',
    );
    expect(compile(forwardTo('orders-v1', { rewrite: { hostFromService: true } })).auto_host_rewrite).toEqual({ value: true });
  });
});

describe('mirror', () => {
  test('B21: names the service, whatever its endpoints, with the Host of the original', () => {
    expect(compile(forwardTo('orders-v1', { mirrors: [{ service: 'orders-v2', percent: 5 }] })).request_mirror_policies).toEqual([
      {
        cluster: 'service/orders-v2',
        runtime_fraction: { default_value: { numerator: 5, denominator: 'HUNDRED' } },
        disable_shadow_host_suffix_append: true,
      },
    ]);
  });

  test('takes fractions of a percent', () => {
    const [mirror] = compile(forwardTo('orders-v1', { mirrors: [{ service: 'orders-v2', percent: 0.05 }] })).request_mirror_policies ?? [];
    expect(mirror?.runtime_fraction?.default_value).toEqual({ numerator: 500, denominator: 'MILLION' });
  });
});
