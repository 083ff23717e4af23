import { readdir } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import type { SavePattern } from '../support/workspace.ts';
import { type AppFixture, createAppFixture, type RunningApp } from './app-fixture.ts';
import type { Node } from './node.ts';

/** `extra`: more services, each with a route of its own. */
function gateway({ timeout = '3s', extra = [] as readonly string[], name = 'edge', port = 10_000 } = {}): string {
  const services = ['orders', ...extra].map((service) => `  ${service}: {endpoints: ["127.0.0.1:9000"]}`);
  const routes = ['orders', ...extra].map(
    (service) => `  - {name: ${service}, matches: [{path: {prefix: /${service}}}], backends: [${service}], timeout: ${timeout}}`,
  );
  return ['version: v1', `gateway: ${name}`, `listeners: {http: {port: ${port}}}`, 'services:', ...services, 'routes:', ...routes, ''].join(
    '\n',
  );
}

const BROKEN = gateway().replace('backends: [orders]', 'backends: [order]');

const versionsOf = (node: Node) => Object.fromEntries([...node.running].map(([type, resources]) => [type, Object.fromEntries(resources)]));
const isComplete = (node: Node) =>
  (['Cluster', 'ClusterLoadAssignment', 'Listener', 'RouteConfiguration'] as const).every(
    (type) => (node.running.get(type)?.size ?? 0) > 0,
  );
const events = ({ log }: RunningApp) => log.map(({ event }) => event);

describe('a configuration while it is served', () => {
  let fixture: AppFixture;
  beforeEach(async () => {
    fixture = await createAppFixture({ 'edge.yaml': gateway() });
  });
  afterEach(() => fixture.clean());

  async function startWithNode(): Promise<{ readonly running: RunningApp; readonly node: Node }> {
    const running = await fixture.start();
    const node = running.node();
    await eventually(() => isComplete(node), { what: 'the first configuration' });
    return { running, node };
  }

  it('reaches a node completely: clusters, endpoints, listeners, routes', async () => {
    const { node } = await startWithNode();
    expect(Object.fromEntries([...node.running].map(([type, resources]) => [type, [...resources.keys()]]))).toEqual({
      Cluster: ['service/orders'],
      ClusterLoadAssignment: ['service/orders'],
      Listener: ['listener/http'],
      RouteConfiguration: ['routes/http'],
    });
  });

  it.each<SavePattern>(['truncate', 'rename', 'backup'])(
    'is live after it was saved by %s, and only what changed is sent',
    async (pattern) => {
      const { running, node } = await startWithNode();
      await eventually(() => running.live.length === 1);
      const before = versionsOf(node);
      const sent = node.responses.length;
      await fixture.workspace.save('edge.yaml', gateway({ timeout: '7s' }), pattern);
      await eventually(() => running.live.length === 2, { what: 'the change to be live' });
      const after = versionsOf(node);
      expect(after['RouteConfiguration']).not.toEqual(before['RouteConfiguration']);
      expect({ ...after, RouteConfiguration: before['RouteConfiguration'] }).toEqual(before);
      expect(node.responses.slice(sent).map(({ names }) => names)).toEqual([['routes/http']]);
      expect(running.live.at(-1)).toMatchObject({ gateway: 'edge', nodes: 1 });
    },
  );

  it('keeps what was good over a broken edit, tells every error with its place, and recovers when it is mended', async () => {
    const { running, node } = await startWithNode();
    const before = versionsOf(node);
    await fixture.workspace.save('edge.yaml', BROKEN, 'rename');
    await eventually(() => events(running).includes('config.refused'), { what: 'the refusal' });
    expect(running.log.find(({ event }) => event === 'config.issue')).toMatchObject({
      level: 'error',
      error_code: expect.stringMatching(/^CH\d{4}$/),
      source: expect.stringMatching(/edge\.yaml:\d+:\d+$/),
      diagnostic: expect.stringContaining('^^^^^'),
    });
    expect((await running.get('/readyz')).body).toMatchObject({ status: 'ready', gateways: [{ serving: 'last-good', isRestored: false }] });
    expect((await running.get('/api/v1/gateways')).body).toMatchObject({ gateways: [{ problems: [{ severity: 'error' }] }] });
    expect(versionsOf(node)).toEqual(before);
    await fixture.workspace.save('edge.yaml', gateway({ extra: ['cart'] }), 'rename');
    await eventually(() => node.running.get('ClusterLoadAssignment')?.has('service/cart'), { what: 'the mended configuration' });
    expect((await running.get('/readyz')).body).toMatchObject({ gateways: [{ serving: 'current' }] });
  });

  it('pushes nothing when only a comment, the layout or the order of keys changes (C15)', async () => {
    const { running, node } = await startWithNode();
    await eventually(() => running.live.length === 1);
    const sent = node.responses.length;
    const shuffled = gateway().replace('version: v1\ngateway: edge', '# a comment\n\ngateway: "edge"\nversion: v1');
    await fixture.workspace.save('edge.yaml', shuffled, 'truncate');
    // A comment and then a real change: had the comment been pushed, there would be two responses.
    await eventually(() => events(running).includes('config.unchanged'), { what: 'the comment to be read' });
    await fixture.workspace.save('edge.yaml', shuffled.replace('3s', '4s'), 'truncate');
    await eventually(() => running.live.length === 2);
    expect(node.responses.length - sent).toBe(1);
  });

  it('follows included files, also ones that come later', async () => {
    await fixture.workspace.write('edge.yaml', `${gateway()}include: [teams/*.yaml]\n`);
    await fixture.workspace.write('teams/none.yaml', 'services: {}\n');
    const { node } = await startWithNode();
    const team =
      'services: {cart: {endpoints: ["127.0.0.1:9001"]}}\nroutes: [{name: cart, matches: [{path: {prefix: /cart}}], backends: [cart]}]\n';
    await fixture.workspace.write('teams/cart.yaml', team);
    await eventually(() => node.running.get('Cluster')?.has('service/cart'), { what: 'the service of the included file' });
  });

  it('is read again when asked to, as by SIGHUP', async () => {
    const { running } = await startWithNode();
    await running.app.reload();
    expect(events(running)).toContain('config.unchanged');
  });

  it('shows what a node refused, at which line, and that the last good revision is back; another edit goes out again (X30, D15)', async () => {
    const { running, node } = await startWithNode();
    node.refuseNext('RouteConfiguration', 'no such thing');
    await fixture.workspace.save('edge.yaml', gateway({ timeout: '9s' }), 'rename');
    const revisions = async () => (await running.get('/api/v1/gateways/edge/revisions')).body as { revisions: Record<string, unknown>[] };
    const refused = await eventually(
      async () => (await revisions()).revisions.find(({ nacks }) => (nacks as readonly unknown[]).length > 0 && nacks),
      { what: 'the refusal' },
    );
    expect(refused).toMatchObject({
      number: 2,
      state: 'withdrawn',
      nacks: [
        {
          nodeId: 'node-1',
          message: 'no such thing',
          resources: [{ name: 'routes/http' }],
          place: expect.stringMatching(/edge\.yaml:\d+$/),
        },
      ],
    });
    const served = async () => ((await running.get('/api/v1/gateways')).body as { gateways: [{ serving: string }] }).gateways[0];
    await eventually(async () => (await served()).serving === 'last-good', { what: 'the refusal in the status' });
    expect(await served()).toMatchObject({
      gateway: 'edge',
      rollout: { state: 'withdrawn', withdrawn: { revision: 2 }, lastGood: { revision: 1 } },
    });
    const view = async () => (await running.get('/api/v1/nodes/node-1')).body;
    await eventually(async () => !JSON.stringify(await view()).includes('ERROR'), { what: 'the answer to the last good revision' });
    expect(await view()).toMatchObject({ id: 'node-1', cluster: 'edge', runs: { revision: 1 } });
    await fixture.workspace.save('edge.yaml', gateway({ timeout: '8s' }), 'rename');
    await eventually(async () => (await view())['runs'] !== undefined && JSON.stringify(await view()).includes('"revision":3'), {
      what: 'the next edit',
    });
    expect(await (await fetch(`http://127.0.0.1:${running.admin}/metrics`)).text()).toMatch(
      /chancery_xds_nacks_total\{gateway="edge",variant="delta",type="RouteConfiguration"\} 1/,
    );
  });

  it('names the line of a resource in the API', async () => {
    const { running } = await startWithNode();
    const { body } = await running.get('/api/v1/resources?name=service/orders&type=Cluster');
    expect(body).toMatchObject({ resources: [{ name: 'service/orders', source: expect.stringMatching(/edge\.yaml:5$/) }] });
  });
});

describe('a start', () => {
  let fixture: AppFixture;
  beforeEach(async () => {
    fixture = await createAppFixture({ 'edge.yaml': gateway() });
  });
  afterEach(() => fixture.clean());

  it('over the same files gives the same versions, and a node that comes back gets no route and no cluster again (D22, X57)', async () => {
    const first = await fixture.start();
    const node = first.node();
    await eventually(() => isComplete(node));
    const before = versionsOf(node);
    await first.stop();
    const second = await fixture.start();
    const again = second.node({ running: node.running });
    await eventually(() => second.live.length === 1, { what: 'the node to be in step' });
    expect(versionsOf(again)).toEqual(before);
    const types = again.responses.filter(({ names }) => names.length > 0).map(({ typeUrl }) => typeUrl.split('.').at(-1));
    expect(types).toEqual(['ClusterLoadAssignment']);
  });

  it('over broken files serves what an earlier run kept, marked, until they are mended (D17, D25)', async () => {
    const first = await fixture.start(['edge.yaml'], { state: true });
    const node = first.node();
    await eventually(() => isComplete(node));
    await first.stop();
    await fixture.workspace.write('edge.yaml', BROKEN);
    const second = await fixture.start(['edge.yaml'], { state: true });
    const again = second.node();
    await eventually(() => isComplete(again), { what: 'the kept configuration' });
    expect(versionsOf(again)).toEqual(versionsOf(node));
    expect((await second.get('/readyz')).body).toMatchObject({ status: 'ready', gateways: [{ serving: 'last-good', isRestored: true }] });
    expect(events(second)).toContain('config.restored');
    await fixture.workspace.save('edge.yaml', gateway({ extra: ['cart'] }), 'rename');
    await eventually(() => again.running.get('Cluster')?.has('service/cart'), { what: 'the mended configuration' });
    expect((await second.get('/readyz')).body).toMatchObject({ gateways: [{ serving: 'current', isRestored: false }] });
  });

  it('over broken files with nothing kept fails with all errors, and leaves no port open', async () => {
    await fixture.workspace.write('edge.yaml', BROKEN);
    await expect(fixture.start(['edge.yaml'], { state: true })).rejects.toMatchObject({ code: 'ERR_INVALID_CONFIG' });
    await expect(readdir(fixture.workspace.path('state'))).rejects.toThrow();
  });
});

describe('several gateways', () => {
  let fixture: AppFixture;
  beforeEach(async () => {
    fixture = await createAppFixture({ 'edge.yaml': gateway(), 'web.yaml': gateway({ name: 'web', extra: ['pages'] }) });
  });
  afterEach(() => fixture.clean());

  it('are served side by side: each node gets those of its cluster, and nobody others (C14)', async () => {
    const running = await fixture.start(['edge.yaml', 'web.yaml']);
    const [edge, web, stranger] = [
      running.node({ id: 'a' }),
      running.node({ id: 'b', gateway: 'web' }),
      running.node({ id: 'c', gateway: 'nobody' }),
    ];
    await eventually(() => isComplete(edge) && isComplete(web));
    expect([...(edge.running.get('Cluster')?.keys() ?? [])]).toEqual(['service/orders']);
    expect([...(web.running.get('Cluster')?.keys() ?? [])]).toEqual(['service/orders', 'service/pages']);
    expect(stranger.responses).toEqual([]);
    expect((await running.get('/api/v1/gateways')).body).toMatchObject({ gateways: [{ gateway: 'edge' }, { gateway: 'web' }] });
  });

  it('do not disturb each other: one is broken, the other goes on changing', async () => {
    const running = await fixture.start(['edge.yaml', 'web.yaml']);
    const web = running.node({ gateway: 'web' });
    await eventually(() => isComplete(web));
    await fixture.workspace.save('edge.yaml', BROKEN, 'rename');
    await eventually(() => events(running).includes('config.refused'));
    await fixture.workspace.save('web.yaml', gateway({ name: 'web', extra: ['news'] }), 'rename');
    await eventually(() => web.running.get('Cluster')?.has('service/news'));
    expect((await running.get('/readyz')).body).toMatchObject({ gateways: [{ serving: 'last-good' }, { serving: 'current' }] });
  });

  it('may not have the same name: the second file is refused with the first one named (C14)', async () => {
    await fixture.workspace.write('web.yaml', gateway());
    await expect(fixture.start(['edge.yaml', 'web.yaml'])).rejects.toMatchObject({
      code: 'ERR_INVALID_CONFIG',
      message: expect.stringContaining('web.yaml'),
    });
  });

  it('may take over a name that another file has given up, in whichever order they are saved (C14)', async () => {
    const running = await fixture.start(['edge.yaml', 'web.yaml']);
    const served = () => running.app.gateways().map(({ gateway: name, serving }) => `${name} ${serving}`);
    await fixture.workspace.save('web.yaml', gateway({ extra: ['pages'] }), 'rename');
    await eventually(() => served()[1] === 'web last-good', { what: 'the refusal of the name that is taken' });
    await fixture.workspace.save('edge.yaml', gateway({ name: 'shop' }), 'rename');
    await eventually(() => served().join() === 'shop current,edge current', { what: 'both names to be served' });
    const node = running.node({ gateway: 'edge' });
    await eventually(() => node.running.get('Cluster')?.has('service/pages'));
  });

  it('offer nothing more under a name that was given up: nodes that are here keep what they have, newcomers wait (X85, X86)', async () => {
    const running = await fixture.start(['edge.yaml']);
    const old = running.node({ gateway: 'edge', id: 'old' });
    await eventually(() => isComplete(old), { what: 'the first configuration' });
    const sent = old.responses.length;
    await fixture.workspace.save('edge.yaml', gateway({ name: 'shop' }), 'rename');
    await eventually(() => running.app.gateways()[0]?.gateway === 'shop', { what: 'the new name' });
    const [late, shop] = [running.node({ gateway: 'edge', id: 'late' }), running.node({ gateway: 'shop', id: 'shop' })];
    await eventually(() => isComplete(shop), { what: 'the configuration under the new name' });
    expect(late.responses).toEqual([]);
    expect(old.responses).toHaveLength(sent);
    await fixture.workspace.save('edge.yaml', gateway({ extra: ['carts'] }), 'rename');
    await eventually(() => old.running.get('Cluster')?.has('service/carts'), { what: 'the old name again' });
    await eventually(() => isComplete(late), { what: 'what the newcomer waited for' });
  });

  it('may be added to a directory while it is served, once they are written completely; a bad one disturbs none (C14)', async () => {
    await fixture.workspace.write('gateways/edge.yaml', gateway());
    const running = await fixture.start(['gateways/edge.yaml'], { settings: { directories: [fixture.workspace.path('gateways')] } });
    const served = () => running.app.gateways().map(({ gateway: name, serving }) => `${name} ${serving}`);
    await fixture.workspace.write('gateways/web.yaml', '');
    await fixture.workspace.write('gateways/bad.yaml', 'gateway: bad\n');
    await eventually(() => served().length === 2, { what: 'the bad gateway' });
    await fixture.workspace.save('gateways/web.yaml', gateway({ name: 'web', port: 10_001 }), 'truncate');
    await eventually(() => served().join() === 'edge current,undefined nothing,web current', { what: 'the new gateway' });
    const node = running.node({ gateway: 'web' });
    await eventually(() => isComplete(node), { what: 'a node of the new gateway' });
  });
});
