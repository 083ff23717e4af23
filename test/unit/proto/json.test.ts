import { describe, expect, it } from 'vitest';
import { any } from '../../../src/proto/any.ts';
import { loadEnvoyApi } from '../../../src/proto/api.ts';
import { duration, formatDuration } from '../../../src/proto/duration.ts';
import { TYPE_URLS, typeNameOf } from '../../../src/proto/type-urls.ts';

const api = loadEnvoyApi();

describe('proto3 JSON', () => {
  it("writes a cluster as Envoy's YAML has it, fields in the order of the .proto file, maps sorted", () => {
    const message = {
      connect_timeout: duration(250),
      name: 'service/a',
      lb_policy: 1,
      per_connection_buffer_limit_bytes: { value: 32_768 },
      typed_extension_protocol_options: {
        'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': any('envoy.extensions.upstreams.http.v3.HttpProtocolOptions', {
          explicit_http_config: { http2_protocol_options: { max_concurrent_streams: { value: 100 } } },
        }),
      },
      metadata: {
        filter_metadata: {
          z: {
            fields: {
              n: { number_value: 1 },
              l: { list_value: { values: [{ bool_value: false }, { null_value: 'NULL_VALUE' as const }] } },
            },
          },
        },
      },
    };
    expect(JSON.stringify(api.toJson('envoy.config.cluster.v3.Cluster', message))).toBe(
      JSON.stringify({
        name: 'service/a',
        connect_timeout: '0.250s',
        per_connection_buffer_limit_bytes: 32_768,
        lb_policy: 'LEAST_REQUEST',
        typed_extension_protocol_options: {
          'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
            '@type': 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
            explicit_http_config: { http2_protocol_options: { max_concurrent_streams: 100 } },
          },
        },
        metadata: { filter_metadata: { z: { l: [false, null], n: 1 } } },
      }),
    );
  });

  it.each([
    ['google.protobuf.BoolValue', {}, false],
    ['google.protobuf.StringValue', { value: 'a' }, 'a'],
    ['google.protobuf.UInt64Value', { value: 2n ** 60n }, '1152921504606846976'],
    ['google.protobuf.BytesValue', { value: Buffer.from('hi') }, 'aGk='],
    ['google.protobuf.Timestamp', { seconds: 1_700_000_000, nanos: 5_000_000 }, '2023-11-14T22:13:20.005Z'],
    ['google.protobuf.FieldMask', { paths: ['a', 'b.c'] }, 'a,b.c'],
    ['google.protobuf.Empty', {}, {}],
    ['envoy.config.core.v3.DataSource', { inline_bytes: Buffer.from([0, 255]) }, { inline_bytes: 'AP8=' }],
  ])('writes %s', (typeName, message, json) => {
    expect(api.toJson(typeName, message)).toEqual(json);
  });

  it('opens an Any of bytes, keeps one of an unknown type, and gives well-known types a value', () => {
    const router = api.encode('envoy.extensions.filters.http.router.v3.Router', { suppress_envoy_headers: true });
    const typeUrl = 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router';
    expect(api.toJson('google.protobuf.Any', { type_url: typeUrl, value: router })).toEqual({
      '@type': typeUrl,
      suppress_envoy_headers: true,
    });
    expect(api.toJson('google.protobuf.Any', { type_url: 'x/acme.Filter', value: Buffer.from('hi') })).toEqual({
      type_url: 'x/acme.Filter',
      value: 'aGk=',
    });
    expect(api.toJson('google.protobuf.Any', any('google.protobuf.StringValue', { value: 'a' }))).toEqual({
      '@type': 'type.googleapis.com/google.protobuf.StringValue',
      value: 'a',
    });
  });
});

describe('durations', () => {
  it.each([
    [0, 0, 0, '0s'],
    [250, 0, 250_000_000, '0.250s'],
    [3000, 3, 0, '3s'],
    [1500.5, 1, 500_500_000, '1.500500s'],
    [0.000001, 0, 1, '0.000000001s'],
    [-1500, -1, -500_000_000, '-1.500s'],
    [999.999_999_9, 1, 0, '1s'],
    [315_360_000_000_000, 315_360_000_000, 0, '315360000000s'],
  ])('%d ms are %d s and %d ns, written %s', (ms, seconds, nanos, text) => {
    expect(duration(ms)).toEqual({ seconds, nanos });
    expect(formatDuration(seconds, nanos)).toBe(text);
  });
});

describe('type URLs', () => {
  it('name types that the API has', () => {
    for (const [name, url] of Object.entries(TYPE_URLS)) {
      expect(typeNameOf(url).endsWith(`.${name}`)).toBe(true);
      expect(api.has(typeNameOf(url)), url).toBe(true);
    }
  });

  it('give the name whatever their host', () => {
    expect(typeNameOf('a/b/acme.Type')).toBe('acme.Type');
    expect(typeNameOf('acme.Type')).toBe('acme.Type');
  });
});
