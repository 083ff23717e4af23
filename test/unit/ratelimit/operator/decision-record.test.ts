import { describe, expect, it } from 'vitest';
import { DECISION_RESULTS } from '../../../../src/ratelimit/decision-counts.ts';
import { DecisionRecord, sumOfPaces } from '../../../../src/ratelimit/operator/decision-record.ts';
import { KeySketch } from '../../../../src/ratelimit/operator/key-sketch.ts';
import { counterKey } from '../../../../src/ratelimit/store/counter-key.ts';

const key = (name: string) => counterKey(Buffer.from('secret'), { domain: 'd', identity: 'i', parts: [name] });

describe('what a limit decided, for operators', () => {
  it('is told since it last changed, with the counters that were over since then; metrics go on (ratelimit R811)', () => {
    const record = new DecisionRecord(1_000);
    const counts = record.counts.ofLimit('per-user');
    counts.add('over');
    record.over('per-user', key('anna'));
    record.over('per-user', key('anna'));
    expect(record.of('per-user', false)).toMatchObject({ sinceMs: 1_000, decisions: { over: 1 } });
    expect(KeySketch.sum([record.of('per-user', false).overKeys]).size).toEqual({ count: 1, isExact: true });
    record.changed('per-user', 5_000);
    counts.add('shadow_over');
    expect(record.of('per-user', false)).toMatchObject({ sinceMs: 5_000, decisions: { shadow_over: 1 } });
    expect(KeySketch.sum([record.of('per-user', false).overKeys]).size.count).toBe(0);
    expect(counts.of('over')).toBe(1);
    expect(record.of('other', false).decisions).toEqual({});
  });

  it('has a pace over the last ten seconds (ratelimit R811)', () => {
    const record = new DecisionRecord(0);
    const counts = record.counts.ofLimit('per-user');
    const still = { allowed: 0, denied: 0, wouldDeny: 0, degraded: 0, shed: 0 };
    record.look(0);
    expect(record.of('per-user', false).perSecond).toEqual(still);
    for (let second = 1; second <= 20; second += 1) {
      for (const result of ['ok', 'near', 'shadow_over', 'over', 'degraded_over'] as const) counts.add(result);
      record.look(second * 1_000);
    }
    const pace = { allowed: 3, denied: 2, wouldDeny: 1, degraded: 1, shed: 0 };
    expect(record.of('per-user', false).perSecond).toEqual(pace);
    expect(sumOfPaces([pace, pace])).toEqual({ allowed: 6, denied: 4, wouldDeny: 2, degraded: 2, shed: 0 });
    for (let second = 21; second <= 40; second += 1) record.look(second * 1_000);
    expect(record.of('per-user', false).perSecond).toEqual(still);
  });

  it('counts every result as passed, denied or shed, and in shadow mode nothing as denied (ratelimit R108, R810)', () => {
    const known = DECISION_RESULTS.filter((result) => result !== 'unknown_limit');
    for (const result of known) {
      const record = new DecisionRecord(0);
      record.counts.ofLimit('per-user').add(result);
      record.look(0);
      record.counts.ofLimit('per-user').add(result);
      record.look(1_000);
      const { allowed, denied, shed } = record.of('per-user', false).perSecond;
      expect(allowed + denied + shed).toBe(1);
      const wouldDeny = denied + (result === 'shadow_over' ? 1 : 0);
      expect(record.of('per-user', true).perSecond).toMatchObject({ denied: 0, allowed: allowed + denied, wouldDeny });
    }
  });
});
