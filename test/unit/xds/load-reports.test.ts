import { describe, expect, test } from 'vitest';
import { withoutIdleClusters } from '../../../src/xds/idle-clusters.ts';
import type { ServiceReport } from '../../../src/xds/load-report.ts';
import { createLoadReports } from '../../../src/xds/load-reports.ts';
import { readClusterStats } from '../../../src/xds/read-load-stats.ts';

const report = (service: string, completed: number, errors = 0, intervalMs = 10_000): ServiceReport => ({
  service,
  intervalMs,
  total: { completed, errors, issued: completed, inProgress: 1 },
  localities: [{ locality: 'eu/a', priority: 0, load: { completed, errors, issued: completed, inProgress: 1 } }],
  dropped: 0,
  droppedByCategory: {},
});

function started(options: { readonly keepMs?: number; readonly maxCounts?: number } = {}) {
  const clock = { nowMs: 100_000 };
  return { clock, reports: createLoadReports({ nowMs: () => clock.nowMs, ...options }) };
}

describe('load reports', () => {
  test('R29: what came since a moment is summed over nodes, and a report that began before it is left out', () => {
    const { clock, reports } = started();
    reports.record({ gateway: 'edge', id: 'n1' }, [report('a', 10, 1)]);
    clock.nowMs = 105_000;
    reports.record({ gateway: 'edge', id: 'n2' }, [report('a', 20, 20)]);
    clock.nowMs = 110_000;
    reports.record({ gateway: 'edge', id: 'n1' }, [report('a', 30, 3), report('b', 7)]);
    reports.record({ gateway: 'other', id: 'n1' }, [report('a', 1_000)]);
    const since = (sinceMs: number) => Object.fromEntries(reports.since({ gateway: 'edge', sinceMs }));
    expect(since(100_000)).toEqual({ a: { completed: 30, errors: 3, dropped: 0 }, b: { completed: 7, errors: 0, dropped: 0 } });
    expect(since(95_000)).toMatchObject({ a: { completed: 50, errors: 23 } });
    expect(since(0)).toMatchObject({ a: { completed: 60, errors: 24 } });
    expect(since(110_001)).toEqual({});
  });

  test('D14: the counts of a set of nodes tell a wave from the others', () => {
    const { reports } = started();
    reports.record({ gateway: 'edge', id: 'wave' }, [report('a', 10, 10)]);
    reports.record({ gateway: 'edge', id: 'rest' }, [report('a', 90)]);
    const load = (nodes: readonly string[]) => reports.since({ gateway: 'edge', sinceMs: 0, nodes: new Set(nodes) }).get('a');
    expect(load(['wave'])).toMatchObject({ completed: 10, errors: 10 });
    expect(load(['rest'])).toMatchObject({ completed: 90, errors: 0 });
    expect(load(['nobody'])).toBeUndefined();
  });

  test('R29: status shows rates of the latest reports by service and place; who left shows no more', () => {
    const { reports } = started();
    reports.record({ gateway: 'edge', id: 'n1' }, [report('a', 10), report('gone', 5)]);
    reports.record({ gateway: 'edge', id: 'n1' }, [report('a', 50, 5, 5_000)]);
    reports.record({ gateway: 'edge', id: 'n2' }, [report('a', 20)]);
    expect(reports.status()).toEqual([
      {
        gateway: 'edge',
        nodes: 2,
        services: {
          a: {
            requestsPerSecond: 12,
            errorsPerSecond: 1,
            droppedPerSecond: 0,
            inProgress: 2,
            localities: { 'eu/a': { requestsPerSecond: 12, inProgress: 2 } },
          },
        },
      },
    ]);
    reports.forget({ gateway: 'edge', id: 'n1' });
    expect(reports.status()).toMatchObject([{ nodes: 1, services: { a: { requestsPerSecond: 2 } } }]);
  });

  test('memory is bounded by age and by number', () => {
    const { clock, reports } = started({ keepMs: 1_000, maxCounts: 100 });
    for (let turn = 0; turn < 1_000; turn += 1) reports.record({ gateway: 'edge', id: 'n' }, [report('a', 1, 0, 0)]);
    expect(reports.since({ gateway: 'edge', sinceMs: 0 }).get('a')?.completed).toBeLessThanOrEqual(125);
    clock.nowMs += 2_000;
    reports.record({ gateway: 'edge', id: 'n' }, [report('a', 1, 0, 0)]);
    expect(reports.since({ gateway: 'edge', sinceMs: 0 }).get('a')?.completed).toBe(1);
  });

  test('clusters without load are left out before decoding; all others, and what is no report, stay as they are', () => {
    const delimited = (field: number, value: Buffer | string): Buffer => {
      const bytes = Buffer.from(value);
      return Buffer.concat([Buffer.from([(field << 3) | 2, bytes.length]), bytes]);
    };
    const interval = delimited(4, Buffer.from([0x08, 10]));
    const idle = Buffer.concat([delimited(1, 'idle'), interval, delimited(6, 'idle')]);
    const inProgress = delimited(2, Buffer.from([0x18, 1]));
    const droppedInAll = Buffer.from([0x18, 3]);
    const dropped = delimited(5, Buffer.concat([delimited(1, 'category'), Buffer.from([0x10, 1])]));
    const busy = [inProgress, droppedInAll, dropped].map((load) => Buffer.concat([delimited(1, 'busy'), load, interval]));
    const encode = (stats: readonly Buffer[]): Buffer =>
      Buffer.concat([delimited(1, delimited(1, 'node')), ...stats.map((value) => delimited(2, value))]);
    expect(withoutIdleClusters(encode([idle, ...busy, idle])).equals(encode(busy))).toBe(true);
    expect(withoutIdleClusters(encode([idle])).equals(encode([]))).toBe(true);
    for (const bytes of [encode(busy), Buffer.from('no message'), Buffer.alloc(0), encode([idle]).subarray(0, -3)])
      expect(withoutIdleClusters(bytes).equals(bytes)).toBe(true);
  });

  test('R29: reads counts, places, priorities and drops by category', () => {
    const read = readClusterStats({
      cluster_name: 'a',
      load_report_interval: { seconds: 1, nanos: 500_000_000 },
      total_dropped_requests: 3,
      dropped_requests: [{ category: 'throttle', dropped_count: 3 }],
      upstream_locality_stats: [
        {
          locality: { region: 'eu', zone: 'a' },
          priority: 1,
          total_successful_requests: 4,
          total_error_requests: 1,
          total_issued_requests: 6,
        },
        { total_successful_requests: 2, total_requests_in_progress: 5 },
      ],
    });
    expect(read).toEqual({
      service: 'a',
      intervalMs: 1_500,
      dropped: 3,
      droppedByCategory: { throttle: 3 },
      total: { completed: 7, errors: 1, issued: 6, inProgress: 5 },
      localities: [
        { locality: 'eu/a', priority: 1, load: { completed: 5, errors: 1, issued: 6, inProgress: 0 } },
        { locality: '', priority: 0, load: { completed: 2, errors: 0, issued: 0, inProgress: 5 } },
      ],
    });
  });
});
