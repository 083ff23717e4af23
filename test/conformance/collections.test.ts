import { describe, expect, test } from 'vitest';
import { ADS_FORMS, DELTA_FORMS, FORMS } from './test-client.ts';
import { withXds } from './with-xds.ts';

const LEDS = 'xdstp://chancery/envoy.config.endpoint.v3.LbEndpoint';
const GLOB = `${LEDS}/orders/*?env=prod`;
const member = (name: string): string => `${LEDS}/orders/${name}?env=prod`;

const rig = withXds();

describe.each(DELTA_FORMS)('collections of endpoints (LEDS), $title', (form) => {
  test('X92, R37: a collection without members is removed under its own name; members come and go one by one', async () => {
    rig.xds.publish({ LbEndpoint: {} });
    const client = rig.connect(form);
    client.want('LbEndpoint', GLOB);
    expect(await client.contents('LbEndpoint')).toEqual({ [GLOB]: null });
    const others = { [`${LEDS}/orders/x?env=test`]: '1', [`${LEDS}/orders/deeper/x?env=prod`]: '1', [`${LEDS}/x?env=prod`]: '1' };
    rig.xds.publish({ LbEndpoint: { ...others, [member('a')]: '1' } });
    expect(await client.take('LbEndpoint')).toMatchObject({ names: [member('a')], removed: [] });
    rig.xds.publish({ LbEndpoint: { ...others, [member('a')]: '1', [member('b')]: '1' } });
    expect(await client.take('LbEndpoint')).toMatchObject({ names: [member('b')], removed: [] });
    rig.xds.publish({ LbEndpoint: { ...others, [member('b')]: '1' } });

    expect((await client.take('LbEndpoint')).removed).toEqual([member('a')]);
    rig.xds.publish({ LbEndpoint: others });

    expect((await client.take('LbEndpoint')).removed).toEqual([GLOB, member('b')]);
    await client.silence();
  });

  test('X92: all members at once, and again when the collection is asked for again', async () => {
    rig.xds.publish({ LbEndpoint: { [member('a')]: '1', [member('b')]: '1' } });
    const client = rig.connect(form);
    for (let turn = 0; turn < 2; turn += 1) {
      client.send('LbEndpoint', { subscribe: [GLOB] });
      expect((await client.take('LbEndpoint')).names).toEqual([member('a'), member('b')]);
    }
    client.send('LbEndpoint', { unsubscribe: [GLOB] });
    await client.silence();
    rig.xds.publish({ LbEndpoint: { [member('a')]: '2' } });
    await client.silence();
  });
});

describe.each(FORMS)('xdstp names, $title', (form) => {
  const NAME = 'xdstp://chancery/envoy.config.route.v3.RouteConfiguration/main';

  test('X91: a name is the same with its parameters in another order, percent-encoded, or with directives', async () => {
    rig.xds.publish({ RouteConfiguration: { [`${NAME}?a=1&b=2`]: '1' } });
    const client = rig.connect(form);
    client.want('RouteConfiguration', `${NAME}?b=2&%61=1#entry=x`);
    expect((await client.take('RouteConfiguration')).anyTypeUrls).toHaveLength(1);
    rig.xds.publish({ RouteConfiguration: { [`${NAME}?b=2&a=1`]: '2' } });
    expect((await client.take('RouteConfiguration')).anyTypeUrls).toHaveLength(1);
    client.want('RouteConfiguration');
    await client.silence();
  });

  test('X91: the plain wildcard covers none of them', async () => {
    rig.xds.publish({ Cluster: { a: '1', 'xdstp://chancery/envoy.config.cluster.v3.Cluster/b': '1' } });
    const client = rig.connect(form);
    client.want('Cluster', '*');
    expect((await client.take('Cluster')).names).toEqual(['a']);
  });

  test('X92: a collection of clusters beside a plain name', async () => {
    const prefix = 'xdstp://chancery/envoy.config.cluster.v3.Cluster';
    rig.xds.publish({ Cluster: { a: '1', b: '1', [`${prefix}/eu/x`]: '1', [`${prefix}/us/x`]: '1' } });
    const client = rig.connect(form);
    client.want('Cluster', 'a', `${prefix}/eu/*`);
    expect([...(await client.take('Cluster')).names].sort()).toEqual(['a', `${prefix}/eu/x`]);
    rig.xds.publish({ Cluster: { a: '1', b: '2', [`${prefix}/eu/x`]: '1', [`${prefix}/us/x`]: '2' } });
    await client.silence();
    rig.xds.publish({ Cluster: { a: '1', b: '2', [`${prefix}/eu/x`]: '2', [`${prefix}/us/x`]: '2' } });
    expect((await client.take('Cluster')).names).toContain(`${prefix}/eu/x`);
  });
});

describe.each(ADS_FORMS)('a star in a plain name, $title', (form) => {
  test('X40, gateway#1214: is a letter, also after a slash, and ends no loop', async () => {
    rig.xds.publish({ RouteConfiguration: { 'a/*': '1', 'a/b': '1' } });
    const client = rig.connect(form);
    client.want('RouteConfiguration', 'a/*');
    expect(await client.contents('RouteConfiguration')).toEqual({ 'a/*': '1' });
    await client.silence();
  });
});
