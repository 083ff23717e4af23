import { describe, expect, test } from 'vitest';
import { SOTW_FORMS } from './test-client.ts';
import { withXds } from './with-xds.ts';

/** The wildcard table: the lists in turn, then what a client gets of { A: '1', B: '1' } when both change. */
const WILDCARDS: readonly (readonly [lists: readonly (readonly string[])[], gets: readonly string[]])[] = [
  [[[]], ['A', 'B']],
  [
    [[], []],
    ['A', 'B'],
  ],
  [
    [[], ['*', 'A']],
    ['A', 'B'],
  ],
  [[[], ['*', 'A'], ['A']], ['A']],
  [[[], ['*', 'A'], ['A'], []], []],
  [[[], ['A']], ['A']],
  [[['*'], []], []],
  [
    [['A'], ['*']],
    ['A', 'B'],
  ],
];

describe.each(SOTW_FORMS)('subscriptions, $title', (form) => {
  const rig = withXds();

  test.each(WILDCARDS)('X39-X41, G#558, G#855: after the lists %j a change of A and B brings %j', async (lists, gets) => {
    for (const type of ['Cluster', 'Listener'] as const) {
      rig.xds.publish({ [type]: { A: '1', B: '1' } });
      const client = rig.connect(form, { id: type });
      for (const list of lists) {
        client.want(type, ...list);
        await client.settled();
        const { waiting } = client.stream(type);
        for (let index = waiting.length; index > 0; index -= 1) await client.take(type);
        await client.settled();
      }
      rig.xds.publish({ [type]: { A: '2', B: '2' } });
      if (gets.length === 0) await client.silence();
      else expect((await client.take(type)).names).toEqual(gets);
      await client.silence();
    }
  });

  test('X38: {A,B}, then {B,C}: C comes, A is silent', async () => {
    rig.xds.publish({ ClusterLoadAssignment: { A: '1', B: '1', C: '1' } });
    const client = rig.connect(form);
    client.want('ClusterLoadAssignment', 'A', 'B');
    expect(await client.contents('ClusterLoadAssignment')).toEqual({ A: '1', B: '1' });
    client.want('ClusterLoadAssignment', 'B', 'C');
    expect(await client.contents('ClusterLoadAssignment')).toEqual({ C: '1' });
    rig.xds.publish({ ClusterLoadAssignment: { A: '2', B: '1', C: '1' } });
    await client.silence();
  });

  test('X39: a gRPC client that names nothing wants nothing', async () => {
    rig.xds.publish({ Cluster: { A: '1' }, Listener: { A: '1' } });
    const client = rig.connect(form, { userAgent: 'gRPC C-core' });
    client.want('Cluster');
    client.want('Listener');
    await client.silence();
  });

  test('X40: a star inside a name is a letter', async () => {
    rig.xds.publish({ Cluster: { A: '1', 'a*': '1' } });
    const client = rig.connect(form);
    client.want('Cluster', 'a*');
    expect(await client.contents('Cluster')).toEqual({ 'a*': '1' });
  });

  test.each(['ClusterLoadAssignment', 'RouteConfiguration', 'Secret'] as const)('X42: %s, empty list: no interest', async (type) => {
    rig.xds.publish({ [type]: { A: '1' } });
    const client = rig.connect(form);
    client.want(type);
    await client.silence();
  });

  test('X43: an empty name is an unknown name', async () => {
    rig.xds.publish({ Cluster: { A: '1' } });
    const client = rig.connect(form);
    client.want('Cluster', 'A');
    expect(await client.contents('Cluster')).toEqual({ A: '1' });
    client.want('Cluster', '');
    expect(await client.contents('Cluster')).toEqual({});
    rig.xds.publish({ Cluster: { A: '2' } });
    await client.silence();
  });

  test('X44, G#1498, E#3355, grpc-java#8657, grpc-node#2875, grpc-node#2879: after full unsubscription nothing comes, also when a change races it', async () => {
    rig.xds.publish({ Cluster: { A: '1' }, ClusterLoadAssignment: { A: '1' } });
    const client = rig.connect(form);
    for (const type of ['Cluster', 'ClusterLoadAssignment'] as const) {
      client.want(type, 'A');
      await client.take(type);
      client.want(type);
    }
    await client.settled();
    rig.xds.publish({ Cluster: { A: '2' }, ClusterLoadAssignment: { A: '2' } });
    await client.silence();
  });

  test('X45, G#463, E#3399: a name that is new to the list is answered at an unchanged version', async () => {
    rig.xds.publish({ RouteConfiguration: { A: '1', B: '1' } });
    const client = rig.connect(form);
    client.want('RouteConfiguration', 'A');
    const first = await client.take('RouteConfiguration');
    client.want('RouteConfiguration', 'A', 'B');
    const second = await client.take('RouteConfiguration');
    expect(second.resources).toEqual({ B: '1' });
    expect(second.version).toBe(first.version);
  });

  test('X46, G#615, osm#3775: unsubscribed and resubscribed is sent again', async () => {
    rig.xds.publish({ Secret: { A: '1' } });
    const client = rig.connect(form);
    for (let turn = 0; turn < 3; turn += 1) {
      client.want('Secret', 'A');
      expect(await client.contents('Secret')).toEqual({ A: '1' });
      client.want('Secret');
    }
    await client.silence();
  });

  test.each(['Cluster', 'Listener'] as const)('X47: %s: every covered resource each time, and absence deletes', async (type) => {
    rig.xds.publish({ [type]: { A: '1', B: '1', C: '1' } });
    const client = rig.connect(form);
    client.want(type);
    expect(await client.contents(type)).toEqual({ A: '1', B: '1', C: '1' });
    rig.xds.publish({ [type]: { A: '1', B: '2', C: '1' } });
    expect(await client.contents(type)).toEqual({ A: '1', B: '2', C: '1' });
    rig.xds.publish({ [type]: { A: '1', C: '1' } });
    expect(await client.contents(type)).toEqual({ A: '1', C: '1' });
  });

  test.each(['ClusterLoadAssignment', 'RouteConfiguration', 'Secret'] as const)(
    'X48: %s: only what changed; absence is silence',
    async (type) => {
      rig.xds.publish({ [type]: { A: '1', B: '1', C: '1' } });
      const client = rig.connect(form);
      client.want(type, 'A', 'B', 'C');
      expect(await client.contents(type)).toEqual({ A: '1', B: '1', C: '1' });
      rig.xds.publish({ [type]: { A: '1', B: '2', C: '1' } });
      expect(await client.contents(type)).toEqual({ B: '2' });
      rig.xds.publish({ [type]: { A: '1', B: '2' } });
      await client.silence();
    },
  );

  test('X50, G#473, contour#363, contour#372: an empty wildcard result is answered', async () => {
    rig.xds.publish({});
    const client = rig.connect(form);
    client.want('Cluster');
    expect(await client.contents('Cluster')).toEqual({});
    client.want('Listener', '*');
    expect(await client.contents('Listener')).toEqual({});
    await client.silence();
  });

  test('X51, X54, B57, G#119, G#426, G#1318, G#1356, kgateway#14654, kgateway#14688, gloo#11118: an unknown name withholds no other, and it is pushed on creation', async () => {
    rig.xds.publish({ Cluster: { A: '1' }, ClusterLoadAssignment: { A: '1' } });
    const client = rig.connect(form);
    client.want('Cluster', 'A', 'late');
    expect(await client.contents('Cluster')).toEqual({ A: '1' });
    client.want('ClusterLoadAssignment', 'A', 'late');
    expect(await client.contents('ClusterLoadAssignment')).toEqual({ A: '1' });
    await client.silence();
    rig.xds.clock.pass(5_000);
    rig.xds.publish({ Cluster: { A: '1', late: '1' }, ClusterLoadAssignment: { A: '1', late: '1' } });
    expect(await client.contents('Cluster')).toEqual({ A: '1', late: '1' });
    expect((await client.contents('ClusterLoadAssignment'))['late']).toBe('1');
  });

  test('X20, X51, contour#420, contour#425, contour#439: unknown names alone: clusters get an empty answer, endpoints silence', async () => {
    rig.xds.publish({ Cluster: { A: '1' }, ClusterLoadAssignment: { A: '1' } });
    const client = rig.connect(form);
    client.want('ClusterLoadAssignment', 'late');
    await client.silence();
    client.want('Cluster', 'late');
    expect(await client.contents('Cluster')).toEqual({});
  });

  test('X55: of three resources only the one asked for is sent', async () => {
    for (const type of ['Cluster', 'RouteConfiguration'] as const) {
      rig.xds.publish({ [type]: { A: '1', B: '1', C: '1' } });
      const client = rig.connect(form, { id: type });
      client.want(type, 'B');
      expect(await client.contents(type)).toEqual({ B: '1' });
      rig.xds.publish({ [type]: { A: '2', B: '1', C: '2' } });
      await client.silence();
    }
  });

  test('X93: the name of a resource locator counts', async () => {
    rig.xds.publish({ RouteConfiguration: { A: '1' } });
    const client = rig.connect(form);
    client.stream('RouteConfiguration').send({
      node: client.node(),
      type_url: 'type.googleapis.com/envoy.config.route.v3.RouteConfiguration',
      resource_locators: [{ name: 'A', dynamic_parameters: { env: 'prod' } }],
    });
    expect((await client.next('RouteConfiguration')).names).toEqual(['A']);
  });
});
