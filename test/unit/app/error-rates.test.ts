import { describe, expect, test } from 'vitest';
import { createErrorRates } from '../../../src/app/error-rates.ts';
import { createLoadReports } from '../../../src/xds/load-reports.ts';

const AT_MS = 100_000;

/** Node → service → [answers, errors]. */
function rates(loads: Readonly<Record<string, Readonly<Record<string, readonly [completed: number, errors: number]>>>>) {
  const reports = createLoadReports({ nowMs: () => AT_MS });
  for (const [id, services] of Object.entries(loads)) {
    reports.record(
      { gateway: 'edge', id },
      Object.entries(services).map(([service, [completed, errors]]) => ({
        service,
        intervalMs: 1_000,
        total: { completed, errors, issued: completed, inProgress: 0 },
        localities: [],
        dropped: 0,
        droppedByCategory: {},
      })),
    );
  }
  return createErrorRates(reports).since('edge', { sinceMs: AT_MS - 2_000, nodes: new Set(['wave']) });
}

describe('D14: error rates of a revision', () => {
  test('are those of the worst service of the nodes that run it: a small one is not drowned by a large one', () => {
    expect(rates({ wave: { large: [10_000, 10], small: [40, 30] } })).toEqual({ requests: 40, errors: 30 });
  });

  test('leave out services with too few answers, and are undefined without any', () => {
    expect(rates({ wave: { rare: [5, 5], usual: [50, 1] } })).toEqual({ requests: 50, errors: 1 });
    expect(rates({ wave: { rare: [5, 5] } })).toBeUndefined();
    expect(rates({ rest: { usual: [50, 50] } })).toBeUndefined();
  });

  test('leave out a service that fails as much where the revision does not run', () => {
    expect(rates({ wave: { down: [50, 40], other: [50, 2] }, rest: { down: [500, 450], other: [500, 5] } })).toEqual({
      requests: 50,
      errors: 2,
    });
    expect(rates({ wave: { broken: [50, 40] }, rest: { broken: [500, 5] } })).toEqual({ requests: 50, errors: 40 });
  });
});
