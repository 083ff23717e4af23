// Operators' changes of limits that are divided, and who has what (ratelimit R704, R706, R811).
import { describe, expect, it } from 'vitest';
import type { LimitTable } from '../../../../src/ratelimit/limit-table.ts';
import { MemoryStore } from '../../../../src/ratelimit/memory/memory-store.ts';
import { QuotaAllocator } from '../../../../src/ratelimit/quota/quota-allocator.ts';
import { counterOf, nameOfLimit, quotaLimits } from '../../../../src/ratelimit/quota/quota-limit.ts';
import type { BucketAction } from '../../../../src/ratelimit/quota/usage-report.ts';
import { StoreClock } from '../../../../src/ratelimit/store/store-clock.ts';
import { SILENT_LISTENER } from '../../../../src/ratelimit/store/store-listener.ts';
import { perSecond, rule, START_MS } from '../limiter-support.ts';

const DOMAIN = 'chancery.edge';
const KEY = Buffer.from('secret');
const HOUR = 3_600_000_000;
const TABLE: LimitTable = {
  revision: 'r1',
  domains: [
    {
      domain: DOMAIN,
      limits: [
        rule('window', { parts: [], quota: { reserve: 0 }, rates: [{ limit: 36_000, algorithm: 'fixed', periodUs: HOUR, burst: 36_000 }] }),
        rule('bucket', { quota: { reserve: 0.05 }, rates: [perSecond(1_000)] }),
      ],
    },
  ],
};

function fleet() {
  let nowMs = 0;
  const clock = new StoreClock({ wallMs: () => START_MS + nowMs, monotonicMs: () => nowMs });
  const store = new MemoryStore({ clock, listener: SILENT_LISTENER, random: () => 0.5 });
  let named = 0;
  const allocator = new QuotaAllocator({ store, keySecret: KEY, nowMs: () => nowMs, newName: () => `a.${(named += 1)}` });
  allocator.setTable(TABLE);
  const open = (proxy: string, id: Readonly<Record<string, string>>) => {
    const told: BucketAction[] = [];
    const stream = allocator.open({ proxy, send: (action) => void told.push(action) });
    return {
      report: (allowed: number, elapsedSeconds: number) =>
        stream.report({ domain: DOMAIN, usages: [{ id, elapsedSeconds, allowed, denied: 0 }] }),
      share: () => {
        const last = told.at(-1);
        return last?.kind === 'assign' ? last.assignment.share : undefined;
      },
      close: () => stream.close(),
    };
  };
  const second = async () => {
    nowMs += 1_000;
    await allocator.tick();
  };
  return { allocator, store, open, second, nowMs: () => nowMs };
}

describe('a window that is divided', () => {
  it('is divided anew at once where an operator takes what is left, and again when it is given back (ratelimit R706, R811)', async () => {
    const { allocator, store, open, second } = fleet();
    const proxy = open('10.0.0.1', { limit: 'window' });
    proxy.report(0, 0);
    await second();
    expect(proxy.share()).toBeGreaterThan(0);
    const limit = quotaLimits(TABLE).get(nameOfLimit(DOMAIN, 'window'));
    if (limit === undefined) throw new Error('no limit');
    const counter = counterOf(limit, [], KEY);
    const { remaining } = await store.read(counter);
    store.take([{ ...counter, kind: 'debit', hits: remaining, isShadow: false }]);
    await allocator.changed('of another counter');
    expect(proxy.share()).toBeGreaterThan(0);
    await allocator.changed(counter.key.text);
    expect(proxy.share()).toBe(0);
    await store.reset(counter);
    for (let time = 0; time < 8; time += 1) {
      await second();
      if (time % 5 === 0) proxy.report(0, 5);
      await allocator.changed(counter.key.text);
    }
    expect(proxy.share()).toBeGreaterThan(0);
  });
});

describe('who has what of a bucket that is divided', () => {
  it('is told by budget, with what is kept free, and the sum is never above the rate (ratelimit R703, R704, R811)', async () => {
    const { allocator, open, second } = fleet();
    const busy = open('10.0.0.1', { limit: 'bucket', 'jwt.sub': 'subject-4711' });
    const calm = open('10.0.0.2', { limit: 'bucket', 'jwt.sub': 'subject-4711' });
    const other = open('10.0.0.3', { limit: 'bucket', 'jwt.sub': 'other' });
    other.report(0, 0);
    busy.report(0, 0);
    calm.report(0, 0);
    for (let time = 0; time < 30; time += 1) {
      await second();
      if (time % 5 !== 4) continue;
      busy.report(4_000, 5);
      calm.report(100, 5);
      other.report(1, 5);
    }
    const shares = allocator.shares(DOMAIN, 'bucket');
    expect(shares).toHaveLength(2);
    const largest = shares.find(({ holders }) => holders.length === 2);
    expect(largest).toMatchObject({ perSecond: 1_000, burst: 1_000, reservePerSecond: 50, others: 0 });
    expect(largest?.holders.map(({ proxy, isClosed }) => [proxy, isClosed])).toEqual([
      ['10.0.0.1', false],
      ['10.0.0.2', false],
    ]);
    const given = largest?.holders.reduce((sum, { perSecond: share }) => sum + share, 0);
    expect(largest?.givenPerSecond).toBe(given);
    expect(given).toBeLessThanOrEqual(1_000);
    expect(largest?.holders[0]?.perSecond).toBe(busy.share());
    expect(allocator.shares(DOMAIN, 'bucket', largest?.hash)).toEqual([largest]);
    expect(allocator.shares(DOMAIN, 'window')).toEqual([]);
    expect(JSON.stringify(shares)).not.toContain('4711');
    busy.close();
    expect(allocator.shares(DOMAIN, 'bucket', largest?.hash)[0]?.holders[0]).toMatchObject({ proxy: '10.0.0.1', isClosed: true });
  });
});
