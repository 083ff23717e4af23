import { describe, expect, it } from 'vitest';
import { createMetrics, METRICS } from '../../../src/telemetry/metrics.ts';

describe('metrics', () => {
  it('are OpenMetrics text with a final mark and our build in it', async () => {
    const metrics = createMetrics({ version: '1.2.3' });
    const text = await metrics.text();
    expect(metrics.contentType).toMatch(/^application\/openmetrics-text/);
    expect(text).toContain(`chancery_build_info{version="1.2.3",node_version="${process.version}"} 1`);
    expect(text.endsWith('# EOF\n')).toBe(true);
  });

  it('count, set and observe under the names of the table', async () => {
    const metrics = createMetrics({ version: 'test' });
    const labels = { gateway: 'edge', variant: 'delta', type: 'Cluster' };
    metrics.increment('chancery_xds_acks_total', labels);
    metrics.increment('chancery_xds_acks_total', labels, 2);
    metrics.set('chancery_xds_connected_nodes', { gateway: 'edge' }, 4);
    metrics.observe('chancery_compile_duration_seconds', { gateway: 'edge' }, 0.003);
    const text = await metrics.text();
    expect(text).toContain('chancery_xds_acks_total{gateway="edge",variant="delta",type="Cluster"} 3');
    expect(text).toContain('chancery_xds_connected_nodes{gateway="edge"} 4');
    expect(text).toContain('chancery_compile_duration_seconds_bucket{le="0.005",gateway="edge"} 1');
  });

  it('replace all series of a gauge, so that an old revision does not linger', async () => {
    const metrics = createMetrics({ version: 'test' });
    metrics.replace('chancery_config_revision_info', [[{ gateway: 'edge', version: 'old' }, 1]]);
    metrics.replace('chancery_config_revision_info', [[{ gateway: 'edge', version: 'new' }, 1]]);
    const text = await metrics.text();
    expect(text).toContain('version="new"');
    expect(text).not.toContain('version="old"');
  });

  it('refresh what is only counted when read', async () => {
    const metrics = createMetrics({ version: 'test' });
    let nodes = 1;
    metrics.beforeRead(() => metrics.set('chancery_xds_connected_nodes', { gateway: 'edge' }, nodes));
    nodes = 7;
    expect(await metrics.text()).toContain('chancery_xds_connected_nodes{gateway="edge"} 7');
  });

  it('share nothing between two programs in one process', async () => {
    const [first, second] = [createMetrics({ version: 'a' }), createMetrics({ version: 'b' })];
    first.increment('chancery_xds_nacks_total', { gateway: 'edge', variant: 'delta', type: 'Cluster' });
    expect(await second.text()).not.toContain('chancery_xds_nacks_total{');
  });

  it('are prefixed, explained, end in _total when they count, and carry no node, user or key as label', () => {
    for (const [name, { type, labels, help }] of Object.entries(METRICS)) {
      expect(name).toMatch(/^chancery_[a-z0-9_]+$/);
      expect(name.endsWith('_total')).toBe(type === 'counter');
      expect(help).toMatch(/^[A-Z].*\.$/);
      for (const label of labels) expect(['node_id', 'user', 'key', 'path']).not.toContain(label);
    }
  });
});
