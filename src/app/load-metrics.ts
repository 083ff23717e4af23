// Counts load reports in the program's metrics. Keeps the labels bounded: clients name services freely.
import type { Metrics } from '../telemetry/metrics.ts';
import type { LoadReports } from '../xds/load-reports.ts';

export interface LoadMetricsOptions {
  readonly metrics: Metrics;
  /** Whether the gateway has such a service now; load of others is kept, and not counted here. */
  readonly hasService: (gateway: string, service: string) => boolean;
}

/** `reports`, and what is recorded in them is counted. */
export function countedLoadReports(reports: LoadReports, { metrics, hasService }: LoadMetricsOptions): LoadReports {
  metrics.beforeRead(() => metrics.replace('chancery_load_requests_in_progress', inProgress(reports, hasService)));
  return {
    ...reports,
    record: (node, given) => {
      reports.record(node, given);
      for (const { service, total, dropped } of given) {
        if (!hasService(node.gateway, service)) continue;
        const labels = { gateway: node.gateway, service };
        metrics.increment('chancery_load_requests_total', { ...labels, result: 'ok' }, Math.max(0, total.completed - total.errors));
        metrics.increment('chancery_load_requests_total', { ...labels, result: 'error' }, total.errors);
        metrics.increment('chancery_load_requests_total', { ...labels, result: 'dropped' }, dropped);
      }
    },
  };
}

type Series = readonly (readonly [{ readonly gateway: string; readonly service: string }, number])[];

function inProgress(reports: LoadReports, hasService: LoadMetricsOptions['hasService']): Series {
  return reports
    .status()
    .flatMap(({ gateway, services }) =>
      Object.entries(services).flatMap(([service, rates]) =>
        hasService(gateway, service) ? [[{ gateway, service }, rates.inProgress] as const] : [],
      ),
    );
}
