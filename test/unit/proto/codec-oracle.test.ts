// Compares our codecs with proto-loader's, which read the same descriptors in another way.
import { readFileSync } from 'node:fs';
import { fromJSON, type MessageTypeDefinition } from '@grpc/proto-loader';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeMessage } from '../../../src/proto/decoder.ts';
import { createDescriptors, type DescriptorNode } from '../../../src/proto/descriptors.ts';
import { Encoder } from '../../../src/proto/encoder.ts';
import { messageArbitrary } from './message-arbitrary.ts';

const ROOT_TYPES = [
  'envoy.config.listener.v3.Listener',
  'envoy.config.route.v3.RouteConfiguration',
  'envoy.config.cluster.v3.Cluster',
  'envoy.config.endpoint.v3.ClusterLoadAssignment',
  'envoy.extensions.transport_sockets.tls.v3.Secret',
  'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
  'envoy.config.bootstrap.v3.Bootstrap',
  'envoy.service.discovery.v3.DeltaDiscoveryRequest',
  'envoy.service.discovery.v3.DiscoveryRequest',
  'envoy.service.status.v3.ClientStatusResponse',
  'envoy.type.matcher.v3.ValueMatcher',
  'google.protobuf.Struct',
];

const json = JSON.parse(readFileSync(new URL('../../../generated/envoy-api.json', import.meta.url), 'utf8')) as DescriptorNode;
const descriptors = createDescriptors(json, {});
const definitions = fromJSON(json as Parameters<typeof fromJSON>[0], { keepCase: true, longs: Number, enums: String, oneofs: true });

function oracle(typeName: string): MessageTypeDefinition<object, object> {
  return definitions[typeName] as MessageTypeDefinition<object, object>;
}

function typeOf(typeName: string) {
  const type = descriptors.messageType(typeName);
  if (type === undefined) throw new Error(`no type ${typeName}`);
  return type;
}

describe('codecs against proto-loader', () => {
  it.each(ROOT_TYPES)('writes the same bytes of %s and reads them alike', (typeName) => {
    fc.assert(
      fc.property(messageArbitrary(descriptors, typeName), (message) => {
        const { bytes, problems } = new Encoder(descriptors).encode(typeOf(typeName), message);
        expect(problems).toBeUndefined();
        const expected = oracle(typeName).serialize(message);
        expect(bytes?.equals(expected)).toBe(true);
        expect(decodeMessage(typeOf(typeName), expected)).toEqual(oracle(typeName).deserialize(expected));
      }),
      { numRuns: 30 },
    );
  });

  it('knows every message of the API', () => {
    const names = Object.keys(definitions).filter((name) => definitions[name]?.['format'] === 'Protocol Buffer 3 DescriptorProto');
    for (const name of names) expect([...typeOf(name).fields.values()].map((field) => field.content)).not.toContain(undefined);
    expect(descriptors.messageNames()).toEqual(expect.arrayContaining(names));
  });
});
