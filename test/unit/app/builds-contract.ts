// What holds wherever builds are made: in this thread, over a channel, or in a real thread.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Build, Builds, GoodBuild } from '../../../src/build/build.ts';
import { TYPE_URLS } from '../../../src/proto/type-urls.ts';
import type { SnapshotResource } from '../../../src/snapshot/types.ts';
import { createAuthority } from '../../support/certificates.ts';
import { createWorkspace, type Workspace } from '../../support/workspace.ts';

export const GOOD = `version: v1
gateway: edge
listeners: {http: {port: 10000}}
services:
  orders: {endpoints: ["127.0.0.1:9000"]}
  carts: {endpoints: ["127.0.0.1:9001"]}
routes:
  - name: orders
    matches: [{path: {prefix: /orders}}]
    backends: [orders]
  - name: carts
    matches: [{path: {prefix: /carts}}]
    backends: [carts]
`;

export function goodOf(build: Build): GoodBuild {
  if (build.good === undefined) throw new Error(build.text.plain);
  return build.good;
}

export function resourceOf({ snapshot }: GoodBuild, type: keyof typeof TYPE_URLS, name: string): SnapshotResource | undefined {
  return snapshot.views.get(TYPE_URLS[type])?.resources.get(name);
}

export function describeBuilds(name: string, make: (cwd: string) => Builds): void {
  describe(name, () => {
    let workspace: Workspace;
    let builds: Builds;
    beforeEach(async () => {
      workspace = await createWorkspace({ 'edge.yaml': GOOD });
      builds = make(workspace.root);
    });
    afterEach(async () => {
      await builds.stop();
      await workspace.remove();
    });
    const builder = (file = 'edge.yaml') => builds.builderOf(workspace.path(file));

    it('gives the snapshot of good files, what is in it, and what to watch', async () => {
      const build = await builder().build();
      expect(build).toMatchObject({
        problems: [],
        problemCounts: { errors: 0, warnings: 0 },
        text: { plain: '', colored: '' },
        compiles: 1,
      });
      expect(build.files).toContain(workspace.path('edge.yaml'));
      const good = goodOf(build);
      expect(good).toMatchObject({ gateway: 'edge', counts: { listeners: 1, routes: 2, services: 2 }, certificates: {} });
      expect(good.changes).toBeUndefined();
      expect(resourceOf(good, 'Cluster', 'service/orders')?.any.length).toBeGreaterThan(10);
    });

    it('keeps what did not change the same object, and says what changed since a build (C15)', async () => {
      const steps = builder();
      const first = goodOf(await steps.build());
      await workspace.write('edge.yaml', `# a comment\n${GOOD}`);
      const second = goodOf(await steps.build(first));
      expect(second.snapshot).toBe(first.snapshot);
      expect(second.changes).toEqual({ added: [], changed: [], removed: [] });
      await workspace.write('edge.yaml', GOOD.replace('/orders}', '/order}').replace(/ {2}- name: carts[^]*/, ''));
      const third = goodOf(await steps.build(second));
      expect(third.changes).toEqual({ added: [], changed: ['route orders'], removed: ['route carts'] });
      expect(resourceOf(third, 'Cluster', 'service/orders')).toBe(resourceOf(first, 'Cluster', 'service/orders'));
      expect(resourceOf(third, 'RouteConfiguration', 'routes/http')).not.toBe(resourceOf(first, 'RouteConfiguration', 'routes/http'));
    });

    it('tells mistakes with place and text, and goes on from the last good build when they are mended', async () => {
      const steps = builder();
      const first = goodOf(await steps.build());
      await workspace.write('edge.yaml', GOOD.replace('backends: [carts]', 'backends: [cart]'));
      const broken = await steps.build(first);
      expect(broken.good).toBeUndefined();
      expect(broken).toMatchObject({ problemCounts: { errors: 1, warnings: 0 }, compiles: 0 });
      expect(broken.problems[0]).toMatchObject({
        view: { code: 'CH2104', severity: 'error', source: `${workspace.path('edge.yaml')}:13:16` },
        diagnostic: { plain: expect.stringContaining('^^^^') },
      });
      expect(broken.text.plain).toContain('--> edge.yaml:13:16');
      expect(broken.text.colored).toContain('\u001b[31;1m');
      const again = await steps.build(first);
      expect(again.problemsKey).toBe(broken.problemsKey);
      await workspace.write('edge.yaml', GOOD);
      expect(goodOf(await steps.build(first)).snapshot).toBe(first.snapshot);
    });

    it('refuses a build whose name another file has, at its place (C14)', async () => {
      const steps = builder();
      const refused = await steps.refuse(goodOf(await steps.build()), { kind: 'duplicate', otherFile: '/etc/other.yaml' });
      expect(refused.good).toBeUndefined();
      expect(refused.problems[0]?.view).toMatchObject({
        code: 'CH3002',
        message: 'gateway "edge" is already defined by /etc/other.yaml',
        source: `${workspace.path('edge.yaml')}:2:10`,
      });
    });

    it('knows the places of the build that is served and of the newest, and forgets the others', async () => {
      const steps = builder();
      const place = (good: GoodBuild) => steps.placeOf(good, TYPE_URLS.Cluster, 'service/carts');
      const at = (line: number) => `${workspace.path('edge.yaml')}:${line}`;
      const served = goodOf(await steps.build());
      await workspace.write('edge.yaml', `# one line more\n${GOOD}`);
      const second = goodOf(await steps.build(served));
      expect([await place(served), await place(second)]).toEqual([at(6), at(7)]);
      const third = goodOf(await steps.build(served));
      expect([await place(served), await place(second), await place(third)]).toEqual([at(6), undefined, at(7)]);
      expect(await steps.placeOf(third, TYPE_URLS.Cluster, 'service/none')).toBeUndefined();
    });

    it('gives the files of a build with secrets masked (C7, D2)', async () => {
      await workspace.write('edge.yaml', `# password: planted\n${GOOD}`);
      const steps = builder();
      const { files } = await steps.build();
      const texts = await steps.textsOf(files);
      expect(texts?.files.map(({ file }) => file)).toEqual([workspace.path('edge.yaml')]);
      expect(texts?.files[0]?.text).toContain('password: [redacted]');
    });

    it('builds several files, each with a memory of its own', async () => {
      await workspace.write('shop.yaml', GOOD.replace('edge', 'shop'));
      const [edge, shop] = [builder(), builder('shop.yaml')];
      const [first, other] = await Promise.all([edge.build(), shop.build()]);
      expect([goodOf(first).gateway, goodOf(other).gateway]).toEqual(['edge', 'shop']);
      expect(goodOf(await shop.build(goodOf(other))).snapshot).toBe(goodOf(other).snapshot);
    });

    it('carries private keys in the bytes of secrets and nowhere else (C7)', async () => {
      const { cert, key } = await (await createAuthority()).issue({ name: 'shop.test' });
      await workspace.write('cert.pem', cert);
      await workspace.write('key.pem', key);
      const certificates = 'certificates: {shop: {cert: "${file:cert.pem}", key: "${file:key.pem}"}}';
      await workspace.write(
        'edge.yaml',
        GOOD.replace('{http: {port: 10000}}', `{https: {port: 10443, tls: {certificates: [shop]}}}\n${certificates}`),
      );
      const { good, ...build } = await builder().build();
      if (good === undefined) throw new Error(build.text.plain);
      const { snapshot, ...rest } = good;
      const line = key.split('\n')[1] ?? '';
      expect(JSON.stringify([build, rest])).not.toContain(line);
      const secrets = [...(snapshot.views.get(TYPE_URLS.Secret)?.resources.values() ?? [])];
      expect(Buffer.concat(secrets.map(({ any }) => any)).includes(line)).toBe(true);
      expect(Object.keys(rest.certificates)).toEqual(['shop']);
    });
  });
}
