import { request as httpsRequest } from 'node:https';
import { credentials, status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAuthority } from '../support/certificates.ts';
import { eventually } from '../support/eventually.ts';
import { type CallStream, callBytes, message, openStream } from '../support/xds-calls.ts';
import { type AppFixture, createAppFixture, type RunningApp } from './app-fixture.ts';
import type { Node } from './node.ts';

const IDS = ['n1', 'n2', 'n3'] as const;

function gateway(timeout = '3s'): string {
  return [
    'version: v1',
    'gateway: edge',
    'rollout: {soak: 30s, abortOn: {error5xx: 50%}}',
    'listeners: {http: {port: 10000}}',
    `services: {orders: {endpoints: ["127.0.0.1:9000"], connectTimeout: ${timeout}}}`,
    'routes: [{name: orders, backends: [orders]}]',
    '',
  ].join('\n');
}

const clusterOf = (node: Node): string | undefined => node.running.get('Cluster')?.get('service/orders');
const isComplete = (node: Node): boolean => (node.running.get('RouteConfiguration')?.size ?? 0) > 0;

let fixture: AppFixture;

beforeEach(async () => {
  fixture = await createAppFixture({ 'edge.yaml': gateway() });
});

afterEach(() => fixture.clean());

describe('load reports in the program', () => {
  function reporter(running: RunningApp, id: string): CallStream {
    const stream = openStream({ port: running.xds }, '/envoy.service.load_stats.v3.LoadReportingService/StreamLoadStats');
    const node = { id, cluster: 'edge', client_features: ['envoy.lrs.supports_send_all_clusters'] };
    stream.write(message('envoy.service.load_stats.v3.LoadStatsRequest', { node }));
    return stream;
  }

  function report(stream: CallStream, answers: number, errors: number): void {
    const locality = { total_successful_requests: answers - errors, total_error_requests: errors, total_requests_in_progress: 2 };
    const load = { load_report_interval: { nanos: 1_000_000 }, upstream_locality_stats: [locality] };
    const named = ['service/orders', 'chancery/xds'].map((name) => ({ ...load, cluster_name: name }));
    stream.write(message('envoy.service.load_stats.v3.LoadStatsRequest', { cluster_stats: named }));
  }

  it('withdraws a revision whose nodes report errors, and counts load of known services only (D14, R29)', async () => {
    const running = await fixture.start();
    const nodes = IDS.map((id) => running.node({ id }));
    await eventually(() => nodes.every(isComplete), { what: 'three nodes that are in step' });
    const before = clusterOf(nodes[0] as Node);
    await fixture.workspace.save('edge.yaml', gateway('7s'), 'rename');
    const first = await eventually(() => IDS.find((_id, index) => clusterOf(nodes[index] as Node) !== before), { what: 'the first node' });
    const stream = reporter(running, first);
    await stream.nth(0);
    await eventually(
      () => {
        report(stream, 30, 29);
        return running.log.some(({ event }) => event === 'rollout.withdrawn' || event === 'config.refused');
      },
      { what: 'the withdrawal', intervalMs: 100 },
    );
    await eventually(() => nodes.every((node) => clusterOf(node) === before), { what: 'the return' });
    const metrics = await (await fetch(`http://127.0.0.1:${running.admin}/metrics`)).text();
    expect(metrics).toMatch(/chancery_load_requests_total\{gateway="edge",service="service\/orders",result="error"\} \d+/);
    expect(metrics).toContain('chancery_load_requests_in_progress{gateway="edge",service="service/orders"} 2');
    expect(metrics).not.toContain('service="chancery/xds"');
    stream.close();
  });
});

describe('the ports of the program', () => {
  it('speak TLS where it is configured, REST too, and let each client read its own gateway only (O8, R40)', async () => {
    const authority = await createAuthority();
    const [server, own, foreign] = await Promise.all([
      authority.issue({ name: 'localhost' }),
      authority.issue({ name: 'edge', client: true }),
      authority.issue({ name: 'other', client: true }),
    ]);
    const cert = await fixture.workspace.write('tls.crt', server.cert);
    const key = await fixture.workspace.write('tls.key', server.key);
    const clientCa = await fixture.workspace.write('ca.crt', authority.cert);
    const running = await fixture.start(['edge.yaml'], { settings: { xdsRestPort: 0, xdsSecurity: { cert, key, clientCa } } });
    const ca = Buffer.from(authority.cert);
    const codeOf = async (client: typeof own): Promise<number> => {
      const channel = credentials.createSsl(ca, Buffer.from(client.key), Buffer.from(client.cert));
      const request = message('envoy.service.discovery.v3.DiscoveryRequest', { node: { id: 'n', cluster: 'edge' } });
      const path = '/envoy.service.cluster.v3.ClusterDiscoveryService/FetchClusters';
      return (await callBytes({ port: running.xds, credentials: channel }, path, request)).code;
    };
    expect([await codeOf(own), await codeOf(foreign)]).toEqual([status.OK, status.PERMISSION_DENIED]);
    const port = Number(running.log.find(({ event }) => event === 'xds.rest')?.['port']);
    const answer = await new Promise<string>((resolve, reject) => {
      const options = { host: '127.0.0.1', port, servername: 'localhost', ca, cert: own.cert, key: own.key, method: 'POST' };
      const request = httpsRequest({ ...options, path: '/v3/discovery:clusters' }, (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part)).on('end', () => resolve(String(Buffer.concat(parts))));
      });
      request.on('error', reject).end(JSON.stringify({ node: { id: 'n', cluster: 'edge' } }));
    });
    expect(JSON.parse(answer)).toMatchObject({ resources: [{ name: 'service/orders' }] });
  });
});
