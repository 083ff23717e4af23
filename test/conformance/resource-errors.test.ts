import { describe, expect, test } from 'vitest';
import { TYPE_URLS } from '../../src/proto/type-urls.ts';
import type { Withheld } from '../../src/snapshot/types.ts';
import { withReasons, withView } from '../../src/snapshot/view.ts';
import { type Contents, type TypeLabel, testSnapshot, testView } from '../support/snapshots.ts';
import { DELTA_FORMS, FORMS, SOTW_FORMS } from './test-client.ts';
import { withXds } from './with-xds.ts';

const NOT_FOUND = 5;
const PERMISSION_DENIED = 7;
const UNAVAILABLE = 14;
const GRPC = { id: 'grpc', userAgent: 'gRPC Go' };

const rig = withXds();

/** Publishes `contents` with reasons why names of one type are not there. */
function publish(contents: Contents, type: TypeLabel, reasons: Readonly<Record<string, Withheld['reason']>>): void {
  const withheld = new Map(Object.entries(reasons).map(([name, reason]) => [name, { reason, message: `${name}: ${reason}` }]));
  const snapshot = testSnapshot('edge', { ...contents, [type]: contents[type] ?? {} });
  rig.xds.store.publish(withView(snapshot, withReasons(snapshot.views.get(TYPE_URLS[type]) ?? testView(type, {}), withheld)));
}

describe.each(FORMS)('why names are missing, $title', (form) => {
  test('X52: a name that is absent or withheld is told why, once, beside the resources that are there', async () => {
    const contents = { RouteConfiguration: { a: '1' } };
    publish(contents, 'RouteConfiguration', { secret: 'PERMISSION_DENIED', broken: 'UNAVAILABLE' });
    const client = rig.connect(form);
    client.want('RouteConfiguration', 'a', 'broken', 'missing', 'secret');
    const first = await client.take('RouteConfiguration');
    expect(first.names).toEqual(['a']);
    expect(first.errors).toEqual({ broken: UNAVAILABLE, missing: NOT_FOUND, secret: PERMISSION_DENIED });
    if (form.variant === 'delta') expect(first.removed).toEqual(['missing', 'secret']);
    await client.silence();

    publish({ RouteConfiguration: { a: '2' } }, 'RouteConfiguration', { secret: 'PERMISSION_DENIED', broken: 'UNAVAILABLE' });
    expect(await client.take('RouteConfiguration')).toMatchObject({ names: ['a'], errors: {}, removed: [] });
    rig.xds.publish({ RouteConfiguration: { a: '2', missing: '1' } });
    expect(await client.take('RouteConfiguration')).toMatchObject({ names: ['missing'], errors: {} });
  });

  test('X52: a wildcard misses nothing; a name beside it may', async () => {
    publish({ Listener: { a: '1' } }, 'Listener', { secret: 'PERMISSION_DENIED' });
    const client = rig.connect(form);
    client.want('Listener', '*');
    expect((await client.take('Listener')).errors).toEqual({});
    client.want('Listener', '*', 'secret');
    expect((await client.take('Listener')).errors).toEqual({ secret: PERMISSION_DENIED });
    await client.silence();
  });

  test('X52: what is asked for again is told again', async () => {
    rig.xds.publish({ Cluster: {} });
    const client = rig.connect(form);
    for (let turn = 0; turn < 2; turn += 1) {
      client.want('Cluster', 'missing');
      expect((await client.take('Cluster')).errors).toEqual({ missing: NOT_FOUND });
      client.want('Cluster');
      await client.silence();
    }
  });
});

describe.each(SOTW_FORMS)('errors alone, $title', (form) => {
  test('X52: a response of errors alone goes to gRPC clients only', async () => {
    rig.xds.publish({ ClusterLoadAssignment: { a: '1' } });
    const envoy = rig.connect(form);
    envoy.want('ClusterLoadAssignment', 'missing');
    await envoy.silence();
    const grpc = rig.connect(form, GRPC);
    grpc.want('ClusterLoadAssignment', 'missing');
    expect(await grpc.take('ClusterLoadAssignment')).toMatchObject({ names: [], errors: { missing: NOT_FOUND } });
    await grpc.silence();
    rig.xds.publish({ ClusterLoadAssignment: { a: '1', missing: '1' } });
    expect(await grpc.contents('ClusterLoadAssignment')).toEqual({ missing: '1' });
    expect(await envoy.contents('ClusterLoadAssignment')).toEqual({ missing: '1' });
  });

  test('X52: a gRPC client hears of a deletion', async () => {
    rig.xds.publish({ RouteConfiguration: { a: '1', b: '1' } });
    const grpc = rig.connect(form, GRPC);
    grpc.want('RouteConfiguration', 'a', 'b');
    await grpc.take('RouteConfiguration');
    rig.xds.publish({ RouteConfiguration: { b: '1' } });
    expect(await grpc.take('RouteConfiguration')).toMatchObject({ names: [], errors: { a: NOT_FOUND } });
    await grpc.silence();
  });

  test.each(['Cluster', 'Listener'] as const)('X52, X47: %s stays full state', async (type) => {
    rig.xds.publish({ [type]: { a: '1' } });
    const client = rig.connect(form);
    client.want(type, 'a', 'missing');
    expect(await client.take(type)).toMatchObject({ names: ['a'], errors: { missing: NOT_FOUND } });
    rig.xds.publish({ [type]: { a: '2' } });
    expect(await client.take(type)).toMatchObject({ names: ['a'], errors: {} });
  });
});

describe.each(DELTA_FORMS)('unavailable, $title', (form) => {
  test('X52: a client keeps what is only unavailable, and drops what it may not have', async () => {
    rig.xds.publish({ Listener: { a: '1', b: '1' } });
    const client = rig.connect(form);
    client.want('Listener', 'a', 'b');
    await client.take('Listener');
    publish({ Listener: {} }, 'Listener', { a: 'UNAVAILABLE', b: 'PERMISSION_DENIED' });
    expect(await client.take('Listener')).toMatchObject({ removed: ['b'], errors: { a: UNAVAILABLE, b: PERMISSION_DENIED } });
    await client.silence();
  });
});
