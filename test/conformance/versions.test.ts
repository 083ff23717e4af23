import { describe, expect, test } from 'vitest';
import { FORMS } from './test-client.ts';
import { withXds } from './with-xds.ts';

describe.each(FORMS)('versions and nonces, $title', (form) => {
  const rig = withXds();

  test('X16, X71: versions are of the data: equal on another server, and the type version stands in every response', async () => {
    const contents = { Cluster: { a: '1', b: '1' } };
    rig.xds.publish(contents);
    const client = rig.connect(form);
    client.want('Cluster', '*');
    const first = await client.take('Cluster');
    expect(first.version).toBe([...(rig.xds.store.get('edge')?.views.values() ?? [])][0]?.version);
    const other = rig.connect(form, { id: 'node-2' });
    other.want('Cluster', '*');
    const second = await other.take('Cluster');
    expect(second.version).toBe(first.version);
    expect(second.versions).toEqual(first.versions);
  });

  test('X17: equal contents again are silence', async () => {
    rig.xds.publish({ Cluster: { a: '1', b: '1' } });
    const client = rig.connect(form);
    client.want('Cluster', '*');
    const { version } = await client.take('Cluster');
    rig.xds.publish({ Cluster: { b: '1', a: '1' }, Runtime: { other: '1' } });
    await client.silence();
    rig.xds.publish({ Cluster: { a: '2', b: '1' } });
    expect((await client.take('Cluster')).version).not.toBe(version);
  });

  test('X18: nonces are not empty and never come twice on a stream', async () => {
    rig.xds.publish({ Cluster: { a: '0' }, ClusterLoadAssignment: { a: '0' } });
    const client = rig.connect(form);
    client.want('Cluster', '*');
    client.want('ClusterLoadAssignment', 'a');
    const nonces = new Set([(await client.take('Cluster')).nonce, (await client.take('ClusterLoadAssignment')).nonce]);
    for (let turn = 1; turn <= 50; turn += 1) {
      rig.xds.publish({ Cluster: { a: '0' }, ClusterLoadAssignment: { a: String(turn % 2) } });
      nonces.add((await client.take('ClusterLoadAssignment')).nonce);
    }
    expect(nonces.size).toBe(52);
    expect(nonces).not.toContain('');
  });

  test('X19, X20, X21, cilium#38654, E#30155, E#15767: a first request is answered at an equal version, and its nonce and version are information', async () => {
    rig.xds.publish({ Listener: { a: '1' } });
    const client = rig.connect(form);
    client.want('Listener', 'a');
    const first = await client.take('Listener');
    await client.settled();
    expect(rig.xds.counts.get('acks:Listener')).toBe(1);
    client.disconnect();
    const initial = form.variant === 'delta' ? { initial: first.versions } : {};
    client.send('Listener', { want: ['a'], nonce: first.nonce, version: first.version, error: { code: 3, message: 'old' }, ...initial });
    expect((await client.next('Listener')).version).toBe(first.version);
    expect(rig.xds.counts.get('acks:Listener')).toBe(1);
    expect(rig.xds.counts.get('nacks:Listener')).toBeUndefined();
  });

  test('X23, kmesh#201: requests without a nonce settle nothing and make no loop', async () => {
    rig.xds.publish({ Cluster: { a: '1' } });
    const client = rig.connect(form);
    client.want('Cluster', 'a');
    const first = await client.next('Cluster');
    for (let turn = 0; turn < 3; turn += 1) client.send('Cluster', {});
    rig.xds.publish({ Cluster: { a: '2' } });
    await client.silence();
    expect(rig.xds.counts.get('acks:Cluster')).toBeUndefined();
    client.ack('Cluster', first);
    expect(await client.contents('Cluster')).toEqual({ a: '2' });
    await client.silence();
  });

  test('X24, X70: 100 changes while a response is unanswered are one more response', async () => {
    rig.xds.publish({ ClusterLoadAssignment: { a: '0', b: '0' } });
    const client = rig.connect(form);
    client.want('ClusterLoadAssignment', 'a', 'b');
    const first = await client.next('ClusterLoadAssignment');
    for (let turn = 1; turn <= 100; turn += 1) {
      rig.xds.publish({ ClusterLoadAssignment: { a: String(turn), ...(turn < 50 ? { b: '1' } : { b: '0' }) } });
      if (turn % 20 === 0) await client.silence();
    }
    client.ack('ClusterLoadAssignment', first);
    expect(await client.contents('ClusterLoadAssignment')).toEqual({ a: '100' });
    await client.silence();
  });

  test('X25, X67, contour#1187, osm#3258: names of a request with a stale nonce count, and none is sent twice', async () => {
    rig.xds.publish({ RouteConfiguration: { a: '1', b: '1' } });
    const client = rig.connect(form);
    client.want('RouteConfiguration', 'a');
    const first = await client.next('RouteConfiguration');
    client.send('RouteConfiguration', { want: ['a', 'b'], nonce: 'older' });
    await client.silence();
    client.ack('RouteConfiguration', first);
    expect(await client.contents('RouteConfiguration')).toEqual({ b: '1' });
    await client.silence();
  });

  test('X26: a nonce that was never sent is no ACK; the stream stays and names count', async () => {
    rig.xds.publish({ Secret: { a: '1', b: '1' } });
    const client = rig.connect(form);
    client.want('Secret', 'a');
    const first = await client.next('Secret');
    client.send('Secret', { want: ['a', 'b'], nonce: 'invented' });
    await client.silence();
    expect(rig.xds.counts.get('acks:Secret')).toBeUndefined();
    client.ack('Secret', first);
    expect(await client.contents('Secret')).toEqual({ b: '1' });
  });
});

describe('nonces of several types', () => {
  const rig = withXds();

  test('X22: the nonce of one type settles no other', async () => {
    rig.xds.publish({ Cluster: { a: '1' }, ClusterLoadAssignment: { a: '1' } });
    for (const variant of ['sotw', 'delta'] as const) {
      const client = rig.connect({ variant, ads: true }, { id: variant });
      client.want('Cluster', '*');
      const clusters = await client.next('Cluster');
      client.want('ClusterLoadAssignment', 'a');
      await client.next('ClusterLoadAssignment');
      client.send('ClusterLoadAssignment', { nonce: clusters.nonce });
      await client.settled();
    }
    expect(rig.xds.counts.get('acks:ClusterLoadAssignment')).toBeUndefined();
    expect(rig.xds.counts.get('acks:Cluster')).toBeUndefined();
  });
});
