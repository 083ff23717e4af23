// Load reports from the messages of the load-reporting service. Keeps nothing.
import type { ClusterStatsOutput } from '../proto/generated/envoy/config/endpoint/v3/ClusterStats.ts';
import type { UpstreamLocalityStatsOutput } from '../proto/generated/envoy/config/endpoint/v3/UpstreamLocalityStats.ts';
import type { DurationOutput } from '../proto/generated/google/protobuf/Duration.ts';
import { addLoad, type Load, type LocalityLoad, NO_LOAD, type ServiceReport } from './load-report.ts';
import { delimitedFields, wireMessage, writeMessage } from './wire.ts';

/** Fields of a LoadStatsRequest. */
const CLUSTER_STATS = 2;
/** Fields of ClusterStats that an idle cluster has: its name, the interval, its name as a service. */
const OF_IDLE_CLUSTERS: ReadonlySet<number> = new Set([1, 4, 6]);

/**
 * An encoded LoadStatsRequest without the clusters that had no load: Envoy names every cluster in each report, and decoding ten thousand of
 * them costs more than all else. Bytes that are no such message stay as they are.
 */
export function withoutIdleClusters(request: Buffer): Buffer {
  const fields = [...delimitedFields(request)];
  const kept = fields.filter(([field, value]) => field !== CLUSTER_STATS || !isIdle(value));
  if (kept.length === fields.length || wireMessage(fields).size !== request.length) return request;
  const message = wireMessage(kept);
  const bytes = Buffer.allocUnsafe(message.size);
  writeMessage(bytes, message, 0);
  return bytes;
}

function isIdle(clusterStats: Buffer): boolean {
  let size = 0;
  for (const field of delimitedFields(clusterStats)) {
    if (!OF_IDLE_CLUSTERS.has(field[0])) return false;
    size += wireMessage([field]).size;
  }
  // What is left is a number: of requests that were dropped.
  return size === clusterStats.length;
}

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
