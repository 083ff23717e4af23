import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PolicyUpdate } from '../../src/companion/policy-update.ts';
import { TYPE_URLS } from '../../src/proto/type-urls.ts';
import { eventually } from '../support/eventually.ts';
import type { Contents } from '../support/snapshots.ts';
import { type AppFixture, createAppFixture, type RunningApp, type StartOptions } from './app-fixture.ts';
import { buildsWith, connectCompanion, type ScriptedCompanion } from './companion.ts';
import type { Node } from './node.ts';

/** `timeout` tells edits apart. */
function gateway(timeout = '3s'): string {
  return [
    'version: v1',
    'gateway: edge',
    'listeners: {http: {port: 10000}}',
    `services: {orders: {endpoints: ["127.0.0.1:9000"], connectTimeout: ${timeout}}}`,
    'routes: [{name: orders, matches: [{path: {prefix: /orders}}], backends: [orders]}]',
    '',
  ].join('\n');
}

const ONE: Contents = {
  AuthPolicy: { 'edge/p@1': 'one' },
  ApiKeySet: { 'edge/k': 'keys' },
  Secret: { 'secret/jwt/m': 'hmac', 'certificate/c': 'private' },
};
const TWO: Contents = { ...ONE, AuthPolicy: { 'edge/p@2': 'two' } };
const POLICIES = TYPE_URLS.AuthPolicy;
const ADDRESS = '10.0.0.7:18001';

const clusterOf = (node: Node) => node.running.get('Cluster')?.get('service/orders');
const isComplete = (node: Node) => (node.running.get('RouteConfiguration')?.size ?? 0) > 0;
const namesOf = (companion: ScriptedCompanion, type: string = POLICIES) => [...(companion.held.get(type) ?? [])].sort();

describe('companions beside a fleet', () => {
  let fixture: AppFixture;
  let extra: Contents;
  let closers: (() => void)[];

  beforeEach(async () => {
    [extra, closers] = [ONE, []];
    fixture = await createAppFixture({ 'edge.yaml': gateway() });
  });
  afterEach(async () => {
    for (const close of closers) close();
    await fixture.clean();
  });

  const start = ({ parts = {}, ...options }: StartOptions = {}): Promise<RunningApp> =>
    fixture.start(['edge.yaml'], { ...options, parts: { createBuilds: () => buildsWith(() => extra), ...parts } });
  function companion({ xds }: RunningApp, id = 'c1', endpoints = [ADDRESS]): ScriptedCompanion {
    const connected = connectCompanion({ port: xds, id, endpoints });
    closers.push(() => connected.cut());
    return connected;
  }
  const edit = (contents: Contents, timeout: string): Promise<void> => {
    extra = contents;
    return fixture.workspace.save('edge.yaml', gateway(timeout), 'rename');
  };
  /** Where proxies are sent to, as they see it. */
  async function endpoints(running: RunningApp, node: Node): Promise<readonly string[]> {
    await eventually(() => node.running.get('ClusterLoadAssignment')?.has('companion/authz') === true);
    const { body } = await running.get('/api/v1/resources?gateway=edge&type=ClusterLoadAssignment&name=companion/authz');
    const text = JSON.stringify(body);
    return [...text.matchAll(/"address":"([\d.]+)","port_value":(\d+)|"port_value":(\d+),"address":"([\d.]+)"/g)].map(
      ([, a, b, c, d]) => `${a ?? d}:${b ?? c}`,
    );
  }

  it('get policies, key sets and their secrets; proxies get none of these, nor companions theirs (authz D1, D4)', async () => {
    const running = await start();
    const c1 = companion(running);
    const node = running.node();
    await eventually(() => isComplete(node) && running.live.length > 0);
    expect(namesOf(c1)).toEqual(['edge/p@1']);
    expect(namesOf(c1, TYPE_URLS.ApiKeySet)).toEqual(['edge/k']);
    await eventually(() => namesOf(c1, TYPE_URLS.Secret).length > 0);
    expect(namesOf(c1, TYPE_URLS.Secret)).toEqual(['secret/jwt/m']);
    const told = node.responses.flatMap(({ names }) => names);
    expect(told.filter((name) => name.startsWith('edge/') || name.startsWith('secret/'))).toEqual([]);
  });

  it('are no nodes: not in waves, not in counts; they have their own place (authz D1)', async () => {
    const running = await start();
    companion(running);
    const node = running.node();
    await eventually(() => isComplete(node) && running.live.length > 0);
    expect(running.live).toMatchObject([{ nodes: 1 }]);
    expect(running.app.nodes().map(({ id }) => id)).toEqual(['node-1']);
    expect(running.app.rollout('edge')).toMatchObject({ nodes: 1 });
    expect(running.app.companions()).toMatchObject([
      { gateway: 'edge', role: 'authz', id: 'c1', state: 'serving', endpoints: [ADDRESS], held: 1, missing: [], refused: [] },
    ]);
  });

  it('are where proxies are sent to, as long as they are here (authz D8)', async () => {
    const running = await start();
    const c1 = companion(running);
    const node = running.node();
    await eventually(() => isComplete(node));
    await eventually(async () => (await endpoints(running, node)).join() === ADDRESS);
    const before = node.running.get('ClusterLoadAssignment')?.get('companion/authz');
    companion(running, 'c2', ['10.0.0.8:18001']);
    await eventually(() => node.running.get('ClusterLoadAssignment')?.get('companion/authz') !== before);
    expect(await endpoints(running, node)).toEqual([ADDRESS, '10.0.0.8:18001']);
    c1.leave();
    await eventually(async () => (await endpoints(running, node)).join() === '10.0.0.8:18001');
  });

  it('have a policy before any proxy is sent a route that needs it; old versions stay (authz D5, D6, D10)', async () => {
    const running = await start();
    const c1 = companion(running);
    const node = running.node();
    await eventually(() => isComplete(node) && running.live.length > 0);
    const before = clusterOf(node);
    c1.pause();
    await edit(TWO, '7s');
    await eventually(() => c1.responses.some(({ names }) => names.includes('edge/p@2')), { what: 'the policy to be offered' });
    await eventually(() => running.app.rollout('edge')?.policies !== undefined);
    expect(running.app.rollout('edge')).toMatchObject({
      revision: 2,
      state: 'accepted',
      policies: { missing: [{ companion: 'c1', policies: ['edge/p@2'] }] },
    });
    expect(clusterOf(node)).toBe(before);
    c1.resume();
    await eventually(() => running.live.length === 2, { what: 'the edit to be live' });
    expect(clusterOf(node)).not.toBe(before);
    expect(namesOf(c1)).toEqual(['edge/p@1', 'edge/p@2']);
  });

  it('that refuse a policy send the revision back, and the refusal is remembered (authz D3, D5, D15)', async () => {
    const running = await start();
    const c1 = companion(running);
    const node = running.node();
    await eventually(() => isComplete(node) && running.live.length > 0);
    const before = clusterOf(node);
    c1.refuse('edge/p@2');
    await edit(TWO, '7s');
    await eventually(() => running.app.rollout('edge')?.state === 'withdrawn', { what: 'the withdrawal' });
    expect(running.app.rollout('edge')).toMatchObject({
      withdrawn: { reason: 'the companion refused a policy of it' },
      quarantine: [{ typeUrl: POLICIES, nodeId: 'c1', message: 'edge/p@2: unknown field' }],
    });
    expect(clusterOf(node)).toBe(before);
    await edit({ ...ONE, AuthPolicy: { 'edge/p@3': 'three' } }, '8s');
    await eventually(() => running.live.length === 2, { what: 'the mended edit to be live' });
  });

  it('are known after a restart, with the versions that were dropped lately (authz D6, D8)', async () => {
    const running = await start({ state: true });
    const c1 = companion(running);
    const node = running.node();
    await eventually(() => isComplete(node) && running.live.length > 0);
    await edit(TWO, '7s');
    await eventually(() => running.live.length === 2);
    c1.cut();
    await eventually(() => running.log.some(({ event }) => event === 'companion.lost'));
    await running.stop();
    const again = await start({ state: true });
    const back = again.node();
    await eventually(() => isComplete(back));
    expect(await endpoints(again, back)).toEqual([ADDRESS]);
    expect(again.app.companions()).toMatchObject([{ id: 'c1', state: 'lost' }]);
    const newcomer = companion(again, 'c3', ['10.0.0.9:18001']);
    await eventually(() => namesOf(newcomer).length === 2);
    expect(namesOf(newcomer)).toEqual(['edge/p@1', 'edge/p@2']);
  });

  it('of this process start with the first policy, are fed what changes, and end with it (P19, authz D5)', async () => {
    const updates: PolicyUpdate[] = [];
    let stops = 0;
    const startAuthz = async () => ({
      apply: async (update: PolicyUpdate) => {
        updates.push(update);
        return { refused: [] };
      },
      endpoints: () => ['127.0.0.1:18001'],
      onEndpoints: () => undefined,
      stop: async () => {
        stops += 1;
      },
    });
    extra = {};
    const running = await start({ parts: { startAuthz } });
    const node = running.node();
    await eventually(() => isComplete(node) && running.live.length > 0);
    expect(running.app.companions()).toEqual([]);
    await edit(ONE, '7s');
    await eventually(() => running.live.length === 2, { what: 'the edit to be live' });
    expect(updates.flatMap(({ policies }) => policies.map(({ name }) => name))).toEqual(['edge/p@1']);
    expect(updates.flatMap(({ secrets }) => secrets.map(({ name }) => name))).toEqual(['edge/secret/jwt/m']);
    expect(running.app.companions()).toMatchObject([{ id: 'in-process', state: 'serving', held: 1 }]);
    expect(await endpoints(running, node)).toEqual(['127.0.0.1:18001']);
    await running.stop();
    expect(stops).toBe(1);
  });
});
