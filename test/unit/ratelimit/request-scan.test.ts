import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RateLimitRequestOutput } from '../../../src/proto/generated/envoy/service/ratelimit/v3/RateLimitRequest.ts';
import { RequestScan, readEntries } from '../../../src/ratelimit/request-scan.ts';
import { api, type Descriptor, requestBytes, UNITS } from './limiter-support.ts';

const REQUEST = 'envoy.service.ratelimit.v3.RateLimitRequest';
const scan = new RequestScan();

interface Found {
  readonly domain: string;
  readonly hits: number;
  readonly descriptors: readonly {
    readonly entries: readonly (readonly [string, string])[];
    readonly hits: number | undefined;
    readonly limit: readonly [number, number] | undefined;
  }[];
}

function scanned(bytes: Uint8Array): Found | string {
  const outcome = scan.scan(bytes);
  if (outcome !== 'scanned') return outcome;
  const text = (start: number, end: number) => Buffer.from(bytes.subarray(start, end)).toString('utf8');
  const descriptors = [];
  for (let place = 0; place < scan.count; place += 1) {
    const entries = readEntries(bytes, scan.starts[place] ?? 0, scan.ends[place] ?? 0);
    if (entries === undefined) return 'malformed';
    descriptors.push({
      entries: entries.map((entry) => [text(entry.keyStart, entry.keyEnd), text(entry.valueStart, entry.valueEnd)] as const),
      hits: scan.hits[place] === -1 ? undefined : scan.hits[place],
      limit: scan.overridden[place] === 1 ? ([scan.overrideRequests[place] ?? 0, scan.overrideUnits[place] ?? 0] as const) : undefined,
    });
  }
  return { domain: text(scan.domainStart, scan.domainEnd), hits: scan.hitsAddend, descriptors };
}

function decoded(bytes: Uint8Array): Found | string {
  let message: RateLimitRequestOutput;
  try {
    message = api.decode(REQUEST, bytes);
  } catch {
    return 'malformed';
  }
  const unitOf = (unit: unknown) => (typeof unit === 'string' ? UNITS.indexOf(unit) : Number(unit ?? 0));
  return {
    domain: message.domain ?? '',
    hits: message.hits_addend ?? 0,
    descriptors: (message.descriptors ?? []).map((each) => ({
      entries: (each.entries ?? []).map((one) => [one.key ?? '', one.value ?? ''] as const),
      hits: each.hits_addend === undefined ? undefined : Math.min(each.hits_addend.value ?? 0, Number.MAX_SAFE_INTEGER),
      limit: each.limit === undefined ? undefined : ([each.limit.requests_per_unit ?? 0, unitOf(each.limit.unit)] as const),
    })),
  };
}

const entry = fc.tuple(fc.string({ unit: 'grapheme', maxLength: 9 }), fc.string({ unit: 'grapheme', maxLength: 300 }));
const descriptor: fc.Arbitrary<Descriptor> = fc.record(
  {
    entries: fc.array(entry, { maxLength: 5 }),
    limit: fc.record({ requests_per_unit: fc.integer({ min: 0, max: 0xffff_ffff }), unit: fc.nat(300) }),
    hits: fc.maxSafeNat(),
  },
  { requiredKeys: ['entries'] },
);
const message = fc
  .tuple(fc.string({ unit: 'grapheme', maxLength: 12 }), fc.array(descriptor, { maxLength: 6 }), fc.integer({ min: 0, max: 0xffff_ffff }))
  .map(([domain, descriptors, hits]) => requestBytes(domain, descriptors, hits));

describe('the scan of a request finds what decoding finds (R902)', () => {
  it('in every message', () => {
    fc.assert(
      fc.property(message, (bytes) => {
        expect(scanned(bytes)).toEqual(decoded(bytes));
      }),
      { seed: 20_261_122, numRuns: 500 },
    );
  });

  it('in bytes of messages that were cut, changed and joined, or agrees that they are none', () => {
    const edit = fc.record({ at: fc.nat(400), byte: fc.nat(255), kind: fc.constantFrom('set', 'insert', 'remove', 'cut', 'double') });
    fc.assert(
      fc.property(message, fc.array(edit, { minLength: 1, maxLength: 4 }), (each, edits) => {
        let bytes = [...each];
        for (const { at, byte, kind } of edits) {
          const place = bytes.length === 0 ? 0 : at % bytes.length;
          if (kind === 'set') bytes[place] = byte;
          else if (kind === 'insert') bytes.splice(place, 0, byte);
          else if (kind === 'remove') bytes.splice(place, 1);
          else if (kind === 'cut') bytes = bytes.slice(0, place);
          else bytes = [...bytes, ...bytes];
        }
        const found = scanned(Uint8Array.from(bytes));
        if (found !== 'tooLarge' && found !== 'tooManyDescriptors') expect(found).toEqual(decoded(Uint8Array.from(bytes)));
      }),
      { seed: 20_261_122, numRuns: 3_000 },
    );
  });

  it('in any bytes, without an exception', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const found = scanned(bytes);
        if (found !== 'tooLarge' && found !== 'tooManyDescriptors') expect(found).toEqual(decoded(bytes));
      }),
      { seed: 20_261_122, numRuns: 3_000 },
    );
  });

  it('and reads is_negative_hits, which is younger than the types (R304)', () => {
    const bytes = Buffer.from([0x12, 8, 0x0a, 4, 0x0a, 0, 0x12, 0, 0x20, 1]);
    expect(scan.scan(bytes)).toBe('scanned');
    expect([scan.count, scan.negative[0], scan.hits[0]]).toEqual([1, 1, -1]);
  });
});

describe('the scan of a request is bounded (R302)', () => {
  it('at 64 KiB', () => {
    expect(scan.scan(new Uint8Array(65_537))).toBe('tooLarge');
    expect(scan.scan(requestBytes('d'.repeat(65_000), []))).toBe('scanned');
  });

  it('at 64 descriptors', () => {
    const of = (count: number) =>
      requestBytes(
        'd',
        Array.from({ length: count }, () => ({ entries: [] })),
      );
    expect([64, 65, 1_000].map((count) => scan.scan(of(count)))).toEqual(['scanned', 'tooManyDescriptors', 'tooManyDescriptors']);
  });

  it('and says where the part ends that is counted, whatever the hits', () => {
    const of = (hits: number) => requestBytes('d', [{ entries: [['k', 'v']], hits }]);
    const keys = [1, 70_000].map((hits) => {
      const bytes = of(hits);
      scan.scan(bytes);
      return bytes.subarray(scan.starts[0], scan.keyEnds[0]).toString('hex');
    });
    expect(new Set(keys).size).toBe(1);
  });
});
