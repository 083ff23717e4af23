// Whatever comes as a request is answered once, by a reply or a clear status (R1009); replies decode; the cache of plans changes nothing.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HotKeys } from '../../../src/ratelimit/hot-keys.ts';
import { counterKey } from '../../../src/ratelimit/store/counter-key.ts';
import {
  type Descriptor,
  descriptor,
  limited,
  perMinute,
  perSecond,
  referenceTable,
  replyOf,
  requestBytes,
  rule,
  table,
  testLimiter,
} from './limiter-support.ts';

const SEED = 20_261_122;
const own = table(
  rule('per-user', { rates: [perMinute(3), perSecond(2, 4)], headers: 'draft' }),
  rule('all', { parts: [], mode: 'shadow', rates: [perMinute(2)] }),
  rule('deny', { whenMissing: 'deny', body: 'problem', limitFromMax: perMinute(100) }),
  rule('none', { rates: [perMinute(0)] }),
  rule('editor', { replaces: ['per-user'], whenMissing: 'skip' }),
);
const reference = referenceTable(
  descriptor('limit', {
    value: 'per-*',
    shareThreshold: true,
    descriptors: [descriptor('jwt.sub', { detailedMetric: true, ...limited(2, 'a', ['b']) })],
  }),
  descriptor('limit', { valueToMetric: true, quotaMode: true, ...limited(3, 'b') }),
  descriptor('k', { value: '*', shadowMode: true, ...limited(1) }),
);

const key = fc.oneof(fc.constantFrom('limit', 'jwt.sub', 'k', '_rate', '_op', ''), fc.string({ unit: 'binary', maxLength: 6 }));
const value = fc.oneof(
  fc.constantFrom('per-user', 'all', 'deny', 'none', 'editor', 'check', 'debit', '5/minute', '1/fortnight', ''),
  fc.string({ unit: 'grapheme', maxLength: 40 }),
);
const asked: fc.Arbitrary<Descriptor> = fc.record(
  {
    entries: fc.array(fc.tuple(key, value), { maxLength: 4 }),
    hits: fc.oneof(fc.nat(4), fc.maxSafeNat()),
    limit: fc.record({ requests_per_unit: fc.nat(), unit: fc.nat(9) }),
  },
  { requiredKeys: ['entries'] },
);
const request = fc.tuple(fc.constantFrom('chancery.edge', 'd', 'nowhere'), fc.array(asked, { minLength: 1, maxLength: 6 }), fc.nat(3));

function limiterOf(maxPlans?: number) {
  const limiter = testLimiter(maxPlans === undefined ? {} : { maxPlans });
  limiter.limiter.setTables({ own, reference });
  return limiter;
}

describe('any request is answered', () => {
  it('with a reply that has a status for each descriptor, and the overall code that they make (R305, R306)', () => {
    const limiter = limiterOf();
    fc.assert(
      fc.property(request, fc.nat(20_000), ([domain, descriptors, hits], ms) => {
        limiter.advance(ms);
        const answer = limiter.send(requestBytes(domain, descriptors, hits));
        if (!(answer instanceof Uint8Array)) throw new Error(answer.message);
        const reply = replyOf(answer);
        expect(reply.statuses).toHaveLength(descriptors.length);
        if (domain !== 'd') expect(reply.overall_code).toBe(reply.statuses.some(({ code }) => code === 'OVER_LIMIT') ? 'OVER_LIMIT' : 'OK');
        for (const { code } of reply.statuses) expect(['OK', 'OVER_LIMIT']).toContain(code);
      }),
      { seed: SEED, numRuns: 2_000 },
    );
  });

  it('alike with a memory of plans that is far too small (R902)', () => {
    const [large, small] = [limiterOf(), limiterOf(8)];
    fc.assert(
      fc.property(request, ([domain, descriptors, hits]) => {
        const bytes = requestBytes(domain, descriptors, hits);
        expect(small.send(bytes)).toEqual(large.send(bytes));
      }),
      { seed: SEED, numRuns: 1_000 },
    );
    expect(small.limiter.table?.plans.evictions).toBeGreaterThan(100);
    expect(small.limiter.table?.plans.entries).toBeLessThanOrEqual(8);
  });

  it('though its bytes are none, without an exception', () => {
    const failures: unknown[] = [];
    const limiter = testLimiter({
      listener: {
        counted: () => undefined,
        denied: () => undefined,
        unknown: () => undefined,
        failed: (cause) => void failures.push(cause),
      },
    });
    limiter.limiter.setTables({ own, reference });
    fc.assert(
      fc.property(request, fc.array(fc.tuple(fc.nat(300), fc.nat(255)), { maxLength: 3 }), ([domain, descriptors, hits], edits) => {
        const bytes = requestBytes(domain, descriptors, hits);
        for (const [at, byte] of edits) bytes[at % bytes.length] = byte;
        const answer = limiter.send(bytes);
        if (answer instanceof Uint8Array) replyOf(answer);
        else expect(answer.status).toBe('INVALID_ARGUMENT');
      }),
      { seed: SEED, numRuns: 3_000 },
    );
    expect(failures).toEqual([]);
  });

  it('without ever telling a value of a key (R410, R1009)', () => {
    const limiter = limiterOf();
    const secret = 'subject-4711';
    for (let index = 0; index < 6; index += 1) {
      const reply = limiter.send(
        requestBytes('chancery.edge', [
          {
            entries: [
              ['limit', 'per-user'],
              ['jwt.sub', secret],
            ],
          },
        ]),
      );
      expect(Buffer.from(reply as Uint8Array).includes(secret)).toBe(false);
    }
  });
});

describe('the sketch of hot keys (R811)', () => {
  const keyOf = (name: string) => counterKey(Buffer.from('s'), { domain: 'd', identity: 'i', parts: [name] });

  it('never misses a key with more than its share, and says how far its counts may be off', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(60), { minLength: 1, maxLength: 600 }), (stream) => {
        const sketch = new HotKeys(16);
        const truth = new Map<string, number>();
        for (const each of stream) {
          const counted = keyOf(String(each));
          sketch.add(counted, 1);
          truth.set(counted.text, (truth.get(counted.text) ?? 0) + 1);
        }
        const top = new Map(sketch.top(16).map((each) => [each.hash, each]));
        for (const [hash, hits] of truth) if (hits > stream.length / 16) expect(top.has(hash)).toBe(true);
        for (const [hash, { hits, error }] of top) {
          expect(hits).toBeGreaterThanOrEqual(truth.get(hash) ?? 0);
          expect(hits - error).toBeLessThanOrEqual(truth.get(hash) ?? 0);
        }
      }),
      { seed: SEED, numRuns: 200 },
    );
  });

  it('forgets the past by halves', () => {
    const sketch = new HotKeys();
    sketch.add(keyOf('a'), 8);
    sketch.add(keyOf('b'), 1);
    sketch.decay();
    expect(sketch.top(9)).toEqual([{ hash: keyOf('a').text, hits: 4, error: 0 }]);
  });
});
