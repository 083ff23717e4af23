// Reference tables: configuration, requests and whole replies (R1005: R320-R326).
import { describe, expect, it } from 'vitest';
import type { ReferenceOptions } from '../../../src/ratelimit/reference/reference-decision.ts';
import type { ReferenceDescriptor } from '../../../src/ratelimit/reference/reference-table.ts';
import {
  type Descriptor,
  descriptor,
  headersOf,
  limited,
  metadataOf,
  referenceTable,
  requestBytes,
  testLimiter,
} from './limiter-support.ts';

const OVER = 'OVER_LIMIT';

function serve(descriptors: readonly ReferenceDescriptor[], reference: Partial<ReferenceOptions> = {}) {
  const limiter = testLimiter({ reference });
  limiter.limiter.setTables({ reference: referenceTable(...descriptors) });
  const ask = (...asked: readonly Descriptor[]) => limiter.ask('d', asked);
  const statuses = (...asked: readonly Descriptor[]) => ask(...asked).statuses;
  return { ...limiter, ask, statuses, codes: (...asked: readonly Descriptor[]) => statuses(...asked).map(({ code }) => code) };
}

const d = (...entries: readonly (readonly [string, string])[]): Descriptor => ({ entries });
const shown = (requests: number, name?: string) => ({
  requests_per_unit: requests,
  unit: 'MINUTE',
  ...(name === undefined ? {} : { name }),
});
/** Which limit a request meets, by its number; undefined for none. */
const metBy = (descriptors: readonly ReferenceDescriptor[]) => {
  const { statuses } = serve(descriptors);
  return (...entries: readonly (readonly [string, string])[]) => statuses(d(...entries))[0]?.current_limit?.requests_per_unit;
};

describe('a limit of a reference table is found (R321)', () => {
  it('by exact key and value, then by patterns in the order of the file, then by the bare key', () => {
    const met = metBy([
      descriptor('k', limited(1)),
      descriptor('k', { value: 'a*', ...limited(2) }),
      descriptor('k', { value: 'ab*', ...limited(3) }),
      descriptor('k', { value: 'abc', ...limited(4) }),
      descriptor('k', { value: '/v*/x/*/y', ...limited(5) }),
    ]);
    const values = ['abc', 'abd', 'a', 'b', '', '/v1/x/2/y', '/v/x//y', '/v1/x/y', 'k_a'];
    expect(values.map((value) => met(['k', value]))).toEqual([4, 2, 2, 1, 1, 5, 5, 1, 1]);
    expect(met(['other', 'a'])).toBeUndefined();
  });

  it('without going back, and only at the depth of the last entry', () => {
    const met = metBy([
      descriptor('a', { value: 'x', descriptors: [descriptor('b', limited(2))] }),
      descriptor('a', { ...limited(1), descriptors: [descriptor('c', limited(3))] }),
    ]);
    expect([met(['a', 'y']), met(['a', 'y'], ['c', '1']), met(['a', 'x'], ['b', '1'])]).toEqual([1, 3, 2]);
    expect([met(['a', 'x']), met(['a', 'x'], ['c', '1']), met(['a', 'y'], ['c', '1'], ['d', '1']), met()]).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('by an empty value: a lone star and the bare key', () => {
    expect(metBy([descriptor('k', { value: '*', ...limited(2) }), descriptor('k', limited(1))])(['k', ''])).toBe(2);
    expect(metBy([descriptor('k', limited(1))])(['k', ''])).toBe(1);
    expect(metBy([descriptor('k', { value: 'a', ...limited(1) })])(['k', ''])).toBeUndefined();
  });

  it('with keys and values apart, where the reference joins them; a star in a key fits both joined (R326)', () => {
    const met = metBy([
      descriptor('a_b', { value: 'c', ...limited(1) }),
      descriptor('a', { value: 'b_c', ...limited(2) }),
      descriptor('q*', limited(3)),
    ]);
    expect([met(['a_b', 'c']), met(['a', 'b_c']), met(['a_b_c', '']), met(['qrs', 'x'])]).toEqual([1, 2, undefined, 3]);
  });
});

describe('a reference table answers', () => {
  it('with statuses as the reference has them (R305)', () => {
    const { ask, advance } = serve([descriptor('k', limited(2))]);
    const reply = (code: string, remaining: number, seconds: number) => ({
      overall_code: code,
      statuses: [
        { code, current_limit: shown(2), ...(remaining === 0 ? {} : { limit_remaining: remaining }), duration_until_reset: { seconds } },
      ],
    });
    expect(ask(d(['k', 'v']))).toEqual(reply('OK', 1, 60));
    advance(1_500);
    expect(ask(d(['k', 'v']))).toEqual(reply('OK', 0, 59));
    expect(ask(d(['k', 'v']))).toEqual(reply(OVER, 0, 59));
    advance(58_500);
    expect(ask(d(['k', 'v']))).toEqual(reply('OK', 1, 60));
  });

  it('in every unit, from the epoch (R320)', () => {
    const units = ['second', 'minute', 'hour', 'day', 'week', 'month', 'year'] as const;
    const { statuses } = serve(
      units.map((unit) => descriptor(unit, { limit: { name: '', replaces: [], rate: { unit, requestsPerUnit: 9 } } })),
    );
    const found = statuses(...units.map((unit) => d([unit, 'x'])));
    expect(found.map(({ current_limit: limit }) => limit?.unit)).toEqual(units.map((unit) => unit.toUpperCase()));
    const now = 1_795_348_800;
    const lengths = [1, 60, 3_600, 86_400, 604_800, 2_592_000, 31_536_000];
    expect(found.map(({ duration_until_reset: reset }) => Number(reset?.seconds))).toEqual(
      lengths.map((length) => length - (now % length)),
    );
  });

  it('for each descriptor alone: denied hits count, and others are not held back (R307)', () => {
    const { codes, statuses } = serve([descriptor('a', limited(1)), descriptor('b', limited(3))]);
    expect([codes(d(['a', 'x']), d(['b', 'x'])), codes(d(['a', 'x']), d(['b', 'x'])), codes(d(['a', 'x']), d(['b', 'x']))]).toEqual([
      ['OK', 'OK'],
      [OVER, 'OK'],
      [OVER, 'OK'],
    ]);
    expect(statuses({ ...d(['b', 'x']), hits: 0 })[0]?.code).toBe('OK');
    expect(codes(d(['b', 'x']))).toEqual([OVER]);
  });

  it('for descriptors that count the same one after the other', () => {
    const { statuses } = serve([descriptor('a', limited(3))]);
    expect(statuses(d(['a', 'x']), d(['a', 'x'])).map(({ limit_remaining: left }) => left)).toEqual([2, 1]);
    expect(statuses(d(['a', 'x']), d(['a', 'x'])).map(({ code }) => code)).toEqual(['OK', OVER]);
  });

  it('for hits of the request and of descriptors; 0 looks (R304)', () => {
    const { ask, statuses, send } = serve([descriptor('a', limited(10))]);
    expect(ask(d(['a', 'x'])).statuses[0]?.limit_remaining).toBe(9);
    expect(statuses({ ...d(['a', 'x']), hits: 4 })[0]?.limit_remaining).toBe(5);
    expect(statuses({ ...d(['a', 'x']), hits: 0 })[0]?.limit_remaining).toBe(5);
    send(requestBytes('d', [d(['a', 'x'])], 5));
    expect(statuses({ ...d(['a', 'x']), hits: 0 })[0]).toMatchObject({ code: 'OK' });
    expect(statuses({ ...d(['a', 'y']), hits: Number.MAX_SAFE_INTEGER })[0]?.code).toBe(OVER);
    expect(statuses({ ...d(['a', 'x']), hits: 1 })[0]?.code).toBe(OVER);
    expect(statuses({ ...d(['a', 'x']), hits: 0 })[0]?.code).toBe(OVER);
  });

  it('for the limit that a request brings, counted with the same key; a unit that does not exist is passed over (R322)', () => {
    const unknown: string[] = [];
    const limiter = testLimiter({
      listener: { counted: () => undefined, denied: () => undefined, failed: () => undefined, unknown: (what) => void unknown.push(what) },
    });
    limiter.limiter.setTables({ reference: referenceTable(descriptor('k', { shadowMode: true, ...limited(5) })) });
    const brought = (requests: number, unit: number) =>
      limiter.ask('d', [{ ...d(['k', 'v']), limit: { requests_per_unit: requests, unit } }]).statuses[0];
    expect(brought(1, 2)).toMatchObject({ code: 'OK', current_limit: shown(1) });
    expect(brought(1, 2)).toMatchObject({ code: OVER });
    expect(limiter.ask('d', [d(['k', 'v'])]).statuses[0]).toMatchObject({ limit_remaining: 2 });
    for (const unit of [0, 7, 99, 2_147_483_647]) expect(brought(1, unit)).toMatchObject({ code: 'OK', current_limit: shown(5) });
    expect(unknown).toEqual(['override', 'override', 'override', 'override']);
    expect(limiter.ask('nowhere', [{ ...d(['k', 'v']), limit: { requests_per_unit: 1, unit: 1 } }]).statuses).toEqual([{ code: 'OK' }]);
    expect(unknown.at(-1)).toBe('domain');
  });

  it('for replaced limits with plain OK, uncounted; an unlimited rule replaces, too (R322)', () => {
    const { statuses } = serve([
      descriptor('a', limited(1, 'small')),
      descriptor('b', limited(9, 'big', ['small'])),
      descriptor('c', { limit: { name: '', replaces: ['small', 'big'] } }),
    ]);
    for (let index = 0; index < 3; index += 1) expect(statuses(d(['a', 'x']), d(['b', 'x']))[0]).toEqual({ code: 'OK' });
    expect(statuses(d(['a', 'x']), d(['c', 'x']))).toEqual([{ code: 'OK' }, { code: 'OK', limit_remaining: 4_294_967_295 }]);
    expect(statuses(d(['a', 'x']))[0]).toMatchObject({ code: 'OK', current_limit: shown(1, 'small') });
  });

  it('for shadow_mode with OK, remaining 0 and the limit shown (R322)', () => {
    const { ask } = serve([descriptor('a', { shadowMode: true, ...limited(1) })]);
    ask(d(['a', 'x']));
    expect(ask(d(['a', 'x']))).toEqual({
      overall_code: 'OK',
      statuses: [{ code: 'OK', current_limit: shown(1), duration_until_reset: { seconds: 60 } }],
    });
  });

  it('for limits of 0 with OVER_LIMIT', () => {
    expect(serve([descriptor('a', limited(0))]).statuses(d(['a', 'x']))).toEqual([
      { code: OVER, current_limit: { unit: 'MINUTE' }, duration_until_reset: { seconds: 60 } },
    ]);
  });
});

describe('share_threshold (R323)', () => {
  it('counts all values of a pattern together, for nested limits too; others and bare keys apart', () => {
    const { codes } = serve([
      descriptor('f', { value: 'files/*', shareThreshold: true, ...limited(1), descriptors: [descriptor('m', limited(1))] }),
      descriptor('f', { value: 'docs/*', ...limited(1) }),
      descriptor('g', limited(1)),
    ]);
    expect([codes(d(['f', 'files/a'])), codes(d(['f', 'files/b']))]).toEqual([['OK'], [OVER]]);
    expect([
      codes(d(['f', 'files/a'], ['m', '1'])),
      codes(d(['f', 'files/b'], ['m', '1'])),
      codes(d(['f', 'files/b'], ['m', '2'])),
    ]).toEqual([['OK'], [OVER], ['OK']]);
    expect([codes(d(['f', 'docs/a'])), codes(d(['f', 'docs/b'])), codes(d(['g', 'a'])), codes(d(['g', 'b']))]).toEqual([
      ['OK'],
      ['OK'],
      ['OK'],
      ['OK'],
    ]);
  });
});

describe('quota_mode (R323)', () => {
  const rules = [
    descriptor('q', { quotaMode: true, ...limited(1) }),
    descriptor('r', { quotaMode: true, ...limited(2) }),
    descriptor('n', limited(3)),
  ];

  it('denies when all quotas are over, or any other limit is', () => {
    const { ask } = serve(rules);
    const asked = [d(['q', 'x']), d(['r', 'x']), d(['n', 'x'])];
    expect(ask(...asked).overall_code).toBe('OK');
    const second = ask(...asked);
    expect([second.overall_code, second.statuses.map(({ code }) => code)]).toEqual(['OK', [OVER, 'OK', 'OK']]);
    expect(ask(...asked).overall_code).toBe(OVER);
    const { ask: askOthers } = serve(rules);
    for (let index = 0; index < 3; index += 1) expect(askOthers(d(['n', 'x']), d(['q', String(index)])).overall_code).toBe('OK');
    expect(askOthers(d(['n', 'x']), d(['q', '9'])).overall_code).toBe(OVER);
  });

  it('for all by --quota-mode: what meets no limit is a quota that is not over (R325)', () => {
    const { ask } = serve([descriptor('n', limited(1))], { isQuota: true });
    ask(d(['n', 'x']));
    expect(ask(d(['n', 'x']), d(['unknown', 'x'])).overall_code).toBe('OK');
    expect(ask(d(['n', 'x'])).overall_code).toBe(OVER);
  });
});

describe('options of the reference (R325)', () => {
  it('--reference-headers tell of the last that is over, else of the least left', () => {
    const headers = { limit: 'RateLimit-Limit', remaining: 'RateLimit-Remaining', reset: 'RateLimit-Reset' };
    const { ask } = serve(
      [descriptor('a', limited(1)), descriptor('b', limited(5)), descriptor('c', { limit: { name: '', replaces: [] } })],
      { headers },
    );
    expect(headersOf(ask(d(['b', 'x']), d(['a', 'x'])))).toEqual({
      'RateLimit-Limit': '1',
      'RateLimit-Remaining': '0',
      'RateLimit-Reset': '60',
    });
    expect(headersOf(ask(d(['b', 'x'])))).toEqual({ 'RateLimit-Limit': '5', 'RateLimit-Remaining': '3', 'RateLimit-Reset': '60' });
    expect(headersOf(ask(d(['c', 'x']), d(['none', 'x'])))).toEqual({});
  });

  it('--shadow denies nothing, though statuses say what would be', () => {
    const { ask } = serve([descriptor('a', limited(0))], { isShadow: true });
    expect(ask(d(['a', 'x']))).toMatchObject({ overall_code: 'OK', statuses: [{ code: OVER }] });
  });

  it('--reference-metadata tells the request, and metadata of what passed, merged, the first value wins (R323)', () => {
    const { limiter, send, ask } = serve(
      [
        descriptor('a', { ...limited(9), metadata: { tier: { name: 'gold', level: 1 }, only: 'a' } }),
        descriptor('b', { ...limited(9), metadata: { tier: { name: 'tin', extra: true }, only: 'b', list: [1, null] } }),
        descriptor('z', { ...limited(0), metadata: { denied: 'yes' } }),
      ],
      { hasMetadata: true },
    );
    expect(limiter.table).toBeDefined();
    const reply = ask(d(['a', 'x'], ['no', 'y']), d(['a', 'x']), { ...d(['b', 'y']), hits: 2 }, d(['z', '1']));
    expect(metadataOf(reply)).toEqual({
      domain: 'd',
      descriptors: [{ entries: ['a=x', 'no=y'] }, { entries: ['a=x'] }, { entries: ['b=y'], hitsAddend: 2 }, { entries: ['z=1'] }],
      metadata: { tier: { name: 'gold', level: 1, extra: true }, only: 'a', list: [1, null] },
    });
    expect(send(requestBytes('d', [{ ...d(['a', 'x']), limit: { requests_per_unit: 7, unit: 3 } }], 4))).toBeInstanceOf(Uint8Array);
  });
});

describe('the metric path of a reference rule (R324)', () => {
  const pathOf = (descriptors: readonly ReferenceDescriptor[], ...entries: readonly (readonly [string, string])[]) => {
    const { ask, counts } = serve(descriptors);
    ask(d(...entries));
    return [...counts.rules].filter(([, rule]) => rule.hits > 0).map(([path]) => path);
  };

  it.each<[string, readonly ReferenceDescriptor[], readonly (readonly [string, string])[], string]>([
    [
      'configured values',
      [descriptor('a', { value: 'x', descriptors: [descriptor('b', limited(9))] })],
      [
        ['a', 'x'],
        ['b', 'y'],
      ],
      'd.a_x.b',
    ],
    ['patterns as written', [descriptor('a', { value: 'x*', ...limited(9) })], [['a', 'x1']], 'd.a_x*'],
    [
      'value_to_metric',
      [descriptor('a', { valueToMetric: true, descriptors: [descriptor('b', limited(9))] })],
      [
        ['a', 'x'],
        ['b', 'y'],
      ],
      'd.a_x.b',
    ],
    ['value_to_metric of a pattern', [descriptor('a', { value: 'x*', valueToMetric: true, ...limited(9) })], [['a', 'x1']], 'd.a_x1'],
    [
      'detailed_metric',
      [descriptor('a', { descriptors: [descriptor('b', { detailedMetric: true, ...limited(9) })] })],
      [
        ['a', 'x'],
        ['b', 'y'],
      ],
      'd.a_x.b_y',
    ],
    [
      'share_threshold before value_to_metric',
      [descriptor('a', { value: 'x*', valueToMetric: true, shareThreshold: true, ...limited(9) })],
      [['a', 'x1']],
      'd.a_x*',
    ],
    [
      'share_threshold before detailed_metric',
      [descriptor('a', { value: 'x*', detailedMetric: true, shareThreshold: true, ...limited(9) })],
      [['a', 'x1']],
      'd.a_x*',
    ],
    ['an empty value', [descriptor('a', { valueToMetric: true, ...limited(9) })], [['a', '']], 'd.a'],
  ])('shows %s', (_what, descriptors, entries, expected) => {
    expect(pathOf(descriptors, ...entries)).toEqual([expected]);
  });

  it('is one of a thousand, then other', () => {
    const { ask, counts } = serve([descriptor('a', { detailedMetric: true, ...limited(9) })]);
    for (let index = 0; index < 1_010; index += 1) ask(d(['a', String(index)]));
    expect([counts.rules.size, counts.rules.get('other')?.hits]).toEqual([1_001, 10]);
  });

  it('and metadata survives value_to_metric (R326)', () => {
    const { ask } = serve([descriptor('a', { valueToMetric: true, ...limited(9), metadata: { m: 1 } })], { hasMetadata: true });
    expect(metadataOf(ask(d(['a', 'x']))).metadata).toEqual({ m: 1 });
  });
});
