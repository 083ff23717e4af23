import { ServerCredentials } from '@grpc/grpc-js';
import { XdsServer } from '@grpc/grpc-js-xds';
import { afterEach, describe, expect, test } from 'vitest';
import { TYPE_URLS } from '../../src/proto/type-urls.ts';
import { typeView } from '../../src/snapshot/view.ts';
import { createLoadReports } from '../../src/xds/load-reports.ts';
import type { TypeStatus } from '../../src/xds/status.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import {
  type Backend,
  BOOTSTRAP_OPTION,
  type GrpcCaller,
  grpcBootstrap,
  grpcCaller,
  grpcContents,
  serverListener,
  startBackend,
} from '../support/grpc-client.ts';
import { testSnapshot } from '../support/snapshots.ts';
import { GATEWAY, type HarnessOptions, startXds, type XdsHarness } from './xds-harness.ts';

const cleanUps: (() => unknown)[] = [];

afterEach(async () => {
  for (const clean of cleanUps.splice(0).reverse()) await clean();
});

async function serve(options: HarnessOptions = {}): Promise<XdsHarness> {
  const xds = await startXds({ timing: { lingerMs: 200 }, ...options });
  cleanUps.push(() => xds.close());
  return xds;
}

async function backend(name: string): Promise<Backend> {
  const started = await startBackend(name);
  cleanUps.push(() => started.close());
  return started;
}

function caller(xds: XdsHarness, target = 'greeter'): GrpcCaller {
  const made = grpcCaller(target, grpcBootstrap(xds.port, GATEWAY));
  cleanUps.push(() => made.close());
  return made;
}

function statusOf(xds: XdsHarness, type: keyof typeof TYPE_URLS): TypeStatus | undefined {
  return xds.server.nodes().flatMap(({ streams }) => streams.flatMap(({ types }) => types[TYPE_URLS[type]] ?? []))[0];
}

const nacks = (xds: XdsHarness): number => [...xds.counts].reduce((sum, [name, count]) => sum + (name.startsWith('nacks:') ? count : 0), 0);

describe('a proxyless gRPC client', () => {
  test('X1, G1, G28: starts from our bootstrap, resolves listener, routes, cluster and endpoints, and accepts all of them', async () => {
    const a = await backend('a');
    const xds = await serve();
    xds.publish(grpcContents({ targets: { greeter: 'a' }, clusters: { a: a.port } }));
    expect(await caller(xds).call()).toBe('a');
    for (const type of ['Listener', 'RouteConfiguration', 'Cluster', 'ClusterLoadAssignment'] as const)
      await eventually(() => statusOf(xds, type)?.state === 'SYNCED', { what: `the ACK of ${type}` });
    expect(nacks(xds)).toBe(0);
    expect(xds.server.nodes()).toMatchObject([{ id: 'grpc-1', cluster: GATEWAY, userAgent: expect.stringContaining('gRPC') }]);
  });

  test('D6, X77: moves to another cluster and back, and no call fails', async () => {
    const [a, b] = [await backend('a'), await backend('b')];
    const xds = await serve();
    xds.publish(grpcContents({ targets: { greeter: 'a' }, clusters: { a: a.port } }));
    const client = caller(xds);
    await client.call();
    const calls = client.keepCalling();
    for (const next of [b, a, b]) {
      xds.publish(grpcContents({ targets: { greeter: next.name }, clusters: { [next.name]: next.port } }));
      await eventually(async () => (await client.call()) === next.name, { what: `the way to ${next.name}` });
    }
    expect((await calls.stop()).failures).toEqual([]);
    expect(nacks(xds)).toBe(0);
  });

  test('X12, T8: the server stops and another one takes its place; no call fails, and the client follows the new one', async () => {
    const [a, b] = [await backend('a'), await backend('b')];
    const first = await serve();
    first.publish(grpcContents({ targets: { greeter: 'a' }, clusters: { a: a.port } }));
    const client = caller(first);
    await client.call();
    const calls = client.keepCalling();
    await first.close();
    expect(await client.call()).toBe('a');
    const second = await serve({ port: first.port, store: first.store });
    await eventually(() => statusOf(second, 'ClusterLoadAssignment')?.state === 'SYNCED', { what: 'the return', timeoutMs: 15_000 });
    second.publish(grpcContents({ targets: { greeter: 'b' }, clusters: { a: a.port, b: b.port } }));
    await eventually(async () => (await client.call()) === 'b', { what: 'the change' });
    const { count, failures } = await calls.stop();
    expect(failures).toEqual([]);
    expect(count).toBeGreaterThan(10);
    expect(nacks(second)).toBe(0);
  });

  test('X28, X30: of two clusters it refuses the bad one, uses the good one, and is sent nothing again until something changes', async () => {
    const a = await backend('a');
    const xds = await serve();
    const contents = grpcContents({ targets: { greeter: 'a', other: 'bad' }, clusters: { a: a.port, bad: a.port } });
    const bad = { ...(contents.Cluster?.['bad'] as object), lb_policy: 'MAGLEV' };
    xds.publish({ ...contents, Cluster: { ...contents.Cluster, bad } });
    const client = caller(xds);
    const bootstrap = grpcBootstrap(xds.port, GATEWAY);
    const other = grpcCaller('other', bootstrap);
    cleanUps.push(() => other.close());
    expect(await client.call()).toBe('a');
    await expect(other.call(1_000)).rejects.toThrow();
    await eventually(() =>
      xds.server.nodes().some(({ streams }) => streams.some(({ types }) => types[TYPE_URLS.Cluster]?.state === 'ERROR')),
    );
    expect(await client.call()).toBe('a');
    expect(xds.counts.get('nacks:Cluster')).toBe(1);
    xds.publish(contents);
    await eventually(async () => (await other.call(1_000)) === 'a', { what: 'the repaired cluster' });
  });

  test('X51, X52: what does not exist yet is no NACK, and comes when it is there', async () => {
    const a = await backend('a');
    const xds = await serve();
    xds.publish(grpcContents({ targets: {}, clusters: {} }));
    const client = caller(xds);
    const answer = client.call().catch(() => undefined);
    await eventually(() => (xds.counts.get('requests:Listener') ?? 0) > 0, { what: 'the question' });
    xds.publish(grpcContents({ targets: { greeter: 'a' }, clusters: { a: a.port } }));
    const first = await answer;
    if (first !== undefined) expect(first).toBe('a');
    await eventually(async () => (await client.call()) === 'a');
    expect(nacks(xds)).toBe(0);
  });

  test('X88: resources with a time to live come to it unwrapped', async () => {
    const a = await backend('a');
    const xds = await serve();
    const snapshot = testSnapshot(GATEWAY, grpcContents({ targets: { greeter: 'a' }, clusters: { a: a.port } }));
    const views = [...snapshot.views.values()].map((view) =>
      typeView(
        view.typeUrl,
        [...view.resources.values()].map((resource) => ({ ...resource, ttlMs: 60_000 })),
      ),
    );
    xds.store.publish({ ...snapshot, views: new Map(views.map((view) => [view.typeUrl, view])) });
    expect(await caller(xds).call()).toBe('a');
    await eventually(() => statusOf(xds, 'ClusterLoadAssignment')?.state === 'SYNCED');
    expect(nacks(xds)).toBe(0);
  });

  test('X95: ten megabytes of endpoints come in parts that the client can receive', async () => {
    const a = await backend('a');
    const names = Array.from({ length: 20 }, (_, index) => `c${index}`);
    const xds = await serve();
    const clusters = Object.fromEntries(names.map((name) => [name, a.port]));
    const targets = { greeter: Object.fromEntries(names.map((name) => [name, 1])) };
    xds.publish(grpcContents({ targets, clusters, ballast: 'x'.repeat(500_000) }));
    expect(await caller(xds).call()).toBe('a');
    await eventually(() => statusOf(xds, 'ClusterLoadAssignment')?.state === 'SYNCED', { what: 'all parts' });
    expect(xds.counts.get('responses:ClusterLoadAssignment')).toBeGreaterThanOrEqual(4);
    expect(nacks(xds)).toBe(0);
  });

  test('R28, R29: reports its load, by place', async () => {
    const a = await backend('a');
    const loadReports = createLoadReports({ nowMs: Date.now });
    const xds = await serve({ loadReports, loadReportIntervalMs: 200 });
    xds.publish(grpcContents({ targets: { greeter: 'a' }, clusters: { a: a.port } }));
    const client = caller(xds);
    const sinceMs = Date.now();
    for (let turn = 0; turn < 10; turn += 1) await client.call();
    const sums = await eventually(() => {
      const found = loadReports.since({ gateway: GATEWAY, sinceMs: sinceMs - 1_000 }).get('a');
      return (found?.completed ?? 0) >= 10 && found;
    });
    expect(sums).toEqual({ completed: 10, errors: 0, dropped: 0 });
  });

  test('G26, G27, X17: a server serves by its listener; a listener that did not change drains no connection', async () => {
    const xds = await serve();
    const port = await freePort();
    const name = `grpc/server?address=127.0.0.1:${port}`;
    const server = new XdsServer({ [BOOTSTRAP_OPTION]: grpcBootstrap(xds.port, GATEWAY, 'server') });
    cleanUps.push(() => server.forceShutdown());
    xds.publish({ Listener: { [name]: serverListener(name, port) } });
    await new Promise<void>((resolve, reject) => {
      server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error) => (error === null ? resolve() : reject(error)));
    });
    await eventually(() => statusOf(xds, 'Listener')?.state === 'SYNCED', { what: 'the ACK' });
    const before = statusOf(xds, 'Listener')?.sentVersion;
    xds.publish({ Listener: { [name]: serverListener(name, port) }, Cluster: { other: '1' } });
    await new Promise((resolve) => setImmediate(resolve));
    expect(statusOf(xds, 'Listener')).toMatchObject({ state: 'SYNCED', sentVersion: before });
    expect(xds.counts.get('responses:Listener')).toBe(1);
    expect(nacks(xds)).toBe(0);
  });
});
