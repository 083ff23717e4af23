import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TYPE_URLS } from '../../../src/proto/type-urls.ts';
import { delimitedText, readDelimited } from '../../../src/proto/wire.ts';
import { typeView } from '../../../src/snapshot/view.ts';
import { type Comparison, compareVersions } from '../../../src/xds/initial-versions.ts';
import { createNameInterner, nameSet } from '../../../src/xds/name-map.ts';
import { requestReader } from '../../../src/xds/read-request.ts';
import { scanRequest } from '../../../src/xds/request-scan.ts';
import { testApi } from '../../support/snapshots.ts';

const DELTA = 'envoy.service.discovery.v3.DeltaDiscoveryRequest';
const SOTW = 'envoy.service.discovery.v3.DiscoveryRequest';
const RESOURCE = { typeUrl: TYPE_URLS.Cluster, any: Buffer.from('x') };
const text = fc.string({ unit: 'binary', maxLength: 200 });

describe('delta requests', () => {
  test('P11: what is read is what the API encoded, the map of held versions included', () => {
    const message = fc.record({
      type_url: text,
      resource_names_subscribe: fc.array(text),
      resource_names_unsubscribe: fc.array(text),
      initial_resource_versions: fc.dictionary(text, text),
      response_nonce: text,
    });
    fc.assert(
      fc.property(message, (given) => {
        const { request } = requestReader(testApi(), 'delta')(testApi().encode(DELTA, given));
        expect(request).toEqual({
          typeUrl: given.type_url,
          nonce: given.response_nonce,
          error: undefined,
          isResuming: Object.keys(given.initial_resource_versions).length > 0,
          names: {
            variant: 'delta',
            subscribe: given.resource_names_subscribe,
            unsubscribe: given.resource_names_unsubscribe,
            initialVersions: new Map(Object.entries(given.initial_resource_versions)),
          },
        });
      }),
    );
  });

  test('P11: many names and versions mean what few mean, known or not, in ASCII or not', () => {
    const names = fc.uniqueArray(fc.oneof(fc.string({ minLength: 1, maxLength: 12 }), text), { minLength: 60, maxLength: 90 });
    fc.assert(
      fc.property(names, names, fc.boolean(), (subscribed, held, isKnown) => {
        const intern = createNameInterner();
        if (isKnown) intern(nameSet(subscribed));
        const versions = Object.fromEntries(held.map((name, index) => [name, `${index % 3}`]));
        const message = { type_url: 't', resource_names_subscribe: subscribed, initial_resource_versions: versions, response_nonce: 'n' };
        const { request } = requestReader(testApi(), 'delta', intern.known)(testApi().encode(DELTA, message));
        if (request.names.variant !== 'delta') throw new Error('not a delta request');
        const { subscribe, subscribeSet, initialVersions } = request.names;
        expect([...(subscribeSet?.keys() ?? []), ...subscribe].sort()).toEqual(subscribed.toSorted());
        expect(Object.fromEntries(initialVersions)).toEqual(versions);
        expect(request).toMatchObject({ typeUrl: 't', nonce: 'n', isResuming: true });
        const view = typeView(
          TYPE_URLS.Cluster,
          held.filter((_, index) => index % 2 === 0).map((name) => ({ ...RESOURCE, name, version: '1' })),
        );
        const sorted = ({ equal, differing, absent, unsendable }: Comparison) =>
          [equal, differing, absent, unsendable].map((part) => (typeof part === 'number' ? part : part.map(([name]) => name).sort()));
        expect(sorted(compareVersions(initialVersions, view))).toEqual(sorted(compareVersions(new Map(Object.entries(versions)), view)));
      }),
      { numRuns: 300 },
    );
  });

  test('P11: a state-of-the-world request of many names that others named before is the same set', () => {
    const intern = createNameInterner();
    const names = Array.from({ length: 100 }, (_, index) => `name-${index}`);
    const set = intern(nameSet(names));
    const read = requestReader(testApi(), 'sotw', intern.known);
    const listOf = (list: readonly string[]) => read(testApi().encode(SOTW, { type_url: 't', resource_names: [...list] })).request.names;
    expect(listOf(names.toReversed())).toEqual({ variant: 'sotw', list: [], set });
    for (const other of [names.slice(1), [...names, '*'], names.with(7, 'ä'), names.with(7, 'name-8')]) {
      expect(listOf(other)).toEqual({ variant: 'sotw', list: other });
    }
  });

  test('X27, X93: an error is there if it was sent, even without a code; locators count by their names', () => {
    const bytes = testApi().encode(DELTA, {
      node: { id: 'n' },
      error_detail: {},
      resource_locators_subscribe: [{ name: 'l' }],
      resource_names_subscribe: ['a'],
    });
    const { request, node } = requestReader(testApi(), 'delta')(bytes);
    expect(request.error).toEqual({ code: 0, message: '' });
    expect(request.names).toMatchObject({ subscribe: ['a', 'l'], unsubscribe: [] });
    expect(node?.id).toBe('n');
  });
});

test('X19: a state-of-the-world request that names a version resumes', () => {
  const read = requestReader(testApi(), 'sotw');
  expect(read(testApi().encode(SOTW, { type_url: 't', resource_names: ['a'] })).request).toEqual({
    typeUrl: 't',
    nonce: '',
    error: undefined,
    isResuming: false,
    names: { variant: 'sotw', list: ['a'] },
  });
  expect(read(testApi().encode(SOTW, { version_info: 'v' })).request.isResuming).toBe(true);
});

test('T2: any bytes are read or refused with a text; nothing else is thrown', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), fc.constantFrom('sotw' as const, 'delta' as const), (bytes, variant) => {
      try {
        requestReader(testApi(), variant)(Buffer.from(bytes));
      } catch (error) {
        expect(error).toMatchObject({ code: 'ERR_DECODE', message: expect.stringContaining('DiscoveryRequest') });
      }
    }),
    { numRuns: 2_000 },
  );
});

describe('wire', () => {
  test('a message that ends within a field is no message', () => {
    const bytes = testApi().encode(DELTA, { type_url: 'type', initial_resource_versions: { a: 'b' } });
    for (let end = 7; end < bytes.length; end += 1) expect(scanRequest(bytes.subarray(0, end), true)).toBeUndefined();
    expect(scanRequest(bytes, true)?.versions).toHaveLength(4);
    expect(scanRequest(Buffer.from([0x2a, 0x05, 0x0a]), true)).toBeUndefined();
    expect(scanRequest(Buffer.from([0x2a, 0x02, 0x0a, 0x05]), true)).toBeUndefined();
  });

  test('the first field of a number is found behind others', () => {
    const bytes = testApi().encode('envoy.config.cluster.v3.Cluster', {
      name: 'c',
      alt_stat_name: 'stat',
      connect_timeout: { seconds: 5 },
    });
    expect(readDelimited(bytes, 1)?.toString()).toBe('c');
    expect(readDelimited(bytes, 28)?.toString()).toBe('stat');
    expect(readDelimited(bytes, 3)).toBeUndefined();
    expect(readDelimited(Buffer.from([0xff]), 1)).toBeUndefined();
  });

  test('a delimited text is its length in bytes, then the text', () => {
    expect([...delimitedText('ä')]).toEqual([2, 0xc3, 0xa4]);
    expect(delimitedText('x'.repeat(300)).subarray(0, 2)).toEqual(Buffer.from([0xac, 0x02]));
  });
});
