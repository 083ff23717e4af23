import { describe, expect, it } from 'vitest';
import { createXdsMetrics } from '../../../src/app/xds-metrics.ts';
import { createMetrics } from '../../../src/telemetry/metrics.ts';

const EDGE = { gateway: 'edge', variant: 'delta', type: 'Cluster' } as const;

function fixture() {
  const metrics = createMetrics({ version: 'test' });
  const xds = createXdsMetrics({ metrics, isServed: (gateway) => gateway === 'edge' });
  return { metrics, xds };
}

describe('xDS metrics', () => {
  it('count streams, requests, responses with their bytes, and answers', async () => {
    const { metrics, xds } = fixture();
    xds.streamOpened('delta');
    xds.streamOpened('delta');
    xds.streamClosed('delta');
    xds.request(EDGE);
    xds.response(EDGE, 100);
    xds.response(EDGE, 20);
    xds.ack(EDGE, 0.02);
    xds.nack(EDGE);
    xds.ackTimedOut(EDGE);
    xds.gateTimedOut('edge', 'Cluster');
    xds.streamFailed('delta', 'INVALID_ARGUMENT');
    xds.readingPaused('sotw');
    xds.oversized(EDGE);
    xds.frames.missed();
    xds.frames.hit();
    xds.frames.holds(3, 500);
    xds.names.evicted(2);
    xds.writerBytes(7);
    const text = await metrics.text();
    const labels = 'gateway="edge",variant="delta",type="Cluster"';
    for (const line of [
      'chancery_xds_streams{variant="delta"} 1',
      `chancery_xds_requests_total{${labels}} 1`,
      `chancery_xds_responses_total{${labels}} 2`,
      `chancery_xds_response_bytes_total{${labels}} 120`,
      `chancery_xds_acks_total{${labels}} 1`,
      `chancery_xds_nacks_total{${labels}} 1`,
      `chancery_xds_ack_timeouts_total{${labels}} 1`,
      'chancery_xds_ack_duration_seconds_bucket{le="0.025",gateway="edge",type="Cluster"} 1',
      'chancery_xds_stage_timeouts_total{gateway="edge",waited_for="Cluster"} 1',
      'chancery_xds_stream_failures_total{variant="delta",status="INVALID_ARGUMENT"} 1',
      'chancery_xds_reading_pauses_total{variant="sotw"} 1',
      `chancery_xds_oversized_responses_total{${labels}} 1`,
      'chancery_cache_misses_total{cache="responses"} 1',
      'chancery_cache_hits_total{cache="responses"} 1',
      'chancery_cache_entries{cache="responses"} 3',
      'chancery_cache_bytes{cache="responses"} 500',
      'chancery_cache_evictions_total{cache="names"} 2',
      'chancery_xds_writer_bytes 7',
    ]) {
      expect(text).toContain(line);
    }
  });

  it('count gateways that nobody serves together, since clients name them freely', async () => {
    const { metrics, xds } = fixture();
    for (let stranger = 0; stranger < 50; stranger += 1) {
      xds.request({ ...EDGE, gateway: `stranger-${stranger}` });
      xds.ack({ ...EDGE, gateway: `stranger-${stranger}` }, 1);
      xds.gateTimedOut(`stranger-${stranger}`, 'Cluster');
    }
    const text = await metrics.text();
    expect(text).not.toContain('stranger');
    expect(text).toContain('chancery_xds_requests_total{gateway="",variant="delta",type="Cluster"} 50');
  });
});
