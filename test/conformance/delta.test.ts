import { describe, expect, test } from 'vitest';
import { type Change, DELTA_FORMS } from './test-client.ts';
import { withXds } from './with-xds.ts';

/** The wildcard table: the changes in turn, then what a client gets when A and B change. */
const WILDCARDS: readonly (readonly [changes: readonly Change[], gets: readonly string[]])[] = [
  [[{}], ['A', 'B']],
  [
    [{}, {}],
    ['A', 'B'],
  ],
  [
    [{}, { subscribe: ['A'] }],
    ['A', 'B'],
  ],
  [[{}, { subscribe: ['A'] }, { unsubscribe: ['*'] }], ['A']],
  [[{}, { subscribe: ['A'] }, { unsubscribe: ['*'] }, { unsubscribe: ['A'] }], []],
  [[{ subscribe: ['*'], unsubscribe: ['*'] }], []],
  [
    [{ subscribe: ['*'] }, { unsubscribe: ['A'] }],
    ['A', 'B'],
  ],
  [
    [{ subscribe: ['*', 'A'] }, { unsubscribe: ['A'] }],
    ['A', 'B'],
  ],
];

describe.each(DELTA_FORMS)('subscriptions, $title', (form) => {
  const rig = withXds();

  test.each(WILDCARDS)('X59, X60: after the changes %j a change of A and B brings %j', async (changes, gets) => {
    for (const type of ['Cluster', 'Listener'] as const) {
      rig.xds.publish({ [type]: { A: '1', B: '1' } });
      const client = rig.connect(form, { id: type });
      for (const change of changes) {
        client.send(type, change);
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

  test('X56, G#431, G#583, G#585, G#608, G#1002: a subscribed name is always sent', async () => {
    rig.xds.publish({ Cluster: { A: '1' }, ClusterLoadAssignment: { A: '1' } });
    const client = rig.connect(form);
    for (const type of ['Cluster', 'ClusterLoadAssignment'] as const) {
      client.send(type, { subscribe: ['A'] });
      await client.take(type);
      client.send(type, { subscribe: ['A'] });
      expect((await client.take(type)).names).toEqual(['A']);
      client.send(type, { unsubscribe: ['A'] });
      client.send(type, { subscribe: ['A'] });
      expect((await client.take(type)).names).toEqual(['A']);
    }
  });

  test('X57, X71, B54, J#89, kmesh#415, E#33607, E#36951: a client that comes back holding everything gets no cluster again, but all endpoints', async () => {
    rig.xds.publish({
      Cluster: { A: '1', B: '1' },
      ClusterLoadAssignment: { A: '1', B: '1' },
      Listener: { L: '1' },
      RouteConfiguration: { R: '1' },
    });
    const client = rig.connect(form);
    const wanted = { Cluster: [], ClusterLoadAssignment: ['A', 'B'], Listener: [], RouteConfiguration: ['R'] } as const;
    const held: Partial<Record<keyof typeof wanted, Readonly<Record<string, string>>>> = {};
    for (const type of ['Cluster', 'ClusterLoadAssignment', 'Listener', 'RouteConfiguration'] as const) {
      client.want(type, ...wanted[type]);
      held[type] = (await client.take(type)).versions;
    }
    client.disconnect();
    for (const type of ['Cluster', 'ClusterLoadAssignment', 'Listener', 'RouteConfiguration'] as const) {
      client.send(type, { want: wanted[type], initial: held[type] ?? {} });
      expect((await client.take(type)).names).toEqual(type === 'ClusterLoadAssignment' ? ['A', 'B'] : []);
    }
    await client.silence();
  });

  test('X58, J#320, I#41494, E#17980: what the client holds and is gone is removed in the first response, what differs is sent; a later map is ignored', async () => {
    rig.xds.publish({ Listener: { A: '1', B: '1' } });
    const client = rig.connect(form);
    client.send('Listener', { initial: { A: 'older', gone: '1' } });
    expect(await client.contents('Listener')).toEqual({ A: '1', B: '1', gone: null });
    client.send('Listener', { initial: { A: 'oldest', gone: '1' } });
    await client.silence();
  });

  test('X58, X77: a cluster that is gone goes as all that is dropped: on an aggregated stream after the switch is accepted', async () => {
    rig.xds.publish({ Cluster: { A: '1', B: '1' } });
    const client = rig.connect(form);
    client.send('Cluster', { initial: { A: 'older', gone: '1' } });
    const first = await client.contents('Cluster');
    expect(first).toEqual({ A: '1', B: '1' });
    expect(await client.contents('Cluster')).toEqual({ gone: null });
    await client.silence();
  });

  test('X61: a name given up under a wildcard is answered', async () => {
    rig.xds.publish({ Cluster: { A: '1' } });
    const client = rig.connect(form);
    client.send('Cluster', { subscribe: ['*', 'A', 'missing'] });
    expect(await client.contents('Cluster')).toEqual({ A: '1', missing: null });
    client.send('Cluster', { unsubscribe: ['A', 'missing'] });
    expect(await client.contents('Cluster')).toEqual({ A: '1', missing: null });
    await client.silence();
  });

  test('X62, I#54563, I#54464: giving up names is silent, unknown ones too', async () => {
    rig.xds.publish({ ClusterLoadAssignment: { A: '1', B: '1' } });
    const client = rig.connect(form);
    client.want('ClusterLoadAssignment', 'A', 'B', 'missing');
    await client.take('ClusterLoadAssignment');
    client.send('ClusterLoadAssignment', { unsubscribe: ['B', 'missing', 'never'] });
    await client.silence();
    client.send('ClusterLoadAssignment', { unsubscribe: ['A'] });
    await client.settled();
    rig.xds.publish({ ClusterLoadAssignment: { A: '2', B: '2' } });
    await client.silence();
  });

  test('X63: a star taken and given back in one message is nothing', async () => {
    rig.xds.publish({ Cluster: { A: '1' } });
    const client = rig.connect(form);
    client.send('Cluster', { subscribe: ['*'], unsubscribe: ['*'] });
    await client.silence();
  });

  test('X64, X65, G#458, G#488, G#565, consul#10563, consul#10987: absence is told at once, creation and deletion once each, and the subscription stays', async () => {
    rig.xds.publish({});
    const client = rig.connect(form);
    client.want('RouteConfiguration', 'A');
    expect(await client.contents('RouteConfiguration')).toEqual({ A: null });
    for (let turn = 0; turn < 2; turn += 1) {
      rig.xds.publish({ RouteConfiguration: { A: '1' } });
      expect(await client.contents('RouteConfiguration')).toEqual({ A: '1' });
      rig.xds.publish({});
      expect(await client.contents('RouteConfiguration')).toEqual({ A: null });
      await client.silence();
    }
  });

  test('X66: nothing that was neither subscribed nor sent is listed as removed', async () => {
    rig.xds.publish({ ClusterLoadAssignment: { A: '1', B: '1', C: '1' } });
    const client = rig.connect(form);
    client.want('ClusterLoadAssignment', 'A');
    await client.take('ClusterLoadAssignment');
    rig.xds.publish({ ClusterLoadAssignment: { A: '2' } });
    expect(await client.contents('ClusterLoadAssignment')).toEqual({ A: '2' });
  });

  test('X68: an ACK may carry changes', async () => {
    rig.xds.publish({ Secret: { A: '1', C: '1' } });
    const client = rig.connect(form);
    client.want('Secret', 'A');
    client.ack('Secret', await client.next('Secret'), { want: ['A', 'C'] });
    expect(await client.contents('Secret')).toEqual({ C: '1' });
    await client.settled();
    expect(rig.xds.counts.get('acks:Secret')).toBe(2);
  });

  test('X69, X72: each resource has its name and version once; the type version stands beside', async () => {
    rig.xds.publish({ Cluster: { A: '1', B: '1' } });
    const client = rig.connect(form);
    client.want('Cluster');
    const response = await client.take('Cluster');
    expect(response.names).toEqual(['A', 'B']);
    const view = rig.xds.store.get('edge')?.views.get(response.typeUrl);
    expect(response.version).toBe(view?.version);
    expect(response.versions).toEqual(
      Object.fromEntries([...(view?.resources.values() ?? [])].map(({ name, version }) => [name, version])),
    );
  });

  test('X69: deleted and created in one turn is one resource', async () => {
    rig.xds.publish({ Cluster: { A: '1' } });
    const client = rig.connect(form);
    client.want('Cluster');
    await client.take('Cluster');
    await client.settled();
    rig.xds.publish({ Cluster: {} });
    rig.xds.publish({ Cluster: { A: '2' } });
    const { names, removed } = await client.take('Cluster');
    expect({ names, removed }).toEqual({ names: ['A'], removed: [] });
  });

  test('X70: a slow client gets one response at a time and the right end', async () => {
    const contents = (turn: number): Record<string, string> => ({ A: String(turn), ...(turn % 2 === 0 ? { B: '1' } : { C: '1' }) });
    rig.xds.publish({ ClusterLoadAssignment: contents(0) });
    const client = rig.connect(form);
    client.want('ClusterLoadAssignment', 'A', 'B', 'C');
    const held: Record<string, string | null> = {};
    for (let turn = 1; turn <= 100; turn += 1) {
      rig.xds.publish({ ClusterLoadAssignment: contents(turn) });
      if (turn % 30 !== 0) continue;
      await client.settled();
      expect(client.stream('ClusterLoadAssignment').waiting).toHaveLength(1);
      Object.assign(held, await client.contents('ClusterLoadAssignment'));
    }
    await client.settled();
    Object.assign(held, await client.contents('ClusterLoadAssignment'));
    expect(held).toEqual({ A: '100', B: '1', C: null });
    await client.silence();
  });

  test('X73: a first wildcard with nothing to send gets an empty response', async () => {
    rig.xds.publish({});
    const client = rig.connect(form);
    client.want('Cluster');
    expect(await client.contents('Cluster')).toEqual({});
    await client.silence();
  });

  test('X35: after a NACK of A and B a change of A sends only A', async () => {
    rig.xds.publish({ Cluster: { A: '1', B: '1' } });
    const client = rig.connect(form);
    client.want('Cluster');
    client.nack('Cluster', await client.next('Cluster'));
    await client.settled();
    rig.xds.publish({ Cluster: { A: '2', B: '1' } });
    expect(await client.contents('Cluster')).toEqual({ A: '2' });
  });
});
