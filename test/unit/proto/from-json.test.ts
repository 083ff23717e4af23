import { describe, expect, test } from 'vitest';
import { testApi } from '../../support/snapshots.ts';

const roundTrip = (typeName: string, message: object): void => {
  const api = testApi();
  const bytes = api.encode(typeName, message);
  const json = api.toJson(typeName, api.decode(typeName, bytes));
  expect(api.fromJson(typeName, JSON.parse(JSON.stringify(json))).equals(bytes)).toBe(true);
};

describe('messages from JSON', () => {
  test('are those that were written as JSON: nodes with metadata, wrappers, durations, bytes, enums, maps', () => {
    roundTrip('envoy.config.core.v3.Node', {
      id: 'n',
      cluster: 'edge',
      locality: { region: 'eu' },
      client_features: ['a', 'b'],
      user_agent_build_version: { version: { major_number: 1, minor_number: 40 } },
      metadata: {
        fields: {
          text: { string_value: 'x' },
          number: { number_value: 1.5 },
          yes: { bool_value: true },
          none: { null_value: 'NULL_VALUE' },
          list: { list_value: { values: [{ number_value: 1 }, { string_value: 'y' }] } },
          inner: { struct_value: { fields: { a: { bool_value: false } } } },
        },
      },
    });
    roundTrip('envoy.config.cluster.v3.Cluster', {
      name: 'a',
      type: 'EDS',
      eds_cluster_config: { eds_config: { ads: {} } },
      connect_timeout: { seconds: 1, nanos: 250_000_000 },
      per_connection_buffer_limit_bytes: { value: 1_024 },
      health_checks: [
        {
          timeout: { seconds: 1 },
          interval: { seconds: 1 },
          unhealthy_threshold: { value: 1 },
          healthy_threshold: { value: 1 },
          tcp_health_check: { send: { binary: Buffer.from([1, 2, 255]) } },
        },
      ],
    });
  });

  test('open an Any of a known type, also of one that has a form of its own', () => {
    const router = { '@type': 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router', suppress_envoy_headers: true };
    roundTrip('envoy.config.core.v3.TypedExtensionConfig', { name: 'a', typed_config: router });
    const text = { '@type': 'type.googleapis.com/google.protobuf.StringValue', value: 'x' };
    roundTrip('envoy.config.core.v3.TypedExtensionConfig', { name: 'a', typed_config: text });
  });

  test('take names in camel case and pass over fields that the API lacks', () => {
    const api = testApi();
    const bytes = api.fromJson('envoy.service.discovery.v3.DiscoveryRequest', {
      versionInfo: '1',
      resourceNames: ['a'],
      unheardOf: { x: 1 },
    });
    expect(api.decode('envoy.service.discovery.v3.DiscoveryRequest', bytes)).toMatchObject({ version_info: '1', resource_names: ['a'] });
  });

  test.each([[null], ['text'], [7], [[]], [{ node: 'text' }], [{ resource_names: [1] }]])(
    'that are none are refused as undecodable: %j',
    (json) => {
      const refusal = expect.objectContaining({ code: 'ERR_DECODE' }) as Error;
      expect(() => testApi().fromJson('envoy.service.discovery.v3.DiscoveryRequest', json)).toThrow(refusal);
    },
  );
});
