import { describe, expect, test } from 'vitest';
import { TYPE_URLS } from '../../src/proto/type-urls.ts';
import { aliasedResource, typeView, withView } from '../../src/snapshot/view.ts';
import { type Contents, testResource, testSnapshot } from '../support/snapshots.ts';
import { DELTA_FORMS } from './test-client.ts';
import { withXds } from './with-xds.ts';

const rig = withXds();

/** Publishes virtual hosts: `<route configuration>/<name>` → contents and domains. */
function publish(hosts: Readonly<Record<string, readonly [content: string, ...domains: string[]]>>, contents: Contents = {}): void {
  const resources = Object.entries(hosts).map(([name, [content, ...domains]]) =>
    aliasedResource(
      testResource('VirtualHost', name, content),
      domains.map((domain) => `${name.slice(0, name.lastIndexOf('/'))}/${domain}`),
    ),
  );
  rig.xds.store.publish(withView(testSnapshot('edge', contents), typeView(TYPE_URLS.VirtualHost, resources)));
}

describe.each(DELTA_FORMS)('virtual hosts, $title', (form) => {
  test('R20: a route configuration stands for all its virtual hosts, whatever slashes are in its name', async () => {
    publish({ 'edge/http/a': ['1', 'a.test'], 'edge/http/b': ['1', 'b.test'], 'edge/other/c': ['1', 'c.test'] });
    const client = rig.connect(form);
    client.want('VirtualHost', 'edge/http');
    expect(await client.contents('VirtualHost')).toEqual({ 'edge/http/a': '1', 'edge/http/b': '1' });
    publish({ 'edge/http/b': ['2', 'b.test'], 'edge/http/d': ['1', 'd.test'], 'edge/other/c': ['2', 'c.test'] });
    expect(await client.contents('VirtualHost')).toEqual({ 'edge/http/a': null, 'edge/http/b': '2', 'edge/http/d': '1' });
    await client.silence();
  });

  test('R20: a route configuration without virtual hosts is answered', async () => {
    publish({});
    const client = rig.connect(form);
    client.want('VirtualHost', 'rc');
    const { resources, removed } = await client.take('VirtualHost');
    expect({ resources, removed }).toEqual({ resources: {}, removed: [] });
    publish({ 'rc/a': ['1', 'a.test'] });
    expect(await client.contents('VirtualHost')).toEqual({ 'rc/a': '1' });
  });

  test('X90, R21: a host that is asked for on demand is answered by the canonical name, with what was asked as an alias', async () => {
    publish({ 'rc/a': ['1', 'a.test'], 'rc/stars': ['1', '*.b.test'], 'rc/rest': ['1', '*'] });
    const client = rig.connect(form);
    client.want('VirtualHost', 'rc/a.test');
    expect(await client.take('VirtualHost')).toMatchObject({
      names: ['rc/a'],
      aliases: { 'rc/a': ['rc/a.test'] },
      resources: { 'rc/a': '1' },
    });
    client.want('VirtualHost', 'rc/a.test', 'rc/x.b.test', 'rc/elsewhere.test');
    expect((await client.take('VirtualHost')).aliases).toEqual({ 'rc/stars': ['rc/x.b.test'], 'rc/rest': ['rc/elsewhere.test'] });
    publish({ 'rc/a': ['2', 'a.test'], 'rc/stars': ['1', '*.b.test'], 'rc/rest': ['1', '*'] });
    expect(await client.take('VirtualHost')).toMatchObject({ resources: { 'rc/a': '2' }, aliases: { 'rc/a': ['rc/a.test'] } });
    await client.silence();
  });

  test('R21: an unknown host is answered without a body, once; it comes when it exists, and is unknown again when it is gone', async () => {
    publish({ 'rc/a': ['1', 'a.test'] });
    const client = rig.connect(form);
    client.want('VirtualHost', 'rc/b.test');
    const unknown = { names: ['rc/b.test'], bodiless: ['rc/b.test'], aliases: { 'rc/b.test': ['rc/b.test'] } };
    expect(await client.take('VirtualHost')).toMatchObject({ ...unknown, removed: [], errors: {} });
    await client.silence();
    publish({ 'rc/a': ['1', 'a.test'], 'rc/b': ['1', 'b.test'] });
    expect(await client.take('VirtualHost')).toMatchObject({ names: ['rc/b'], aliases: { 'rc/b': ['rc/b.test'] }, removed: [] });
    publish({ 'rc/a': ['1', 'a.test'] });
    expect(await client.take('VirtualHost')).toMatchObject({ ...unknown, removed: ['rc/b'] });
    await client.silence();
  });

  test('R21: a host that has the name of its domain is taken away by that name when it goes, not answered without a body: that would leave it', async () => {
    publish({ 'rc/a.test': ['1'], 'rc/*.b.test': ['1'] });
    const client = rig.connect(form);
    client.want('VirtualHost', 'rc/a.test', 'rc/x.b.test');
    expect(await client.take('VirtualHost')).toMatchObject({ names: ['rc/*.b.test', 'rc/a.test'] });
    publish({ 'rc/*.b.test': ['1'] });
    expect(await client.take('VirtualHost')).toMatchObject({ names: [], removed: ['rc/a.test'] });
    await client.silence();
    publish({ 'rc/a.test': ['2'], 'rc/*.b.test': ['1'] });
    expect(await client.contents('VirtualHost')).toEqual({ 'rc/a.test': '2' });
  });

  test('R21: hosts that are asked for one after the other are aliases of one virtual host, each in the answer to it', async () => {
    publish({ 'rc/*.b.test': ['1'], 'rc/a.test': ['1'] });
    const client = rig.connect(form);
    client.send('VirtualHost', { subscribe: ['rc/x.b.test'] });
    expect((await client.take('VirtualHost')).aliases).toEqual({ 'rc/*.b.test': ['rc/x.b.test'] });
    client.send('VirtualHost', { subscribe: ['rc/y.b.test'] });
    expect((await client.take('VirtualHost')).aliases['rc/*.b.test']).toContain('rc/y.b.test');
    client.send('VirtualHost', { subscribe: ['rc/nobody.test'] });
    expect((await client.take('VirtualHost')).bodiless).toEqual(['rc/nobody.test']);
    client.send('VirtualHost', { subscribe: ['rc/a.test'] });
    expect(await client.take('VirtualHost')).toMatchObject({ names: ['rc/a.test'], bodiless: [] });
    await client.silence();
    publish({ 'rc/*.b.test': ['2'], 'rc/a.test': ['1'], 'rc/nobody.test': ['1'] });
    expect(await client.contents('VirtualHost')).toEqual({ 'rc/*.b.test': '2', 'rc/nobody.test': '1' });
  });

  test('R21: the port of a Host header does not make it another host', async () => {
    publish({ 'rc/a.test': ['1'], 'rc/*.b.test': ['1'] });
    const client = rig.connect(form);
    client.want('VirtualHost', 'rc/a.test:8080', 'rc/x.b.test:8080');
    expect((await client.take('VirtualHost')).aliases).toEqual({ 'rc/a.test': ['rc/a.test:8080'], 'rc/*.b.test': ['rc/x.b.test:8080'] });
  });

  test('R21: a virtual host may be given up by an alias', async () => {
    publish({ 'rc/a': ['1', 'a.test', 'www.a.test'] });
    const client = rig.connect(form);
    client.send('VirtualHost', { subscribe: ['rc/a'] });
    await client.take('VirtualHost');
    client.send('VirtualHost', { unsubscribe: ['rc/www.a.test'] });
    await client.settled();
    publish({ 'rc/a': ['2', 'a.test', 'www.a.test'] });
    await client.silence();
  });

  test('X62: a host that is given up is silent, though its route configuration is still wanted', async () => {
    publish({ 'rc/a': ['1', 'a.test'] });
    const client = rig.connect(form);
    client.want('VirtualHost', 'rc', 'rc/a.test');
    await client.take('VirtualHost');
    client.want('VirtualHost', 'rc');
    await client.silence();
    client.want('VirtualHost');
    await client.silence();
  });

  test('R22: virtual hosts come again after their route configuration', async () => {
    const routes = (content: string): Contents => ({ RouteConfiguration: { rc: content, other: '1' } });
    const hosts = { 'rc/a': ['1', 'a.test'], 'other/b': ['1', 'b.test'] } as const;
    publish(hosts, routes('1'));
    const client = rig.connect(form);
    client.want('RouteConfiguration', 'rc', 'other');
    await client.take('RouteConfiguration');
    client.want('VirtualHost', 'rc', 'other');
    await client.take('VirtualHost');
    await client.settled();
    publish(hosts, routes('2'));
    expect(await client.contents('RouteConfiguration')).toEqual({ rc: '2' });
    if (!form.ads) rig.xds.clock.pass(500);
    expect(await client.contents('VirtualHost')).toEqual({ 'rc/a': '1' });
    await client.silence();
  });

  test('X80, X58: a client that comes back is sent what it asks for, and told what is gone', async () => {
    publish({ 'rc/a': ['1', 'a.test'] });
    const client = rig.connect(form);
    client.send('VirtualHost', { want: ['rc', 'rc/x.test'], initial: { 'rc/a': 'old', 'rc/gone': 'old', 'rc/x.test': 'unknown' } });
    const { names, removed, bodiless } = await client.take('VirtualHost');
    expect({ names, removed, bodiless }).toEqual({ names: ['rc/a', 'rc/x.test'], removed: ['rc/gone'], bodiless: ['rc/x.test'] });
    await client.silence();
  });
});
