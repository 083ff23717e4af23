import { connect } from 'node:http2';
import { status } from '@grpc/grpc-js';
import { afterEach, describe, expect, test } from 'vitest';
import { TYPE_URLS } from '../../src/proto/type-urls.ts';
import { eventually } from '../support/eventually.ts';
import { type TypeLabel, testApi } from '../support/snapshots.ts';
import { openChannel, type WireVariant, type XdsChannel } from '../support/xds-client.ts';
import { ADS_FORMS, FORMS } from './test-client.ts';
import { withXds } from './with-xds.ts';
import { startXds } from './xds-harness.ts';

const SEPARATE: readonly TypeLabel[] = ['Listener', 'RouteConfiguration', 'Cluster', 'ClusterLoadAssignment', 'Secret'];
const NODE = { id: 'raw', cluster: 'edge' };
const V2_CLUSTER = 'type.googleapis.com/envoy.api.v2.Cluster';

describe.each(FORMS)('streams, $title', (form) => {
  const rig = withXds();

  test('X3: the node counts in the first message; one that comes later changes nothing', async () => {
    rig.xds.publish({ Cluster: { a: '1' } });
    rig.xds.publish({ Cluster: { other: '1' } }, 'other');
    const client = rig.connect(form);
    client.want('Cluster', '*');
    const first = await client.next('Cluster');
    const later = { node: { id: 'node-2', cluster: 'other' }, type_url: TYPE_URLS.Cluster, response_nonce: first.nonce };
    client.stream('Cluster').send(form.variant === 'sotw' ? { ...later, resource_names: ['*'] } : later);
    rig.xds.publish({ Cluster: { a: '2' } });
    expect((await client.take('Cluster')).resources).toEqual({ a: '2' });
    expect(rig.xds.server.nodes().map(({ id, cluster }) => `${id} ${cluster}`)).toContain('node-1 edge');
  });

  test('X5, X6, G#508: an old stream of a node neither takes part in a new one nor takes it down', async () => {
    rig.xds.publish({ Cluster: { a: '1' } });
    const old = rig.connect(form);
    old.want('Cluster', '*');
    const unanswered = await old.next('Cluster');
    const fresh = rig.connect(form);
    fresh.want('Cluster', '*');
    await fresh.take('Cluster');
    fresh.send('Cluster', { nonce: unanswered.nonce });
    await fresh.settled();
    expect(rig.xds.counts.get('acks:Cluster')).toBe(1);
    old.disconnect();
    rig.xds.publish({ Cluster: { a: '2' } });
    expect((await fresh.take('Cluster')).resources).toEqual({ a: '2' });
    const [node] = rig.xds.server.nodes().filter(({ id }) => id === 'node-1');
    expect(node?.streams).toHaveLength(1);
  });

  test('X15: the identifier stands in every response', async () => {
    rig.xds.publish({ Cluster: { a: '1' } });
    const client = rig.connect(form);
    client.want('Cluster', '*');
    expect((await client.take('Cluster')).controlPlane).toBe('test');
    rig.xds.publish({ Cluster: { a: '2' } });
    expect((await client.take('Cluster')).controlPlane).toBe('test');
  });

  test('X13: half-closing ends the stream with OK and leaves nothing behind', async () => {
    rig.xds.publish({ Cluster: { a: '1' } });
    const client = rig.connect(form);
    client.want('Cluster', '*');
    await client.take('Cluster');
    const stream = client.stream('Cluster');
    stream.halfClose();
    expect(await stream.ended).toMatchObject({ code: status.OK });
    expect(rig.xds.server.nodes()).toEqual([]);
    rig.xds.publish({ Cluster: { a: '2' } });
    await client.silence();
  });

  test('X85, contour#1280: nothing is answered before the gateway has a snapshot, and what waits is said once', async () => {
    const clients = ['node-1', 'node-2'].map((id) => rig.connect(form, { id }));
    for (const client of clients) {
      client.want('Cluster', '*');
      await client.silence();
    }
    rig.xds.clock.pass(5_000);
    const waiting = rig.xds.logs.filter(({ fields }) => fields['event'] === 'xds.unknown_gateway');
    expect(waiting.map(({ fields }) => fields['gateway'])).toEqual(['edge']);
    rig.xds.publish({ Cluster: { a: '1' } });
    for (const client of clients) expect(await client.contents('Cluster')).toEqual({ a: '1' });
  });

  test('X8: each Any has the type URL of its response', async () => {
    rig.xds.publish({ ClusterLoadAssignment: { a: '1', b: '1' } });
    const client = rig.connect(form);
    client.want('ClusterLoadAssignment', 'a', 'b');
    const { anyTypeUrls, typeUrl } = await client.take('ClusterLoadAssignment');
    expect(anyTypeUrls).toEqual([typeUrl, typeUrl]);
  });
});

describe.each(ADS_FORMS)('aggregated streams, $title', (form) => {
  const rig = withXds();
  const names: Readonly<Partial<Record<TypeLabel, string>>> = {
    Cluster: 'a',
    ClusterLoadAssignment: 'a',
    Listener: 'l',
    RouteConfiguration: 'r',
  };
  const orders = permutations(['Cluster', 'ClusterLoadAssignment', 'Listener', 'RouteConfiguration'] as const);

  test('X11: first requests come in any of the 24 orders', async () => {
    rig.xds.publish({ Cluster: { a: '1' }, ClusterLoadAssignment: { a: '1' }, Listener: { l: '1' }, RouteConfiguration: { r: '1' } });
    for (const [index, order] of orders.entries()) {
      const client = rig.connect(form, { id: `order-${index}` });
      for (const type of order) client.want(type, names[type] ?? '');
      const stream = client.stream('Cluster');
      const got = new Set<string>();
      while (got.size < order.length) {
        const response = await stream.next();
        const type = order.find((label) => TYPE_URLS[label] === response.typeUrl);
        if (type === undefined) throw new Error(`unexpected ${response.typeUrl}`);
        client.ack(type, response);
        got.add(type);
      }
      client.close();
    }
  });

  test.each(['type.googleapis.com/test.Unknown', V2_CLUSTER])(
    'X9, X10: %s: the stream goes on, and nothing of it exists',
    async (typeUrl) => {
      rig.xds.publish({ Cluster: { a: '1' } });
      const client = rig.connect(form);
      const stream = client.stream('Cluster');
      const request = { node: client.node(), type_url: typeUrl };
      stream.send(form.variant === 'sotw' ? { ...request, resource_names: ['x'] } : { ...request, resource_names_subscribe: ['x'] });
      if (form.variant === 'delta') expect(await stream.next()).toMatchObject({ typeUrl, names: [], removed: ['x'] });
      else await client.silence();
      client.want('Cluster', '*');
      expect(await client.contents('Cluster')).toEqual({ a: '1' });
    },
  );
});

describe('what a stream must say', () => {
  const rig = withXds();
  const channels: XdsChannel[] = [];
  afterEach(() => {
    for (const channel of channels.splice(0)) channel.close();
  });
  const channel = (): XdsChannel => {
    const opened = channels[0] ?? openChannel(rig.xds.port);
    channels[0] = opened;
    return opened;
  };
  const ends = async (variant: WireVariant, request: object, service?: TypeLabel): Promise<string> => {
    const stream = channel().open(variant, service);
    stream.send(request);
    const { code, details } = await stream.ended;
    return `${status[code]}: ${details}`;
  };

  test('X4: a first message without a node ends with INVALID_ARGUMENT that says so', async () => {
    for (const variant of ['sotw', 'delta'] as const) {
      expect(await ends(variant, { type_url: TYPE_URLS.Cluster })).toMatch(/^INVALID_ARGUMENT: .*node/);
    }
  });

  test('X7: an aggregated stream needs a type URL; on a separate one the service says it', async () => {
    rig.xds.publish({ Cluster: { a: '1' } });
    for (const variant of ['sotw', 'delta'] as const) {
      expect(await ends(variant, { node: NODE })).toMatch(/^INVALID_ARGUMENT: type_url/);
      const separate = channel().open(variant, 'Cluster');
      separate.send({ node: NODE });
      expect(await separate.next()).toMatchObject({ typeUrl: TYPE_URLS.Cluster, resources: { a: '1' } });
    }
  });

  test('X8: another type on a separate stream ends with INVALID_ARGUMENT', async () => {
    for (const variant of ['sotw', 'delta'] as const) {
      expect(await ends(variant, { node: NODE, type_url: TYPE_URLS.Listener }, 'Cluster')).toMatch(/^INVALID_ARGUMENT: .*Cluster/);
    }
  });

  test('X2: each service streams its own type, state of the world and delta', async () => {
    rig.xds.publish(Object.fromEntries(SEPARATE.map((type) => [type, { a: '1' }])));
    for (const type of SEPARATE) {
      for (const variant of ['sotw', 'delta'] as const) {
        const stream = channel().open(variant, type);
        stream.send(variant === 'sotw' ? { node: NODE, resource_names: ['a'] } : { node: NODE, resource_names_subscribe: ['a'] });
        expect(await stream.next()).toMatchObject({ typeUrl: TYPE_URLS[type], resources: { a: '1' } });
      }
    }
  });

  test('X2: the served methods are those of the API', () => {
    const api = testApi();
    const methods = Object.keys(api.service('envoy.service.discovery.v3.AggregatedDiscoveryService'));
    expect(methods.sort()).toEqual(['DeltaAggregatedResources', 'StreamAggregatedResources']);
  });

  test('X10: the methods of v2 are UNIMPLEMENTED', async () => {
    const stream = channel().openPath('/envoy.service.discovery.v2.AggregatedDiscoveryService/StreamAggregatedResources');
    expect((await stream.ended).code).toBe(status.UNIMPLEMENTED);
  });

  test('T2: bytes that are no request end that stream alone, with a text', async () => {
    rig.xds.publish({ Cluster: { a: '1' } });
    const good = channel().open('delta');
    const bad = channel().open('delta');
    bad.sendBytes(Buffer.from([0xff, 0xff, 0xff, 0xff]));
    const { code, details } = await bad.ended;
    expect(status[code]).toBe('INVALID_ARGUMENT');
    expect(details).toContain('DeltaDiscoveryRequest');
    good.send({ node: NODE, type_url: TYPE_URLS.Cluster });
    expect((await good.next()).resources).toEqual({ a: '1' });
  });

  test('T2: more types on one stream than exist end it', async () => {
    rig.xds.publish({});
    const stream = channel().open('delta');
    for (let type = 0; type < 70; type += 1) stream.send({ node: NODE, type_url: `type.googleapis.com/test.T${type}` });
    expect(status[(await stream.ended).code]).toBe('INVALID_ARGUMENT');
  });

  test('X13, G#446, G#570, I#10822, I#34097: 300 streams that are reset at once, later or after an answer leave nothing behind', async () => {
    rig.xds.publish({ Cluster: { a: '1' } });
    const session = connect(`http://127.0.0.1:${rig.xds.port}`);
    const path = '/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources';
    const message = testApi().encode('envoy.service.discovery.v3.DeltaDiscoveryRequest', { node: NODE, type_url: TYPE_URLS.Cluster });
    const frame = Buffer.concat([Buffer.from([0, 0, 0, 0, message.length]), message]);
    for (let turn = 0; turn < 300; turn += 1) {
      const stream = session.request({ ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' });
      stream.on('error', () => {});
      stream.write(frame);
      if (turn % 3 === 0) await new Promise((resolve) => stream.once('data', resolve));
      if (turn % 3 === 1) await new Promise(setImmediate);
      stream.close(8);
    }
    await eventually(() => rig.xds.counts.get('streams') === 0, { what: 'all streams to be released' });
    expect(rig.xds.server.nodes()).toEqual([]);
    session.close();
  });

  test('a port that is taken is refused with its code', async () => {
    await expect(startXds({ port: rig.xds.port })).rejects.toMatchObject({
      code: 'ERR_PORT_IN_USE',
      remedy: expect.stringContaining('--xds-port'),
    });
  });

  test('T8: closing the server ends streams with OK', async () => {
    rig.xds.publish({ Cluster: { a: '1' } });
    const stream = channel().open('delta');
    stream.send({ node: NODE, type_url: TYPE_URLS.Cluster });
    await stream.next();
    await rig.xds.server.close({ graceMs: 2_000 });
    expect((await stream.ended).code).toBe(status.OK);
  });
});

function permutations<Item>(items: readonly Item[]): readonly (readonly Item[])[] {
  if (items.length <= 1) return [items];
  return items.flatMap((item, index) => permutations(items.toSpliced(index, 1)).map((rest) => [item, ...rest]));
}
