import { describe, expect, it } from 'vitest';
import { refreshGauges } from '../../../src/app/refresh-gauges.ts';
import type { GatewayStatus } from '../../../src/build/gateway-status.ts';
import { createMetrics } from '../../../src/telemetry/metrics.ts';
import type { NodeStatus, TypeState } from '../../../src/xds/status.ts';

const EDGE: GatewayStatus = {
  gateway: 'edge',
  file: '/etc/edge.yaml',
  serving: 'current',
  isRestored: false,
  version: 'v1',
  certificates: { shop: 2_000_000 },
  problems: [],
  problemCounts: { errors: 2, warnings: 3 },
};

function node(id: string, cluster: string, state: TypeState): NodeStatus {
  return {
    id,
    cluster,
    connectedAt: 0,
    streams: [{ variant: 'delta', ads: true, stage: 'done', waitsEnded: 0, types: { t: { state, subscribed: '*' } } }],
  };
}

describe('gauges that are counted when read', () => {
  it('tell nodes, versions, problems and certificates of each gateway, and nothing of gateways that nobody serves', async () => {
    const metrics = createMetrics({ version: 'test' });
    const nodes = [node('a', 'edge', 'SYNCED'), node('b', 'edge', 'ERROR'), node('c', 'stranger', 'SYNCED')];
    refreshGauges(metrics, [EDGE, { ...EDGE, gateway: 'web', certificates: {} }], nodes);
    const text = await metrics.text();
    for (const line of [
      'chancery_xds_connected_nodes{gateway="edge"} 2',
      'chancery_xds_connected_nodes{gateway="web"} 0',
      'chancery_xds_stale_nodes{gateway="edge"} 1',
      'chancery_config_revision_info{gateway="edge",version="v1"} 1',
      'chancery_config_problems{gateway="edge",severity="error"} 2',
      'chancery_config_problems{gateway="edge",severity="warning"} 3',
      'chancery_certificate_expiry_timestamp_seconds{gateway="edge",certificate="shop"} 2000',
    ]) {
      expect(text).toContain(line);
    }
    expect(text).not.toContain('stranger');
  });

  it('forget what is no more', async () => {
    const metrics = createMetrics({ version: 'test' });
    refreshGauges(metrics, [EDGE], []);
    refreshGauges(metrics, [{ ...EDGE, version: 'v2', certificates: {} }], []);
    const text = await metrics.text();
    expect(text).not.toContain('version="v1"');
    expect(text).not.toContain('certificate="shop"');
  });
});
