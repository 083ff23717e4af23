import { status } from '@grpc/grpc-js';
import { beforeEach, describe, expect, test } from 'vitest';
import { createLoadReports, type LoadReports } from '../../src/xds/load-reports.ts';
import { eventually } from '../support/eventually.ts';
import { testApi } from '../support/snapshots.ts';
import { type CallStream, message, openStream } from '../support/xds-calls.ts';
import { withXds } from './with-xds.ts';
import { GATEWAY } from './xds-harness.ts';

const PATH = '/envoy.service.load_stats.v3.LoadReportingService/StreamLoadStats';
const NODE = { id: 'n', cluster: GATEWAY };
const SENDS_ALL = { ...NODE, client_features: ['envoy.lrs.supports_send_all_clusters'] };

let reports: LoadReports = createLoadReports({ nowMs: () => 0 });

describe('the load-reporting service', () => {
  beforeEach(() => {
    reports = createLoadReports({ nowMs: () => 0 });
  });
  const context = withXds({
    loadReports: {
      record: (...given) => reports.record(...given),
      forget: (node) => reports.forget(node),
      since: (query) => reports.since(query),
      status: () => reports.status(),
    },
    loadReportIntervalMs: 2_500,
  });

  function send(stream: CallStream, request: object): void {
    stream.write(message('envoy.service.load_stats.v3.LoadStatsRequest', request));
  }

  async function answer(stream: CallStream, index: number): Promise<object> {
    return testApi().decode('envoy.service.load_stats.v3.LoadStatsResponse', await stream.nth(index));
  }

  const load = (requests: number) => ({
    cluster_stats: [
      {
        cluster_name: 'service/a',
        load_report_interval: { seconds: 2 },
        upstream_locality_stats: [{ locality: { zone: 'z' }, total_successful_requests: requests, total_requests_in_progress: 3 }],
      },
    ],
  });

  test('R28: a client that can is told to report all clusters, another one which, after an empty name; the interval is always there', async () => {
    context.xds.publish({ Cluster: { a: '1', b: '1' } });
    const able = openStream(context.xds, PATH);
    send(able, { node: SENDS_ALL });
    expect(await answer(able, 0)).toMatchObject({ send_all_clusters: true, load_reporting_interval: { seconds: 2, nanos: 500_000_000 } });
    const old = openStream(context.xds, PATH);
    send(old, { node: NODE });
    expect(await answer(old, 0)).toMatchObject({ clusters: ['', 'a', 'b'], load_reporting_interval: { seconds: 2, nanos: 500_000_000 } });
    able.close();
    old.close();
  });

  test('R29: reports are counted, an empty one ends nothing, and nothing is sent again but a change', async () => {
    context.xds.publish({ Cluster: { a: '1' } });
    const stream = openStream(context.xds, PATH);
    send(stream, { node: NODE });
    await stream.nth(0);
    send(stream, { cluster_stats: [] });
    send(stream, load(10));
    send(stream, load(5));
    await eventually(() => reports.since({ gateway: GATEWAY, sinceMs: -10_000 }).get('service/a')?.completed === 15);
    expect(reports.status()).toMatchObject([{ gateway: GATEWAY, nodes: 1, services: { 'service/a': { requestsPerSecond: 2.5 } } }]);
    expect(stream.received).toHaveLength(1);
    context.xds.publish({ Cluster: { a: '1', b: '1' } });
    send(stream, { cluster_stats: [] });
    expect(await answer(stream, 1)).toMatchObject({ clusters: ['', 'a', 'b'] });
    stream.halfClose();
    expect((await stream.ended).code).toBe(status.OK);
    expect(reports.status()).toEqual([]);
  });

  test('X4, T2: a first message without a node, or no message at all, ends that stream with INVALID_ARGUMENT', async () => {
    const nameless = openStream(context.xds, PATH);
    send(nameless, load(1));
    expect((await nameless.ended).code).toBe(status.INVALID_ARGUMENT);
    const garbage = openStream(context.xds, PATH);
    garbage.write(Buffer.from('no message'));
    expect((await garbage.ended).code).toBe(status.INVALID_ARGUMENT);
    expect(reports.status()).toEqual([]);
  });

  test('R28: where all clients together would report too much, each reports less often', async () => {
    context.xds.publish({ Cluster: Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`c${index}`, '1'])) });
    const streams = Array.from({ length: 300 }, () => openStream(context.xds, PATH));
    for (const stream of streams) send(stream, { node: SENDS_ALL });
    await Promise.all(streams.map((stream) => stream.nth(0)));
    expect(await answer(streams[0] as CallStream, 0)).toMatchObject({ load_reporting_interval: { seconds: 2, nanos: 500_000_000 } });
    expect(await answer(streams[299] as CallStream, 0)).toMatchObject({ load_reporting_interval: { seconds: 5 } });
    send(streams[0] as CallStream, { cluster_stats: [] });
    expect(await answer(streams[0] as CallStream, 1)).toMatchObject({ send_all_clusters: true, load_reporting_interval: { seconds: 5 } });
    for (const stream of streams) stream.close();
  });

  test('X85: reports for a gateway that is not served are passed over, and the stream stays', async () => {
    context.xds.publish({ Cluster: { a: '1' } });
    const stream = openStream(context.xds, PATH);
    send(stream, { node: { id: 'n', cluster: 'nobody' } });
    await stream.nth(0);
    send(stream, load(5));
    const other = openStream(context.xds, PATH);
    send(other, { node: NODE });
    await other.nth(0);
    send(other, load(5));
    await eventually(() => reports.status().length > 0);
    expect(reports.status().map(({ gateway }) => gateway)).toEqual([GATEWAY]);
    stream.close();
    other.close();
  });

  test('T8: a stop ends the streams with OK', async () => {
    const stream = openStream(context.xds, PATH);
    send(stream, { node: SENDS_ALL });
    await stream.nth(0);
    await context.xds.server.close();
    expect((await stream.ended).code).toBe(status.OK);
  });
});
