import { describe, expect, test } from 'vitest';
import { TYPE_URLS } from '../../src/proto/type-urls.ts';
import type { TypeLabel } from '../support/snapshots.ts';
import type { RawResponse } from '../support/xds-client.ts';
import { ADS_FORMS, FORMS, SOTW_FORMS, type TestClient } from './test-client.ts';
import { withXds } from './with-xds.ts';

const TYPES = ['Cluster', 'ClusterLoadAssignment', 'Listener', 'RouteConfiguration', 'Secret'] as const;
const FIRST = {
  Cluster: { old: '1' },
  ClusterLoadAssignment: { old: '1' },
  Listener: { main: '1' },
  RouteConfiguration: { routes: 'old' },
};
const SECOND = {
  Cluster: { new: '1' },
  ClusterLoadAssignment: { new: '1' },
  Listener: { main: '1' },
  RouteConfiguration: { routes: 'new' },
};

function labelOf(response: RawResponse): TypeLabel {
  const label = TYPES.find((type) => TYPE_URLS[type] === response.typeUrl);
  if (label === undefined) throw new Error(`unexpected ${response.typeUrl}`);
  return label;
}

/** Subscribes as an Envoy that runs the given gateway, and accepts everything. */
async function running(client: TestClient, clusters: readonly string[] = ['old']): Promise<void> {
  client.want('Cluster');
  await client.take('Cluster');
  client.want('ClusterLoadAssignment', ...clusters);
  await client.take('ClusterLoadAssignment');
  client.want('Listener');
  await client.take('Listener');
  client.want('RouteConfiguration', 'routes');
  await client.take('RouteConfiguration');
  await client.settled();
}

describe.each(ADS_FORMS)('make before break, $title', (form) => {
  const rig = withXds({ timing: { lingerMs: 30_000 } });

  test('D6, X75, X77: clusters old and new, their endpoints, after the ACK the routes, after the linger the removals', async () => {
    rig.xds.publish(FIRST);
    const client = rig.connect(form);
    await running(client);
    rig.xds.publish(SECOND);
    const make = await client.next('Cluster');
    expect(make.names).toContain('new');
    expect(make.removed).toEqual([]);
    if (form.variant === 'sotw') expect(make.names).toEqual(['new', 'old']);
    client.want('ClusterLoadAssignment', 'old', 'new');
    expect(await client.contents('ClusterLoadAssignment')).toEqual({ new: '1' });
    await client.silence();

    client.ack('Cluster', make);
    const routes = await client.next('RouteConfiguration');
    expect(routes.resources).toEqual({ routes: 'new' });
    rig.xds.clock.pass(5_000);
    await client.silence();
    client.ack('RouteConfiguration', routes);
    await client.settled();
    rig.xds.clock.pass(29_000);
    await client.silence();

    rig.xds.clock.pass(1_001);
    const removal = await client.next('Cluster');
    if (form.variant === 'sotw') expect(removal.names).toEqual(['new']);
    else expect(removal.removed).toEqual(['old']);
    await client.silence();
    client.ack('Cluster', removal);
    if (form.variant === 'delta') expect(await client.contents('ClusterLoadAssignment')).toEqual({ old: null });
    await client.silence();
    expect([...rig.xds.counts.keys()].filter((name) => name.startsWith('gate'))).toEqual([]);
  });

  test('X75: what is due of all types comes in the order of the ranks', async () => {
    rig.xds.publish({ ...FIRST, Secret: { s: '1' } });
    const client = rig.connect(form);
    await running(client);
    client.want('Secret', 's');
    await client.take('Secret');
    await client.settled();
    rig.xds.publish({
      Cluster: { old: '2' },
      ClusterLoadAssignment: { old: '2' },
      Listener: { main: '2' },
      RouteConfiguration: { routes: 'again' },
      Secret: { s: '2' },
    });
    const order: TypeLabel[] = [];
    while (order.at(-1) !== 'RouteConfiguration') {
      const response = await client.stream('Cluster').next();
      order.push(labelOf(response));
      client.ack(labelOf(response), response);
    }
    expect(order).toEqual(['Secret', 'Cluster', 'ClusterLoadAssignment', 'Listener', 'RouteConfiguration']);
  });

  test('X76, D8: a CDS ACK that never comes is waited for five seconds, then the routes go on, counted and logged', async () => {
    rig.xds.publish(FIRST);
    const client = rig.connect(form);
    await running(client);
    rig.xds.publish(SECOND);
    await client.next('Cluster');
    rig.xds.clock.pass(4_900);
    await client.silence();
    rig.xds.clock.pass(101);
    expect((await client.next('RouteConfiguration')).resources).toEqual({ routes: 'new' });
    expect(rig.xds.counts.get('gate:clusters')).toBe(1);
    expect(rig.xds.logs.filter(({ fields }) => fields['event'] === 'xds.gate_timed_out')).toHaveLength(1);
  });

  test('X76: first responses pass the gates too', async () => {
    rig.xds.publish(FIRST);
    const client = rig.connect(form);
    client.want('Cluster');
    client.want('Listener');
    client.want('RouteConfiguration', 'routes');
    const clusters = await client.next('Cluster');
    await client.take('Listener');
    await client.silence();
    client.ack('Cluster', clusters);
    await client.take('RouteConfiguration');
  });

  test('X76: a client that asks for no clusters is not waited for', async () => {
    rig.xds.publish(FIRST);
    const client = rig.connect(form);
    client.want('Listener', 'main');
    expect(await client.contents('Listener')).toEqual({ main: '1' });
    rig.xds.publish({ ...SECOND, Listener: { main: '2' } });
    expect(await client.contents('Listener')).toEqual({ main: '2' });
  });

  test('D7: endpoints that are asked for before any clusters are answered', async () => {
    rig.xds.publish(FIRST);
    const client = rig.connect(form);
    client.want('ClusterLoadAssignment', 'old');
    expect(await client.contents('ClusterLoadAssignment')).toEqual({ old: '1' });
    client.want('Cluster');
    await client.take('Cluster');
    expect(await client.contents('ClusterLoadAssignment')).toEqual({ old: '1' });
  });

  test('X78, X79, B56, D7, G#245, J#131, I#38709, I#39937, E#46383: the endpoints of every changed cluster come with it, without waiting for the ACK, and no others', async () => {
    const clusters = (changed: string): Record<string, string> => ({ a: changed, b: '1', c: changed, d: '1', e: changed });
    const endpoints = { a: '1', b: '1', c: '1', d: '1', e: '1' };
    rig.xds.publish({ ...FIRST, Cluster: clusters('1'), ClusterLoadAssignment: endpoints });
    const client = rig.connect(form);
    await running(client, Object.keys(endpoints));
    rig.xds.publish({ ...FIRST, Cluster: clusters('2'), ClusterLoadAssignment: endpoints });
    await client.next('Cluster');
    expect(await client.contents('ClusterLoadAssignment')).toEqual({ a: '1', c: '1', e: '1' });
    await client.silence();
  });

  test('D7: when a newer target overtakes clusters whose ACK is held back, the endpoints of both are answered', async () => {
    rig.xds.publish({ ...FIRST, Cluster: { a: '1', b: '1' }, ClusterLoadAssignment: { a: '1', b: '1' } });
    const client = rig.connect(form);
    await running(client, ['a', 'b']);
    rig.xds.publish({ ...FIRST, Cluster: { a: '2', b: '1' }, ClusterLoadAssignment: { a: '1', b: '1' } });
    const held = await client.next('Cluster');
    rig.xds.publish({ ...FIRST, Cluster: { a: '2', b: '2', c: '1' }, ClusterLoadAssignment: { a: '1', b: '1', c: '1' } });
    expect(await client.contents('ClusterLoadAssignment')).toEqual({ a: '1' });
    client.want('ClusterLoadAssignment', 'a', 'b', 'c');
    expect(await client.contents('ClusterLoadAssignment')).toEqual({ c: '1' });
    client.ack('Cluster', held);
    expect(Object.keys((await client.take('Cluster')).resources)).toContain('c');
    expect(await client.contents('ClusterLoadAssignment')).toEqual({ b: '1', c: '1' });
  });

  test('X81: a secret comes again with a changed cluster or listener that names it, and only then', async () => {
    const cluster = (name: string, secret: string, content: string): object => ({
      name,
      alt_stat_name: content,
      transport_socket: {
        name: 'tls',
        typed_config: {
          '@type': 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext',
          common_tls_context: { validation_context_sds_secret_config: { name: secret, sds_config: { ads: {} } } },
        },
      },
    });
    const contents = (content: string, listener: string): object => ({
      ...FIRST,
      Cluster: { old: cluster('old', 'ca', content) },
      Listener: { main: listener },
      Secret: { ca: '1', 'ca-2': '1' },
    });
    rig.xds.publish(contents('1', '1'));
    const client = rig.connect(form);
    await running(client);
    client.want('Secret', 'ca', 'ca-2');
    await client.take('Secret');
    rig.xds.publish(contents('2', '1'));
    await client.take('Cluster');
    expect(await client.contents('Secret')).toEqual({ ca: '1' });
    expect(await client.contents('ClusterLoadAssignment')).toEqual({ old: '1' });
    rig.xds.publish(contents('2', 'ca-2'));
    await client.take('Listener');
    expect(await client.contents('Secret')).toEqual({ 'ca-2': '1' });
    await client.silence();
  });

  test('X82: a changed listener does not bring its unchanged routes again', async () => {
    rig.xds.publish(FIRST);
    const client = rig.connect(form);
    await running(client);
    rig.xds.publish({ ...FIRST, Listener: { main: '2' } });
    await client.take('Listener');
    await client.silence();
  });

  test('X76, D15: routes that name a refused cluster stay as they were, others go on', async () => {
    const routes = (name: string, cluster: string): object => ({
      name,
      virtual_hosts: [{ name: cluster, domains: ['*'], routes: [{ match: { prefix: '/' }, route: { cluster } }] }],
    });
    const contents = (cluster: string, routesTo: string): object => ({
      Cluster: { old: '1', ...(cluster === '' ? {} : { 'service/new': cluster }) },
      RouteConfiguration: {
        routes: routes('routes', routesTo),
        others: { name: 'others', virtual_hosts: [{ name: routesTo === 'old' ? '1' : '2', domains: ['*'] }] },
      },
    });
    rig.xds.publish(contents('', 'old'));
    const client = rig.connect(form);
    client.want('Cluster');
    await client.take('Cluster');
    client.want('RouteConfiguration', 'routes', 'others');
    await client.take('RouteConfiguration');
    rig.xds.publish(contents('bad', 'service/new'));
    client.nack('Cluster', await client.next('Cluster'));
    expect(await client.contents('RouteConfiguration')).toEqual({ others: '2' });
    await client.silence();
    rig.xds.publish(contents('good', 'service/new'));
    await client.take('Cluster');
    expect(await client.contents('RouteConfiguration')).toEqual({ routes: 'service/new' });
  });

  test('D9: a target that goes back before its routes moved moves no routes', async () => {
    rig.xds.publish(FIRST);
    const client = rig.connect(form);
    await running(client);
    rig.xds.publish(SECOND);
    const make = await client.next('Cluster');
    rig.xds.publish(FIRST);
    client.ack('Cluster', make);
    await client.silence();
    rig.xds.clock.pass(30_001);
    const removal = await client.take('Cluster');
    expect([...removal.removed, ...removal.names]).toEqual(['old' === removal.names[0] ? 'old' : 'new']);
  });
});

describe.each(FORMS)('removal, $title', (form) => {
  const rig = withXds({ timing: { lingerMs: 20_000 } });

  test('X74, X84: a route configuration that is renamed is there under both names until the linger ends', async () => {
    rig.xds.publish({ RouteConfiguration: { old: '1' }, Listener: { main: 'old' } });
    const client = rig.connect(form);
    client.want('RouteConfiguration', 'old');
    await client.take('RouteConfiguration');
    await client.settled();
    rig.xds.publish({ RouteConfiguration: { new: '1' }, Listener: { main: 'new' } });
    client.want('RouteConfiguration', 'old', 'new');
    await client.settled();
    rig.xds.clock.pass(1_000);
    await client.settled();
    const got: Record<string, string | null> = {};
    const { waiting } = client.stream('RouteConfiguration');
    while (waiting.length > 0) {
      Object.assign(got, await client.contents('RouteConfiguration'));
      await client.settled();
    }
    expect(got).toEqual({ new: '1' });
    rig.xds.clock.pass(20_001);
    if (form.variant === 'sotw') await client.silence();
    else expect(await client.contents('RouteConfiguration')).toEqual({ old: null });
  });
});

describe.each(FORMS.filter(({ ads }) => !ads))('separate streams, $title', (form) => {
  const rig = withXds({ timing: { lingerMs: 0, separateDelayMs: 1_000, childrenDelayMs: 500 } });

  test('O1: the endpoints of a changed cluster come again half a second after it', async () => {
    rig.xds.publish({ Cluster: { a: '1', b: '1' }, ClusterLoadAssignment: { a: '1', b: '1' } });
    const client = rig.connect(form);
    client.want('ClusterLoadAssignment', 'a', 'b');
    await client.take('ClusterLoadAssignment');
    await client.settled();
    rig.xds.publish({ Cluster: { a: '2', b: '1' }, ClusterLoadAssignment: { a: '1', b: '1' } });
    await client.silence();
    rig.xds.clock.pass(501);
    expect(await client.contents('ClusterLoadAssignment')).toEqual({ a: '1' });
    await client.silence();
  });

  test('O1: listeners and routes follow the clusters a second later, first ones at once', async () => {
    rig.xds.publish({ RouteConfiguration: { r: '1' } });
    const client = rig.connect(form);
    client.want('RouteConfiguration', 'r');
    expect(await client.contents('RouteConfiguration')).toEqual({ r: '1' });
    await client.settled();
    rig.xds.publish({ RouteConfiguration: { r: '2' } });
    await client.silence();
    rig.xds.clock.pass(1_001);
    expect(await client.contents('RouteConfiguration')).toEqual({ r: '2' });
  });
});

describe.each(SOTW_FORMS)('repeated requests, $title', (form) => {
  const rig = withXds();

  test('X83: equal names under the settled nonce are silence, unless on a separate stream the clusters changed', async () => {
    const contents = (cluster: string): object => ({ Cluster: { a: cluster }, ClusterLoadAssignment: { a: '1' } });
    rig.xds.publish(contents('1'));
    const client = rig.connect(form);
    client.want('ClusterLoadAssignment', 'a');
    const first = await client.take('ClusterLoadAssignment');
    client.send('ClusterLoadAssignment', { nonce: first.nonce });
    await client.silence();
    rig.xds.publish(contents('2'));
    client.send('ClusterLoadAssignment', { nonce: first.nonce });
    if (form.ads) await client.silence();
    else expect(await client.contents('ClusterLoadAssignment')).toEqual({ a: '1' });
    await client.silence();
  });
});
