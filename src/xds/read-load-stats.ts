// Load reports from the messages of the load-reporting service. Decodes nothing and keeps nothing.
import type { ClusterStatsOutput } from '../proto/generated/envoy/config/endpoint/v3/ClusterStats.ts';
import type { UpstreamLocalityStatsOutput } from '../proto/generated/envoy/config/endpoint/v3/UpstreamLocalityStats.ts';
import type { DurationOutput } from '../proto/generated/google/protobuf/Duration.ts';
import { addLoad, type Load, type LocalityLoad, NO_LOAD, type ServiceReport } from './load-report.ts';

export function readClusterStats(stats: ClusterStatsOutput): ServiceReport {
  const localities = (stats.upstream_locality_stats ?? []).map(readLocality);
  const droppedByCategory = Object.fromEntries(
    (stats.dropped_requests ?? []).map((dropped) => [dropped.category ?? '', dropped.dropped_count ?? 0]),
  );
  return {
    service: stats.cluster_name ?? '',
    intervalMs: milliseconds(stats.load_report_interval),
    total: localities.reduce((sum, { load }) => addLoad(sum, load), NO_LOAD),
    localities,
    dropped: stats.total_dropped_requests ?? 0,
    droppedByCategory,
  };
}

function readLocality(stats: UpstreamLocalityStatsOutput): LocalityLoad {
  const { region, zone, sub_zone: subZone } = stats.locality ?? {};
  return { locality: [region, zone, subZone].filter(Boolean).join('/'), priority: stats.priority ?? 0, load: readLoad(stats) };
}

function readLoad(stats: UpstreamLocalityStatsOutput): Load {
  const errors = stats.total_error_requests ?? 0;
  return {
    completed: errors + (stats.total_successful_requests ?? 0),
    errors,
    issued: stats.total_issued_requests ?? 0,
    inProgress: stats.total_requests_in_progress ?? 0,
  };
}

function milliseconds(duration: DurationOutput | null | undefined): number {
  return Number(duration?.seconds ?? 0) * 1_000 + (duration?.nanos ?? 0) / 1_000_000;
}
