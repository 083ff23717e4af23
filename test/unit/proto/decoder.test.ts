import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ChanceryError } from '../../../src/lib/errors.ts';
import { loadEnvoyApi } from '../../../src/proto/api.ts';

const api = loadEnvoyApi();
const DELTA = 'envoy.service.discovery.v3.DeltaDiscoveryRequest';
const STRUCT = 'google.protobuf.Struct';

function bytesOf(hex: string): Buffer {
  return Buffer.from(hex.replaceAll(' ', ''), 'hex');
}

describe('decoding', () => {
  it('gives a delta request with its node, versions and error', () => {
    const request = {
      node: { id: 'n1', cluster: 'edge', metadata: { fields: { a: { string_value: 'b' } } }, user_agent_name: 'envoy' },
      type_url: 'type.googleapis.com/envoy.config.cluster.v3.Cluster',
      resource_names_subscribe: ['*', 'a'],
      initial_resource_versions: { a: '1', b: '2' },
      response_nonce: 'x-1',
      error_detail: { code: 3, message: 'bad', details: [] },
    };
    const decoded = api.decode(DELTA, api.encode(DELTA, request));
    expect(decoded.node?.metadata?.fields?.['a']?.string_value).toBe('b');
    expect(decoded.initial_resource_versions).toEqual({ a: '1', b: '2' });
    expect(decoded.error_detail).toEqual({ code: 3, message: 'bad' });
    expect(decoded.resource_names_subscribe).toEqual(['*', 'a']);
  });

  it('skips fields that the API does not know, groups too', () => {
    // Field 2 (type_url) between field 99 as varint, text, 32 bits, 64 bits and group.
    const unknown = '98 06 01 | 9a 06 01 61 | 9d 06 00000000 | 99 06 0000000000000000 | 9b 06 08 01 9c 06'.replaceAll('|', '');
    expect(api.decode(DELTA, bytesOf(`${unknown} 12 01 61 ${unknown}`))).toEqual({ type_url: 'a' });
  });

  it('skips a known field that comes with a wrong wire type', () => {
    expect(api.decode(DELTA, bytesOf('10 05 12 01 61'))).toEqual({ type_url: 'a' });
  });

  it('leaves enum values that the API does not know as numbers', () => {
    expect(api.decode('envoy.config.cluster.v3.Cluster', bytesOf('30 63'))).toEqual({ lb_policy: 99 });
  });

  it('lets the last arm of a oneof win', () => {
    // Value: number_value 1, then string_value "a".
    expect(api.decode('google.protobuf.Value', bytesOf('11 000000000000f03f 1a 01 61'))).toEqual({
      string_value: 'a',
      kind: 'string_value',
    });
  });

  it('merges a message that comes in two parts', () => {
    expect(api.decode(DELTA, bytesOf('0a 03 0a 01 61 0a 03 12 01 62')).node).toEqual({ id: 'a', cluster: 'b' });
  });

  it('reads lists of numbers packed and unpacked', () => {
    const type = 'envoy.config.route.v3.RetryPolicy';
    expect(api.decode(type, bytesOf('3a 03 f4 03 05 38 06'))).toEqual({ retriable_status_codes: [500, 5, 6] });
  });

  it('keeps a map key that is the name of a prototype as a plain key', () => {
    const decoded = api.decode(STRUCT, bytesOf('0a 0f 0a 09 5f5f70726f746f5f5f 12 02 20 01'));
    expect(Object.keys(decoded.fields ?? {})).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(decoded.fields)).toBe(Object.prototype);
  });

  it('copies bytes out of the request (P28)', () => {
    const bytes = bytesOf('12 01 61');
    const decoded = api.decode('google.protobuf.Any', bytes);
    bytes.fill(0);
    expect(decoded.value?.toString()).toBe('a');
  });

  it.each([
    ['a length beyond the end', '12 05 61', 'a length points beyond the end'],
    ['a cut number', '10 80', 'it ends within a value'],
    ['a number without an end', `10 ${'ff '.repeat(11)}`, 'a number has more than 10 bytes'],
    ['a wire type that does not exist', '0e', 'a field has the wire type 6, which does not exist'],
    ['the field number 0', '00 00', 'a field has the number 0'],
    ['a group without an end', '9b 06 08 01', 'it ends within a value'],
  ])('refuses %s with ERR_DECODE', (_what, hex, reason) => {
    expect(() => api.decode(DELTA, bytesOf(hex))).toThrow(new ChanceryError('ERR_DECODE', `the bytes are no ${DELTA}: ${reason}`));
  });

  it('refuses nesting without end', () => {
    expect(() => api.decode('google.protobuf.Value', nested(200))).toThrow('nested more than 100 deep');
  });

  it('never fails in another way, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          api.decode(DELTA, bytes);
        } catch (error) {
          expect(error).toMatchObject({ code: 'ERR_DECODE' });
        }
      }),
      { numRuns: 2000 },
    );
  });
});

function length(bytes: Buffer): Buffer {
  return bytes.length < 128 ? Buffer.from([bytes.length]) : Buffer.from([(bytes.length & 127) | 128, bytes.length >> 7]);
}

/** A Value that holds a list of one Value, and so on. */
function nested(depth: number): Buffer {
  let bytes = bytesOf('20 01');
  for (let level = 0; level < depth; level++) {
    const list = Buffer.concat([Buffer.from([0x0a]), length(bytes), bytes]);
    bytes = Buffer.concat([Buffer.from([0x32]), length(list), list]);
  }
  return bytes;
}
