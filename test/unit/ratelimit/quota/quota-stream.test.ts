// What one stream may hold, and what it hears of limits that change or go under it (ratelimit R701, R707).
import { describe, expect, it } from 'vitest';
import type { LimitTable } from '../../../../src/ratelimit/limit-table.ts';
import { MemoryStore } from '../../../../src/ratelimit/memory/memory-store.ts';
import { QuotaAllocator } from '../../../../src/ratelimit/quota/quota-allocator.ts';
import type { QuotaBudget } from '../../../../src/ratelimit/quota/quota-budget.ts';
import { QuotaStream } from '../../../../src/ratelimit/quota/quota-stream.ts';
import type { BucketAction } from '../../../../src/ratelimit/quota/usage-report.ts';
import { StoreClock } from '../../../../src/ratelimit/store/store-clock.ts';
import { SILENT_LISTENER } from '../../../../src/ratelimit/store/store-listener.ts';
import { perSecond, rule, START_MS } from '../limiter-support.ts';

const DOMAIN = 'chancery.edge';

function tableOf(limit: number | undefined): LimitTable {
  const limits = limit === undefined ? [] : [rule('bucket', { quota: { reserve: 0.05 }, rates: [perSecond(limit)] })];
  return { revision: `r${limit}`, domains: [{ domain: DOMAIN, limits }] };
}

function opened() {
  let nowMs = 0;
  const clock = new StoreClock({ wallMs: () => START_MS + nowMs, monotonicMs: () => nowMs });
  const store = new MemoryStore({ clock, listener: SILENT_LISTENER, random: () => 0.5 });
  let named = 0;
  const allocator = new QuotaAllocator({ store, keySecret: Buffer.from('secret'), nowMs: () => nowMs, newName: () => `a.${(named += 1)}` });
  allocator.setTable(tableOf(1_000));
  const told: BucketAction[] = [];
  const again = () => {
    const stream = allocator.open({ proxy: '10.0.0.1', send: (action) => void told.push(action) });
    const report = (subjects: readonly string[], elapsedSeconds: number, allowed = 10) =>
      stream.report({
        domain: DOMAIN,
        usages: subjects.map((subject) => ({ id: { limit: 'bucket', 'jwt.sub': subject }, elapsedSeconds, allowed, denied: 0 })),
      });
    return { report, idle: (subjects: readonly string[]) => report(subjects, 5, 0), close: () => stream.close() };
  };
  return {
    allocator,
    told,
    again,
    report: again().report,
    second: async () => {
      nowMs += 1_000;
      await allocator.tick();
    },
  };
}

describe('the buckets of a quota stream', () => {
  it('are 1,000 at most: the one that was idle longest is abandoned for a new one (ratelimit R707)', async () => {
    const { allocator, told, report, second } = opened();
    const subjects = Array.from({ length: 1_000 }, (_, at) => `s${at}`);
    report(subjects, 0);
    for (let time = 0; time < 5; time += 1) await second();
    report(
      subjects.filter((subject) => subject !== 's7'),
      5,
    );
    await second();
    expect(told.filter(({ kind }) => kind === 'abandon')).toEqual([]);
    report(['newcomer'], 0);
    await second();
    expect(told.filter(({ kind }) => kind === 'abandon').map(({ id }) => id['jwt.sub'])).toEqual(['s7']);
    expect(allocator.counts().buckets).toBe(1_000);
  });

  it('make way for as many newcomers as come without being looked through for each of them (ratelimit R707)', () => {
    let looks = 0;
    let nowMs = 0;
    const abandoned: number[] = [];
    const budget = {
      join: () => {
        const busyMs = (nowMs += 1);
        return {
          get busyMs() {
            looks += 1;
            return busyMs;
          },
          number: busyMs,
        };
      },
      abandon: ({ number }: { readonly number: number }) => void abandoned.push(number),
    };
    const stream = new QuotaStream({
      proxy: '10.0.0.1',
      send: () => {},
      budgetOf: () => budget as unknown as QuotaBudget,
      isCurrent: () => true,
      onClose: () => {},
    });
    const newcomers = 5_000;
    for (let at = 0; at < 1_000 + newcomers; at += 1) {
      stream.report({ domain: DOMAIN, usages: [{ id: { limit: 'bucket', at: String(at) }, elapsedSeconds: 0, allowed: 1, denied: 0 }] });
    }
    expect(abandoned).toEqual(Array.from({ length: newcomers }, (_, at) => at + 1));
    expect(looks).toBeLessThan(newcomers * 10);
  });

  it('that go on from a closed stream are forgotten by how long they were idle there too (ratelimit R707)', async () => {
    const { again, told, report, second } = opened();
    report(['old'], 0);
    for (let time = 0; time < 5; time += 1) await second();
    const other = again();
    other.report(
      Array.from({ length: 1_000 }, (_, at) => `s${at}`),
      0,
    );
    await second();
    other.report(['first'], 0);
    await second();
    expect(told.filter(({ kind }) => kind === 'abandon').map(({ id }) => id['jwt.sub'])).toEqual(['s0']);
    other.close();
    const last = again();
    last.report(
      Array.from({ length: 999 }, (_, at) => `t${at}`),
      0,
    );
    last.report(['u', 'v'], 0);
    last.idle(['s1', 's2']);
    last.report(['w', 'x'], 0);
    await second();
    const abandoned = told.filter(({ kind }) => kind === 'abandon').map(({ id }) => id['jwt.sub']);
    expect(new Set(abandoned.slice(1))).toEqual(new Set(['t0', 't1', 't2', 's1', 's2']));
  });

  it('get the new numbers of a limit that is changed, and are abandoned once it is gone (ratelimit R703, R707)', async () => {
    const { allocator, told, report, second } = opened();
    const run = async (seconds: number): Promise<void> => {
      for (let time = 1; time <= seconds; time += 1) {
        await second();
        if (time % 5 === 0) report(['one'], 5);
      }
      await second();
    };
    report(['one'], 0);
    await run(10);
    allocator.setTable(tableOf(100));
    await run(10);
    const last = told.at(-1);
    expect(last).toMatchObject({ kind: 'assign', id: { 'jwt.sub': 'one' } });
    if (last?.kind === 'assign') expect(last.assignment.share / last.assignment.fillSeconds).toBeLessThanOrEqual(100);
    allocator.setTable(tableOf(undefined));
    await run(5);
    expect(told.at(-1)).toEqual({ kind: 'abandon', id: { limit: 'bucket', 'jwt.sub': 'one' } });
    expect(allocator.counts().buckets).toBe(0);
  });
});
