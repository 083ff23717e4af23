import { describe, expect, test } from 'vitest';
import { TYPE_URLS } from '../../src/proto/type-urls.ts';
import type { TypeLabel } from '../support/snapshots.ts';
import { openChannel } from '../support/xds-client.ts';
import { DELTA_FORMS, FORMS, SOTW_FORMS } from './test-client.ts';
import { withXds } from './with-xds.ts';

const BOTH_VARIANTS = ['Runtime', 'TypedExtensionConfig', 'ScopedRouteConfiguration'] as const;
const DELTA_ONLY = ['VirtualHost', 'LbEndpoint'] as const;

const rig = withXds();

describe.each(FORMS)('further types, $title', (form) => {
  test.each(BOTH_VARIANTS)('X2, R1, R13: %s is served by name, changed and taken away', async (type) => {
    rig.xds.publish({ [type]: { a: '1', b: '1' } });
    const client = rig.connect(form);
    client.want(type, 'a', 'b');
    expect(await client.contents(type)).toEqual({ a: '1', b: '1' });
    rig.xds.publish({ [type]: { a: '2', b: '1' } });
    expect(await client.contents(type)).toMatchObject({ a: '2' });
    rig.xds.publish({ [type]: { a: '2' } });
    if (form.variant === 'delta') expect(await client.contents(type)).toEqual({ b: null });
    else if (type === 'ScopedRouteConfiguration') expect(await client.contents(type)).toEqual({ a: '2' });
    await client.silence();
  });

  test('X49, R25: scopes come all without names, absence deletes them, and a key moves in one response', async () => {
    const scope = (name: string, key: string): object => ({
      name,
      route_configuration_name: `to ${name}`,
      key: { fragments: [{ string_key: key }] },
    });
    rig.xds.publish({ ScopedRouteConfiguration: { a: scope('a', 'x'), b: scope('b', 'y') } });
    const client = rig.connect(form);
    client.want('ScopedRouteConfiguration');
    expect(await client.contents('ScopedRouteConfiguration')).toEqual({ a: 'to a', b: 'to b' });
    rig.xds.publish({ ScopedRouteConfiguration: { b: scope('b', 'y'), c: scope('c', 'x') } });
    const { names, removed } = await client.take('ScopedRouteConfiguration');
    expect({ names, removed }).toEqual(form.variant === 'delta' ? { names: ['c'], removed: ['a'] } : { names: ['b', 'c'], removed: [] });
    await client.silence();
  });

  test('X39, X73: no scopes at all are answered too', async () => {
    rig.xds.publish({});
    const client = rig.connect(form);
    client.want('ScopedRouteConfiguration');
    expect(await client.contents('ScopedRouteConfiguration')).toEqual({});
    await client.silence();
  });
});

describe.each(SOTW_FORMS)('further types, $title', (form) => {
  test.each(['Runtime', 'TypedExtensionConfig'] as const)('X48: %s: only what changed; absence is silence', async (type) => {
    rig.xds.publish({ [type]: { a: '1', b: '1', c: '1' } });
    const client = rig.connect(form);
    client.want(type, 'a', 'b', 'c');
    expect(await client.contents(type)).toEqual({ a: '1', b: '1', c: '1' });
    rig.xds.publish({ [type]: { a: '1', b: '2' } });
    expect(await client.contents(type)).toEqual({ b: '2' });
    await client.silence();
  });

  test('R11: an unknown secret is silence until it exists', async () => {
    rig.xds.publish({ Secret: {} });
    const client = rig.connect(form);
    client.want('Secret', 's');
    await client.silence();
    rig.xds.publish({ Secret: { s: '1' } });
    expect(await client.contents('Secret')).toEqual({ s: '1' });
  });
});

describe.each(DELTA_FORMS)('clusters on demand (ODCDS), $title', (form) => {
  test('R23: a cluster is asked for by name, also beside the wildcard; one that is absent is removed at once', async () => {
    rig.xds.publish({ Cluster: { a: '1', b: '1' } });
    const client = rig.connect(form);
    client.send('Cluster', { subscribe: ['a', 'missing'] });
    expect(await client.contents('Cluster')).toEqual({ a: '1', missing: null });
    const beside = rig.connect(form, { id: 'beside' });
    beside.send('Cluster', {});
    expect(await beside.contents('Cluster')).toEqual({ a: '1', b: '1' });
    beside.send('Cluster', { subscribe: ['b', 'missing'] });
    expect(await beside.contents('Cluster')).toEqual({ b: '1', missing: null });
    await beside.silence();
  });

  test('R23, E#18292, E#25924: a deleted cluster that is asked for again is removed again', async () => {
    rig.xds.publish({ Cluster: { a: '1' } });
    const client = rig.connect(form);
    client.send('Cluster', { subscribe: ['a'] });
    await client.take('Cluster');
    await client.settled();
    rig.xds.publish({ Cluster: {} });
    expect(await client.contents('Cluster')).toEqual({ a: null });
    client.send('Cluster', { subscribe: ['a'] });
    expect(await client.contents('Cluster')).toEqual({ a: null });
    await client.silence();
  });

  test('R11, E#24373, E#32832: an unknown secret is told as removed, and a refusal of that is tolerated', async () => {
    rig.xds.publish({ Secret: {} });
    const client = rig.connect(form);
    client.want('Secret', 's');
    const removal = await client.next('Secret');
    expect(removal.removed).toEqual(['s']);
    client.nack('Secret', removal);
    await client.silence();
    rig.xds.publish({ Secret: { s: '1' } });
    expect(await client.contents('Secret')).toEqual({ s: '1' });
  });
});

describe('types that have only the incremental form', () => {
  test.each(DELTA_ONLY)('X2, X9: %s on an aggregated state-of-the-world stream: the stream goes on', async (type: TypeLabel) => {
    rig.xds.publish({ Cluster: { a: '1' }, [type]: { 'r/a': '1' } });
    const client = rig.connect({ variant: 'sotw', ads: true });
    client.want(type, 'r/unknown');
    await client.silence();
    client.want('Cluster', '*');
    expect(await client.contents('Cluster')).toEqual({ a: '1' });
  });

  test.each(DELTA_ONLY)('X2: %s has no state-of-the-world method', async (type) => {
    const channel = openChannel(rig.xds.port);
    const stream = channel.open('sotw', type);
    const { code } = await stream.ended;
    expect(code).toBe(12);
    channel.close();
  });

  test('X2: separate services of all types', async () => {
    const types = [...BOTH_VARIANTS, ...DELTA_ONLY];
    rig.xds.publish(Object.fromEntries(types.map((type) => [type, { 'r/a': '1' }])));
    const channel = openChannel(rig.xds.port);
    for (const type of types) {
      const stream = channel.open('delta', type);
      stream.send({ node: { id: 'n', cluster: 'edge' }, resource_names_subscribe: ['r/a'] });
      expect(await stream.next()).toMatchObject({ typeUrl: TYPE_URLS[type], resources: { 'r/a': '1' } });
      stream.cancel();
    }
    channel.close();
  });
});
