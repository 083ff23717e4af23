import { describe, expect, test } from 'vitest';
import { TYPE_URLS } from '../../src/proto/type-urls.ts';
import type { TypeStatus } from '../../src/xds/status.ts';
import { FORMS } from './test-client.ts';
import { PROMPT, withXds } from './with-xds.ts';

describe.each(FORMS)('ACK and NACK, $title', (form) => {
  const rig = withXds({ ...PROMPT, describeResource: (_type, name) => (name === 'a' ? 'gateway.yaml:3:5' : undefined) });

  const clusterStatus = (): TypeStatus | undefined =>
    rig.xds.server
      .nodes()
      .find(({ id }) => id === 'node-1')
      ?.streams.flatMap(({ types }) => types[TYPE_URLS.Cluster] ?? [])[0];

  test('X29: an ACK is recorded for its stream and type', async () => {
    rig.xds.publish({ Cluster: { a: '1' } });
    const client = rig.connect(form);
    client.want('Cluster', '*');
    const response = await client.next('Cluster');
    expect(clusterStatus()).toMatchObject({ state: 'STALE', sentVersion: response.version, subscribed: '*' });
    expect(clusterStatus()?.acceptedVersion).toBeUndefined();
    client.ack('Cluster', response);
    await client.settled();
    expect(clusterStatus()).toMatchObject({ state: 'SYNCED', acceptedVersion: response.version, lastAckAt: expect.any(Number) });
    expect(rig.xds.counts.get('acks:Cluster')).toBe(1);
  });

  test('X37: an ACK with nothing due gets silence', async () => {
    rig.xds.publish({ Cluster: { a: '1' } });
    const client = rig.connect(form);
    client.want('Cluster', '*');
    await client.take('Cluster');
    await client.silence();
    expect(rig.xds.counts.get('requests:Cluster')).toBe(2);
    expect(rig.xds.counts.get('responses:Cluster')).toBe(1);
  });

  test('X27, X33: a NACK is an error_detail, even with the new version; it shows beside what was accepted until a newer ACK', async () => {
    rig.xds.publish({ Cluster: { a: '1' } });
    const client = rig.connect(form);
    client.want('Cluster', '*');
    const good = await client.take('Cluster');
    rig.xds.publish({ Cluster: { a: '2' } });
    const bad = await client.next('Cluster');
    client.nack('Cluster', bad, { version: bad.version });
    await client.settled();
    expect(clusterStatus()).toMatchObject({
      state: 'ERROR',
      acceptedVersion: good.version,
      rejected: { version: bad.version, message: 'refused by the test', at: expect.any(Number) },
    });
    rig.xds.publish({ Cluster: { a: '3' } });
    const better = await client.take('Cluster');
    await client.settled();
    expect(clusterStatus()).toMatchObject({ state: 'SYNCED', acceptedVersion: better.version });
    expect(clusterStatus()?.rejected).toBeUndefined();
  });

  test('X28: a gRPC client that takes the valid half and refuses the rest with the new version refuses; a repaired rest comes', async () => {
    rig.xds.publish({ Cluster: { a: '1', b: '1' } });
    const client = rig.connect(form, { userAgent: 'gRPC-Node' });
    client.want('Cluster', 'a', 'b');
    const half = await client.next('Cluster');
    client.nack('Cluster', half, { version: half.version, error: { code: 14, message: 'b: no such policy' } });
    await client.silence();
    expect(clusterStatus()).toMatchObject({ state: 'ERROR', rejected: { version: half.version, resources: ['b'] } });
    rig.xds.publish({ Cluster: { a: '1', b: '2' } });
    expect(await client.contents('Cluster')).toMatchObject({ b: '2' });
    await client.settled();
    expect(clusterStatus()).toMatchObject({ state: 'SYNCED' });
  });

  test('X30, B49, G#46, G#582, G#794, G#962, xds-relay#165, osm#3254: a client that refuses gets one response, and one more per change', async () => {
    rig.xds.publish({ Cluster: { a: '1', b: '1' } });
    const client = rig.connect(form);
    client.want('Cluster', '*');
    client.nack('Cluster', await client.next('Cluster'));
    await client.silence();
    rig.xds.clock.pass(10_000);
    await client.silence();
    rig.xds.publish({ Cluster: { a: '2', b: '1' } });
    client.nack('Cluster', await client.next('Cluster'));
    await client.silence();
    expect(rig.xds.counts.get('nacks:Cluster')).toBe(2);
  });

  test('X32: an error that is repeated under its nonce is one NACK, one log line, and its names still apply', async () => {
    rig.xds.publish({ RouteConfiguration: { a: '1', b: '1', c: '1' } });
    const client = rig.connect(form);
    client.want('RouteConfiguration', 'a', 'b');
    const refused = await client.next('RouteConfiguration');
    for (let turn = 0; turn < 5; turn += 1) client.nack('RouteConfiguration', refused);
    await client.silence();
    client.nack('RouteConfiguration', refused, { want: ['a', 'b', 'c'] });
    expect(await client.contents('RouteConfiguration')).toEqual({ c: '1' });
    expect(rig.xds.counts.get('nacks:RouteConfiguration')).toBe(1);
    expect(rig.xds.logs.filter(({ fields }) => fields['event'] === 'xds.nack')).toHaveLength(1);
  });

  test('X31: the names of a NACK apply', async () => {
    rig.xds.publish({ RouteConfiguration: { a: '1', b: '1' } });
    const client = rig.connect(form);
    client.want('RouteConfiguration', 'a');
    client.nack('RouteConfiguration', await client.next('RouteConfiguration'), { want: ['a', 'b'] });
    expect(await client.contents('RouteConfiguration')).toEqual({ b: '1' });
  });

  test('X34: every code of a NACK is a NACK', async () => {
    rig.xds.publish({ Cluster: { a: '0' } });
    const client = rig.connect(form);
    client.want('Cluster', '*');
    for (let code = 0; code <= 16; code += 1) {
      client.nack('Cluster', await client.next('Cluster'), { error: { code, message: '' } });
      await client.silence();
      rig.xds.publish({ Cluster: { a: String(code + 1) } });
    }
    await client.next('Cluster');
    expect(rig.xds.counts.get('nacks:Cluster')).toBe(17);
  });

  test('X36: back to accepted contents after a NACK is a response', async () => {
    rig.xds.publish({ Cluster: { a: '1' } });
    const client = rig.connect(form);
    client.want('Cluster', '*');
    await client.take('Cluster');
    rig.xds.publish({ Cluster: { a: '2' } });
    client.nack('Cluster', await client.next('Cluster'));
    await client.settled();
    rig.xds.publish({ Cluster: { a: '1' } });
    expect(await client.contents('Cluster')).toEqual({ a: '1' });
  });

  test('D15: a NACK is logged with the resources that its message names, and where they were written', async () => {
    rig.xds.publish({ Cluster: { a: '1', aa: '1', b: '1' } });
    const client = rig.connect(form);
    client.want('Cluster', '*');
    const refused = await client.next('Cluster');
    client.nack('Cluster', refused, { error: { code: 13, message: 'Error adding/updating cluster(s) a: no such lb policy' } });
    await client.settled();
    const [line] = rig.xds.logs.filter(({ fields }) => fields['event'] === 'xds.nack');
    expect(line).toMatchObject({
      level: 'warn',
      fields: {
        resources: ['a'],
        source: 'gateway.yaml:3:5',
        node_id: 'node-1',
        gateway: 'edge',
        type_url: TYPE_URLS.Cluster,
        nonce: refused.nonce,
      },
    });
  });
});
