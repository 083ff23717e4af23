// Counts what the xDS server does in the program's metrics. Keeps the labels bounded: clients choose their gateway's name freely.
import type { CacheListener } from '../lib/cache-listener.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { XdsLabels, XdsMetrics } from '../xds/metrics.ts';

export interface XdsMetricsOptions {
  readonly metrics: Metrics;
  /** Whether a gateway of this name is served; all others are counted together under the empty name. */
  readonly isServed: (gateway: string) => boolean;
}

/** P27. */
function cacheMetrics(metrics: Metrics, cache: 'responses' | 'names'): CacheListener {
  const labels = { cache };
  return {
    holds: (entries, bytes) => {
      metrics.set('chancery_cache_entries', labels, entries);
      metrics.set('chancery_cache_bytes', labels, bytes);
    },
    hit: () => metrics.increment('chancery_cache_hits_total', labels),
    missed: () => metrics.increment('chancery_cache_misses_total', labels),
    evicted: (entries) => metrics.increment('chancery_cache_evictions_total', labels, entries),
  };
}

export function createXdsMetrics({ metrics, isServed }: XdsMetricsOptions): XdsMetrics {
  const known = (gateway: string): string => (isServed(gateway) ? gateway : '');
  const bounded = ({ gateway, variant, type }: XdsLabels) => ({ gateway: known(gateway), variant, type });
  return {
    streamOpened: (variant) => metrics.add('chancery_xds_streams', { variant }, 1),
    streamClosed: (variant) => metrics.add('chancery_xds_streams', { variant }, -1),
    request: (labels) => metrics.increment('chancery_xds_requests_total', bounded(labels)),
    response: (labels, bytes) => {
      metrics.increment('chancery_xds_responses_total', bounded(labels));
      metrics.increment('chancery_xds_response_bytes_total', bounded(labels), bytes);
    },
    ack: (labels, seconds) => {
      metrics.increment('chancery_xds_acks_total', bounded(labels));
      metrics.observe('chancery_xds_ack_duration_seconds', { gateway: known(labels.gateway), type: labels.type }, seconds);
    },
    nack: (labels) => {
      metrics.increment('chancery_xds_nacks_total', bounded(labels));
    },
    ackTimedOut: (labels) => metrics.increment('chancery_xds_ack_timeouts_total', bounded(labels)),
    gateTimedOut: (gateway, waitedFor) =>
      metrics.increment('chancery_xds_stage_timeouts_total', { gateway: known(gateway), waited_for: waitedFor }),
    streamFailed: (variant, status) => metrics.increment('chancery_xds_stream_failures_total', { variant, status }),
    readingPaused: (variant) => metrics.increment('chancery_xds_reading_pauses_total', { variant }),
    oversized: (labels) => metrics.increment('chancery_xds_oversized_responses_total', bounded(labels)),
    frames: cacheMetrics(metrics, 'responses'),
    names: cacheMetrics(metrics, 'names'),
    writerBytes: (bytes) => metrics.set('chancery_xds_writer_bytes', {}, bytes),
  };
}
