import { describe, expect, test } from 'vitest';
import { TYPE_URLS } from '../../src/proto/type-urls.ts';
import { expiringResource, typeView, withView } from '../../src/snapshot/view.ts';
import { type TypeLabel, testResource, testSnapshot } from '../support/snapshots.ts';
import { FORMS, SOTW_FORMS } from './test-client.ts';
import { withXds } from './with-xds.ts';

const TTL = 'xds.config.supports-resource-ttl';
const WRAPPER = 'type.googleapis.com/envoy.service.discovery.v3.Resource';
const FEATURES = [TTL, 'xds.config.supports-resource-in-sotw'];

const rig = withXds();

/** Publishes runtimes: name → contents, and how long they live. */
function publish(contents: Readonly<Record<string, readonly [content: string, ttlMs?: number]>>, type: TypeLabel = 'Runtime'): void {
  const resources = Object.entries(contents).map(([name, [content, ttlMs]]) => {
    const resource = testResource(type, name, content);
    return ttlMs === undefined ? resource : expiringResource(resource, ttlMs);
  });
  rig.xds.store.publish(withView(testSnapshot('edge', {}), typeView(TYPE_URLS[type], resources)));
}

describe.each(FORMS)('times to live, $title', (form) => {
  test('X87: only a client that says so is told a time to live, and others get the resource plainly', async () => {
    publish({ a: ['1', 3_000] });
    const plain = rig.connect(form);
    plain.want('Runtime', 'a');
    expect(await plain.take('Runtime')).toMatchObject({ resources: { a: '1' }, ttls: {}, anyTypeUrls: [TYPE_URLS.Runtime] });
    rig.xds.clock.pass(10_000);
    await plain.silence();
    const able = rig.connect(form, { id: 'able', features: FEATURES });
    able.want('Runtime', 'a');
    expect(await able.take('Runtime')).toMatchObject({ resources: { a: '1' }, ttls: { a: 3_000 } });
  });

  test('X89: every third of the time a heartbeat says name, version and time, without a body, and changes nothing', async () => {
    publish({ a: ['1', 3_000], b: ['1'] });
    const client = rig.connect(form, { features: FEATURES });
    client.want('Runtime', 'a', 'b');
    const first = await client.take('Runtime');
    await client.silence();
    for (let beat = 1; beat <= 10; beat += 1) {
      rig.xds.clock.pass(1_001);
      const heartbeat = await client.take('Runtime');
      expect(heartbeat).toMatchObject({ names: ['a'], bodiless: ['a'], ttls: { a: 3_000 }, version: first.version, removed: [] });
      if (form.variant === 'delta') expect(heartbeat.versions).toEqual({ a: first.versions['a'] });
      await client.silence();
    }
    publish({ a: ['2', 3_000], b: ['1'] });
    expect((await client.take('Runtime')).resources).toEqual({ a: '2' });
  });

  test('X89: without the time to live the resource comes again, and no heartbeat any more', async () => {
    publish({ a: ['1', 3_000] });
    const client = rig.connect(form, { features: FEATURES });
    client.want('Runtime', 'a');
    await client.take('Runtime');
    publish({ a: ['1'] });
    expect(await client.take('Runtime')).toMatchObject({ resources: { a: '1' }, ttls: {} });
    rig.xds.clock.pass(10_000);
    await client.silence();
  });

  test('X89, G#579: no heartbeat without an interest, and none beside an unanswered response', async () => {
    publish({ a: ['1', 3_000] });
    const client = rig.connect(form, { features: FEATURES });
    client.want('Runtime', 'a');
    const response = await client.next('Runtime');
    rig.xds.clock.pass(10_000);
    await client.silence();
    client.ack('Runtime', response);
    await client.take('Runtime');
    client.want('Runtime');
    await client.settled();
    rig.xds.clock.pass(10_000);
    await client.silence();
  });
});

describe.each(SOTW_FORMS)('wrapping, $title', (form) => {
  test.each(['xds.config.resource-in-sotw', 'xds.config.supports-resource-in-sotw'])(
    'X88: %s: a resource is wrapped, and only to carry a time to live',
    async (feature) => {
      publish({ a: ['1', 60_000], b: ['1'] });
      const client = rig.connect(form, { features: [TTL, feature] });
      client.want('Runtime', 'a', 'b');
      const { anyTypeUrls, ttls } = await client.take('Runtime');
      expect(anyTypeUrls).toEqual([WRAPPER, TYPE_URLS.Runtime]);
      expect(ttls).toEqual({ a: 60_000 });
    },
  );

  test('X88: never wrapped without the feature, so no heartbeat either', async () => {
    publish({ a: ['1', 3_000] });
    const client = rig.connect(form, { features: [TTL] });
    client.want('Runtime', 'a');
    expect((await client.take('Runtime')).anyTypeUrls).toEqual([TYPE_URLS.Runtime]);
    rig.xds.clock.pass(10_000);
    await client.silence();
  });
});
