import { describe, expect, test } from 'vitest';
import { createSnapshotStore } from '../../src/snapshot/store.ts';
import { newestSnapshots } from '../../src/xds/targets.ts';
import type { Contents } from '../support/snapshots.ts';
import { ADS_FORMS, FORMS, type TestClient } from './test-client.ts';
import { withXds } from './with-xds.ts';

const TIMING = { timing: { lingerMs: 30_000 } };

/** Subscribes as an Envoy with two listeners, and accepts everything. */
async function running(client: TestClient, clusters: readonly string[]): Promise<void> {
  client.want('Cluster');
  await client.take('Cluster');
  client.want('ClusterLoadAssignment', ...clusters);
  await client.take('ClusterLoadAssignment');
  client.want('Listener');
  await client.take('Listener');
  client.want('RouteConfiguration', 'left', 'right');
  await client.take('RouteConfiguration');
  await client.settled();
}

const gateway = (clusters: Record<string, string>, left: string, right: string): Contents => ({
  Cluster: clusters,
  ClusterLoadAssignment: Object.fromEntries(Object.keys(clusters).map((name) => [name, '1'])),
  Listener: { main: '1' },
  RouteConfiguration: { left, right },
});

describe.each(ADS_FORMS)('gates of single resources, $title', (form) => {
  const rig = withXds(TIMING);
  const stage = (): string | undefined => rig.xds.server.nodes().find(({ id }) => id === 'node-1')?.streams[0]?.stage;
  const waitsEnded = (): number | undefined => rig.xds.server.nodes().find(({ id }) => id === 'node-1')?.streams[0]?.waitsEnded;

  test('X76, D8, B52: routes that do not name the cluster that warms for ever go on at once; those that do after their wait', async () => {
    rig.xds.publish(gateway({ a: '1' }, 'a', 'a'));
    const client = rig.connect(form);
    await running(client, ['a']);
    rig.xds.publish(gateway({ a: '1', stuck: '1' }, 'stuck', 'again a'));
    await client.next('Cluster');
    expect(await client.contents('RouteConfiguration')).toEqual({ right: 'again a' });
    client.want('ClusterLoadAssignment', 'a', 'stuck');
    expect(await client.contents('ClusterLoadAssignment')).toEqual({ stuck: '1' });
    await client.silence();
    expect(stage()).toBe('make');
    rig.xds.clock.pass(5_000);
    expect(await client.contents('RouteConfiguration')).toEqual({ left: 'stuck' });
    expect(rig.xds.counts.get('gate:clusters')).toBe(1);
    const lines = rig.xds.logs.filter(({ fields }) => fields['event'] === 'xds.gate_timed_out');
    expect(lines.map(({ fields }) => [fields['waited_for'], fields['resources']])).toEqual([['clusters', ['stuck']]]);
    expect(waitsEnded()).toBe(1);
  });

  test('D8, B52: while one cluster warms for ever, later edits go on: with what is there at once, with new clusters when they had their time', async () => {
    rig.xds.publish(gateway({ a: '1' }, 'a', 'a'));
    const client = rig.connect(form);
    await running(client, ['a']);
    rig.xds.publish(gateway({ a: '1', stuck: '1' }, 'a', 'a'));
    await client.next('Cluster');
    client.want('ClusterLoadAssignment', 'a', 'stuck');
    await client.take('ClusterLoadAssignment');
    rig.xds.publish(gateway({ a: '1', stuck: '1' }, 'a', 'more a'));
    expect(await client.contents('RouteConfiguration')).toEqual({ right: 'more a' });
    rig.xds.publish(gateway({ a: '1', b: '1', stuck: '1' }, 'b', 'much a'));
    expect(await client.contents('RouteConfiguration')).toEqual({ right: 'much a' });
    await client.silence();
    // The client answers, so it lives: newer clusters need not wait a minute for the ACK of those that warm (O2).
    rig.xds.clock.pass(5_001);
    const clusters = await client.next('Cluster');
    expect(clusters.names).toContain('b');
    client.want('ClusterLoadAssignment', 'a', 'b', 'stuck');
    expect(await client.contents('ClusterLoadAssignment')).toEqual({ b: '1' });
    await client.silence();
    rig.xds.clock.pass(5_001);
    expect(await client.contents('RouteConfiguration')).toEqual({ left: 'b' });
    expect(rig.xds.counts.get('ackTimeouts')).toBeUndefined();
  });

  test('D7: of a refused response the good clusters are waited for until their endpoints are accepted', async () => {
    rig.xds.publish(gateway({ a: '1' }, 'a', 'a'));
    const client = rig.connect(form);
    await running(client, ['a']);
    rig.xds.publish(gateway({ a: '1', bad: '1', good: '1' }, 'good', 'bad'));
    const refused = await client.next('Cluster');
    client.nack('Cluster', refused, { error: { code: 13, message: 'Error adding/updating cluster(s) bad: no such policy' } });
    await client.silence();
    client.want('ClusterLoadAssignment', 'a', 'good');
    const endpoints = await client.next('ClusterLoadAssignment');
    await client.silence();
    client.ack('ClusterLoadAssignment', endpoints);
    expect(await client.contents('RouteConfiguration')).toEqual({ left: 'good' });
    await client.silence();
    const [node] = rig.xds.server.nodes().filter(({ id }) => id === 'node-1');
    const types = Object.values(node?.streams[0]?.types ?? {});
    expect(types.flatMap(({ rejected }) => rejected?.resources ?? [])).toEqual(['bad']);
  });

  test('X77: what refused routes still name does not go', async () => {
    rig.xds.publish(gateway({ old: '1' }, 'old', 'old'));
    const client = rig.connect(form);
    await running(client, ['old']);
    rig.xds.publish(gateway({ new: '1' }, 'new', 'new'));
    await client.take('Cluster');
    client.nack('RouteConfiguration', await client.next('RouteConfiguration'));
    await client.settled();
    rig.xds.clock.pass(120_000);
    await client.silence();
    rig.xds.publish(gateway({ new: '1' }, 'mended new', 'mended new'));
    await client.take('RouteConfiguration');
    await client.settled();
    rig.xds.clock.pass(30_001);
    const removal = await client.next('Cluster');
    expect(form.variant === 'sotw' ? removal.names : removal.removed).toEqual(form.variant === 'sotw' ? ['new'] : ['old']);
  });

  test('D6: the stages of a stream show in the status', async () => {
    const client = rig.connect(form);
    client.want('Cluster');
    await client.settled();
    expect(stage()).toBe('waiting');
    rig.xds.publish(gateway({ a: '1' }, 'a', 'a'));
    await client.take('Cluster');
    await client.settled();
    expect(stage()).toBe('done');
    client.want('RouteConfiguration', 'left', 'right');
    await client.take('RouteConfiguration');
    rig.xds.publish(gateway({ b: '1' }, 'b', 'b'));
    const clusters = await client.next('Cluster');
    expect(stage()).toBe('make');
    client.ack('Cluster', clusters);
    const routes = await client.next('RouteConfiguration');
    expect(stage()).toBe('settling');
    client.ack('RouteConfiguration', routes);
    await client.settled();
    expect(stage()).toBe('linger');
    rig.xds.clock.pass(30_001);
    await client.take('Cluster');
    await client.settled();
    expect(stage()).toBe('done');
  });
});

const extension = (name: string, value: string): object => ({
  name,
  typed_config: { '@type': 'type.googleapis.com/google.protobuf.StringValue', value },
});

describe.each(ADS_FORMS)('extension configs, $title', (form) => {
  const rig = withXds(TIMING);

  test('section 3, rank 3: wait for the clusters that they name; listeners come after them', async () => {
    const contents = (cluster: string, listener: string): Contents => ({
      Cluster: { old: '1', [cluster]: '1' },
      TypedExtensionConfig: { filter: extension('filter', cluster) },
      Listener: { main: listener },
    });
    rig.xds.publish(contents('old', '1'));
    const client = rig.connect(form);
    client.want('Cluster');
    await client.take('Cluster');
    client.want('Listener');
    await client.take('Listener');
    client.want('TypedExtensionConfig', 'filter');
    await client.take('TypedExtensionConfig');
    await client.settled();
    rig.xds.publish(contents('new', '2'));
    const clusters = await client.next('Cluster');
    expect(await client.contents('Listener')).toEqual({ main: '2' });
    await client.silence();
    client.ack('Cluster', clusters);
    await client.take('TypedExtensionConfig');
  });

  /** A client that runs a filter and two route configurations, of which the left one is to name the filter. */
  async function filtered(): Promise<TestClient> {
    rig.xds.publish(routed('1', 'a'));
    const client = rig.connect(form);
    for (const type of ['Cluster', 'Listener'] as const) {
      client.want(type);
      await client.take(type);
    }
    client.want('TypedExtensionConfig', 'filter');
    await client.take('TypedExtensionConfig');
    client.want('RouteConfiguration', 'left', 'right');
    await client.take('RouteConfiguration');
    await client.settled();
    return client;
  }
  const routed = (filter: string, left: string, right = 'a'): Contents => ({
    Cluster: { a: '1' },
    TypedExtensionConfig: { filter: extension('filter', filter) },
    Listener: { main: '1' },
    RouteConfiguration: { left, right },
  });

  test('authz C6, D5: routes that name them wait for their ACK, others do not', async () => {
    const client = await filtered();
    rig.xds.publish(routed('2', 'filter', 'again'));
    const filters = await client.next('TypedExtensionConfig');
    expect(await client.contents('RouteConfiguration')).toEqual({ right: 'again' });
    await client.silence();
    client.ack('TypedExtensionConfig', filters);
    expect(await client.contents('RouteConfiguration')).toEqual({ left: 'filter' });
  });

  test('authz C6, D8: an ACK that never comes is waited for five seconds, then the routes go on', async () => {
    const client = await filtered();
    rig.xds.publish(routed('2', 'filter'));
    await client.next('TypedExtensionConfig');
    rig.xds.clock.pass(4_900);
    await client.silence();
    rig.xds.clock.pass(101);
    expect(await client.contents('RouteConfiguration')).toEqual({ left: 'filter' });
  });

  test('authz C6: routes that name a refused one stay as they were until it is mended', async () => {
    const client = await filtered();
    rig.xds.publish(routed('2', 'filter'));
    client.nack('TypedExtensionConfig', await client.next('TypedExtensionConfig'));
    await client.silence();
    rig.xds.publish(routed('3', 'filter'));
    await client.take('TypedExtensionConfig');
    expect(await client.contents('RouteConfiguration')).toEqual({ left: 'filter' });
  });

  test('authz C6: while they wait for a cluster, routes that name them wait too', async () => {
    const client = await filtered();
    const next = routed('b', 'filter');
    rig.xds.publish({ ...next, Cluster: { a: '1', b: '1' }, ClusterLoadAssignment: { b: '1' } });
    const clusters = await client.next('Cluster');
    await client.silence();
    client.ack('Cluster', clusters);
    const filters = await client.next('TypedExtensionConfig');
    await client.silence();
    client.ack('TypedExtensionConfig', filters);
    expect(await client.contents('RouteConfiguration')).toEqual({ left: 'filter' });
  });

  test('R14: are removed when the listeners that named them are accepted and the linger is over', async () => {
    rig.xds.publish({ TypedExtensionConfig: { filter: extension('filter', '1') }, Listener: { main: 'filter' } });
    const client = rig.connect(form);
    client.want('Listener');
    await client.take('Listener');
    client.want('TypedExtensionConfig', 'filter');
    await client.take('TypedExtensionConfig');
    await client.settled();
    rig.xds.publish({ Listener: { main: 'without' } });
    const listeners = await client.next('Listener');
    rig.xds.clock.pass(9_000);
    await client.silence();
    client.ack('Listener', listeners);
    await client.settled();
    rig.xds.clock.pass(29_000);
    await client.silence();
    rig.xds.clock.pass(1_001);
    if (form.variant === 'delta') expect((await client.take('TypedExtensionConfig')).removed).toEqual(['filter']);
    await client.silence();
  });
});

describe('waits that the configuration says', () => {
  const store = createSnapshotStore();
  const waits = { lingerMs: 300_000, warmUpMs: 12_000 };
  const rig = withXds({
    store,
    targets: { ...newestSnapshots(store), lingerMsOf: () => waits.lingerMs, warmUpMsOf: () => waits.warmUpMs },
  });

  test.each(ADS_FORMS)('D6: the linger is that of the gateway, $title', async (form) => {
    rig.xds.publish({ Cluster: { old: '1' } });
    const client = rig.connect(form);
    client.want('Cluster');
    await client.take('Cluster');
    await client.settled();
    rig.xds.publish({ Cluster: { new: '1' } });
    await client.take('Cluster');
    await client.settled();
    rig.xds.clock.pass(299_000);
    await client.silence();
    rig.xds.clock.pass(1_001);
    const removal = await client.take('Cluster');
    expect(form.variant === 'sotw' ? removal.names : removal.removed).toEqual(form.variant === 'sotw' ? ['new'] : ['old']);
  });

  test.each(FORMS.filter(({ ads }) => !ads))(
    'D7: separate streams wait as long as the clusters may take to be warm, $title',
    async (form) => {
      rig.xds.publish({ RouteConfiguration: { r: '1' } });
      const client = rig.connect(form);
      client.want('RouteConfiguration', 'r');
      await client.take('RouteConfiguration');
      await client.settled();
      rig.xds.publish({ RouteConfiguration: { r: '2' } });
      await client.settled();
      rig.xds.clock.pass(11_500);
      await client.silence();
      rig.xds.clock.pass(501);
      expect(await client.contents('RouteConfiguration')).toEqual({ r: '2' });
    },
  );
});
