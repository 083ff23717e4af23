import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { type AppFixture, createAppFixture, type RunningApp } from './app-fixture.ts';
import type { Node } from './node.ts';

const IDS = ['n1', 'n2', 'n3'] as const;

/** `timeout` tells edits apart; `cart`: one service and route more. */
function gateway({ timeout = '3s', cart = false, head = '' } = {}): string {
  const names = cart ? ['orders', 'cart'] : ['orders'];
  return [
    'version: v1',
    'gateway: edge',
    head,
    'listeners: {http: {port: 10000}}',
    'services:',
    ...names.map((name) => `  ${name}: {endpoints: ["127.0.0.1:9000"], connectTimeout: ${timeout}}`),
    'routes:',
    ...names.map((name) => `  - {name: ${name}, matches: [{path: {prefix: /${name}}}], backends: [${name}]}`),
    '',
  ].join('\n');
}

const clusterOf = (node: Node) => node.running.get('Cluster')?.get('service/orders');
const isComplete = (node: Node) => (node.running.get('RouteConfiguration')?.size ?? 0) > 0;
const events = ({ log }: RunningApp) => log.map(({ event }) => event);

describe('a rollout over three nodes', () => {
  let fixture: AppFixture;
  beforeEach(async () => {
    fixture = await createAppFixture({ 'edge.yaml': gateway() });
  });
  afterEach(() => fixture.clean());

  async function start(
    options: { readonly state?: boolean } = {},
  ): Promise<{ readonly running: RunningApp; readonly nodes: readonly Node[] }> {
    const running = await fixture.start(['edge.yaml'], options);
    const nodes = IDS.map((id) => running.node({ id }));
    await eventually(() => nodes.every(isComplete) && running.live.length > 0, { what: 'three nodes that are in step' });
    return { running, nodes };
  }

  /** All refuse clusters, so that whichever is asked first does. */
  async function refuse(running: RunningApp, nodes: readonly Node[]): Promise<void> {
    for (const node of nodes) node.refuseNext('Cluster', 'Cluster service/orders: no such thing');
    await fixture.workspace.save('edge.yaml', gateway({ timeout: '7s' }), 'rename');
    await eventually(() => events(running).includes('config.refused'), { what: 'the withdrawal' });
  }

  it('goes to one node, then to all, and is live within a moment (D1, D13)', async () => {
    const { running, nodes } = await start();
    await fixture.workspace.save('edge.yaml', gateway({ timeout: '7s' }), 'rename');
    await eventually(() => running.live.length === 2, { what: 'the edit to be live' });
    expect(new Set(nodes.map(clusterOf)).size).toBe(1);
    expect(running.log.filter(({ event }) => event === 'rollout.wave').map(({ nodes: count }) => count)).toEqual([0, 1, 3]);
  });

  it('reaches one node only when that refuses it; the others and newcomers keep what is good, and the reason is told at its line (D15, D16, B50)', async () => {
    const { running, nodes } = await start();
    const before = nodes.map(clusterOf);
    await refuse(running, nodes);
    const newcomer = running.node({ id: 'n4' });
    await eventually(() => isComplete(newcomer), { what: 'the newcomer' });
    expect(clusterOf(newcomer)).toBe(before[0]);
    await eventually(() => nodes.map(clusterOf).every((version) => version === before[0]));
    const seen = nodes.filter(({ responses }) => responses.filter(({ names }) => names.includes('service/orders')).length > 2);
    expect(seen.length).toBeLessThanOrEqual(1);
    expect(running.log.find(({ error_code: code }) => code === 'CH3006')).toMatchObject({
      source: expect.stringMatching(/edge\.yaml:6:\d+$/),
      diagnostic: expect.stringContaining('Cluster service/orders: no such thing'),
    });
    expect((await running.get('/readyz')).body).toMatchObject({ gateways: [{ serving: 'last-good' }] });
    const place = expect.stringMatching(/edge\.yaml:6$/);
    expect(running.app.rollout('edge')).toMatchObject({ state: 'withdrawn', nacks: [{ place }], quarantine: [{ place }] });
  });

  it('lets revisions through that do not have what was refused, with no restart (B51)', async () => {
    const { running, nodes } = await start();
    await refuse(running, nodes);
    for (const node of nodes) node.accept('Cluster');
    await fixture.workspace.save('edge.yaml', gateway({ timeout: '8s' }), 'rename');
    await eventually(() => running.live.length === 2, { what: 'the mended edit to be live' });
    expect((await running.get('/readyz')).body).toMatchObject({ gateways: [{ serving: 'current' }] });
  });

  it('does not offer again after a restart what was refused before it; newcomers get the last good one (B54, B55)', async () => {
    const { running, nodes } = await start({ state: true });
    const before = clusterOf(nodes[0] as Node);
    await refuse(running, nodes);
    await running.stop();
    const again = await fixture.start(['edge.yaml'], { state: true });
    const node = again.node({ id: 'n1' });
    await eventually(() => isComplete(node));
    expect(clusterOf(node)).toBe(before);
    expect(events(again)).toEqual(expect.arrayContaining(['config.refused', 'config.restored']));
    expect(again.app.rollout('edge')).toMatchObject({ revision: 1, quarantine: [{ nodeId: expect.stringMatching(/^n/) }] });
    expect(await again.app.release('edge')).toBe(true);
    await eventually(() => clusterOf(node) !== before, { what: 'the released revision' });
  });

  it('keeps who changed what, how far it came and who refused it (D2)', async () => {
    const { running, nodes } = await start({ state: true });
    await refuse(running, nodes);
    await running.stop();
    const again = await fixture.start(['edge.yaml'], { state: true });
    const revisions = again.app.revisions('edge');
    expect(revisions).toMatchObject([
      { number: 1, state: 'live', author: 'file', waves: [{ isEveryone: true }] },
      {
        number: 2,
        state: 'withdrawn',
        waves: [{ asked: 1 }],
        nacks: [{ message: 'Cluster service/orders: no such thing', place: expect.stringMatching(/edge\.yaml:6$/) }],
        withdrawn: { backTo: 1 },
      },
    ]);
    const texts = await again.app.texts('edge', 2);
    expect(texts?.files).toMatchObject([{ text: gateway({ timeout: '7s' }) }]);
  });

  it('is the same revision after a restart over the same files: nothing is sent, and it is live at once (D2, B54)', async () => {
    const { running, nodes } = await start({ state: true });
    const { running: had } = nodes[0] as Node;
    await running.stop();
    const again = await fixture.start(['edge.yaml'], { state: true });
    const node = again.node({ id: 'n1', running: had });
    await eventually(() => again.live.length === 1, { what: 'the node to be in step' });
    expect(node.responses.filter(({ typeUrl, names }) => typeUrl.endsWith('.Cluster') && names.length > 0)).toEqual([]);
    expect(again.live[0]?.durationMs).toBeLessThan(60_000);
    expect(again.app.revisions('edge')).toHaveLength(1);
    expect(events(again)).toContain('config.accepted');
  });

  it('goes on after a restart with the newer one while newcomers get the good one first (D16, D25)', async () => {
    const { running, nodes } = await start({ state: true });
    const before = clusterOf(nodes[0] as Node);
    await running.stop();
    await fixture.workspace.write('edge.yaml', gateway({ timeout: '7s' }));
    const again = await fixture.start(['edge.yaml'], { state: true });
    const node = again.node({ id: 'n1' });
    await eventually(() => again.live.length === 1, { what: 'the newer revision to be live' });
    const clusters = node.responses.filter(({ typeUrl }) => typeUrl.endsWith('.Cluster'));
    const versions = clusters.flatMap((response) => response.versions['service/orders'] ?? []);
    expect(versions).toHaveLength(2);
    expect(versions[0]).toBe(before);
    expect(again.app.revisions('edge')?.at(-1)).toMatchObject({ number: 2, state: 'live' });
  });
});

describe('an edit that takes much away (D18, X86, B53)', () => {
  let fixture: AppFixture;
  beforeEach(async () => {
    fixture = await createAppFixture({ 'edge.yaml': gateway({ cart: true }) });
  });
  afterEach(() => fixture.clean());
  const EMPTY = 'version: v1\ngateway: edge\n';

  it('is refused at its place, also after a restart, until the file says that it is meant', async () => {
    const running = await fixture.start(['edge.yaml'], { state: true });
    const node = running.node();
    await eventually(() => isComplete(node));
    await fixture.workspace.save('edge.yaml', EMPTY, 'rename');
    await eventually(() => events(running).includes('config.refused'));
    const told = running.log.filter(({ error_code: code }) => code === 'CH3005');
    expect(told.map(({ msg }) => msg)).toEqual([
      'this edit removes all listeners (http)',
      'this edit removes all routes of *',
      'this edit removes 2 of 2 services',
    ]);
    expect(node.running.get('Cluster')?.size).toBe(2);
    await running.stop();
    const again = await fixture.start(['edge.yaml'], { state: true });
    const back = again.node();
    await eventually(() => isComplete(back));
    expect(back.running.get('Cluster')?.size).toBe(2);
    await fixture.workspace.save('edge.yaml', `${EMPTY}allowLargeRemoval: true\n`, 'rename');
    await eventually(() => again.app.revisions('edge')?.length === 2, { what: 'the edit to be accepted' });
  });
});
