// `explain --node`: a request against what a node runs now, which may be another revision than what the files say.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { explainNode } from '../../src/cli/explain-node.ts';
import type { AskedRequest } from '../../src/explain/explained.ts';
import { eventually } from '../support/eventually.ts';
import { type AppFixture, createAppFixture, type RunningApp } from './app-fixture.ts';
import type { Node } from './node.ts';

const gateway = (names: readonly string[]): string => `version: v1
gateway: edge
listeners: {http: {port: 10000}}
rateLimitService: {endpoints: ["127.0.0.1:9"]}
rateLimits:
  per-client: {key: [client.ip, header.x-tier], rate: 5/second}
services:
${names.map((name) => `  ${name}: {endpoints: ["127.0.0.1:9000"]}`).join('\n')}
routes:
${names.map((name) => `  - {name: ${name}, matches: [{path: {prefix: /${name}}}], backends: [${name}], rateLimits: [per-client]}`).join('\n')}
`;

describe('a request against what a node runs (O4)', () => {
  let fixture: AppFixture;
  let running: RunningApp;
  let node: Node;
  beforeEach(async () => {
    fixture = await createAppFixture({ 'edge.yaml': gateway(['orders']) });
    running = await fixture.start();
    node = running.node({ id: 'n1' });
    await eventually(() => running.live.length > 0, { what: 'the node that is in step' });
  });
  afterEach(() => fixture.clean());

  async function ask(path: string, details: Partial<AskedRequest> = {}, id = 'n1') {
    const asked = { method: 'GET', url: `http://shop.test${path}`, headers: [], ...details };
    const { text, json } = await explainNode(`http://127.0.0.1:${running.admin}`, id, asked);
    return {
      text,
      json: json as { readonly revision?: number; readonly route: { readonly name: string; readonly source: string } | null },
    };
  }

  it('is explained by the revision of the node, with its lines', async () => {
    const { text, json } = await ask('/orders/7');
    expect(json).toMatchObject({ node: 'n1', revision: 1, gateway: 'edge', route: { name: 'orders' }, answer: { kind: 'forwarded' } });
    expect(json.route?.source).toMatch(/edge\.yaml:10$/);
    expect(text).toMatch(/^node {6}n1, runs revision 1\ngateway {3}edge\n/);
    await fixture.workspace.save('edge.yaml', gateway(['cart', 'orders']), 'rename');
    await eventually(() => running.live.length === 2, { what: 'the edit to be live' });
    expect((await ask('/cart')).json).toMatchObject({ revision: 2, route: { name: 'cart' } });
  });

  it('is explained by what the node has, not by what it refused (D15)', async () => {
    node.refuseNext('Cluster', 'Cluster service/cart: no such thing');
    await fixture.workspace.save('edge.yaml', gateway(['cart', 'orders']), 'rename');
    await eventually(() => running.log.some(({ event }) => event === 'config.refused'), { what: 'the withdrawal' });
    const refused = (await ask('/cart')).json;
    expect(refused).toMatchObject({ revision: 1, route: null, answer: { kind: 'refused', status: 404 } });
    expect((await ask('/orders')).json).toMatchObject({ revision: 1, route: { name: 'orders' } });
  });

  it('leaves no value of the request behind, neither in the answer nor in the log (ratelimit R1009)', async () => {
    const { text, json } = await ask('/orders', { headers: ['x-tier: planted-tier'], token: 'planted-token', ip: '203.0.113.99' });
    for (const told of [text, JSON.stringify(json), JSON.stringify(running.log)]) expect(told).not.toMatch(/planted|203\.0\.113\.99/);
    expect(text).toContain('client.ip = given, header.x-tier = given');
  });

  it('says who is not there, and what is wrong with a question', async () => {
    await expect(ask('/orders', {}, 'n2')).rejects.toThrow('no node "n2" is connected');
    await expect(ask('/orders', { url: 'orders' })).rejects.toThrow('"orders" is not a URL');
    await expect(ask('/orders', { listener: 'https' })).rejects.toThrow('gateway edge has no listener https');
    await expect(ask('/orders', { method: 'G'.repeat(65) })).rejects.toThrow(/wrong: method/);
    node.close();
    const leave = (): Promise<string> => ask('/orders').then(() => 'connected', String);
    await eventually(async () => (await leave()).includes('node "n1" is gone since'), { what: 'the end of the node' });
  });

  it('goes to no other machine, and needs a control plane', async () => {
    const asked = { method: 'GET', url: 'http://shop.test/', headers: [] };
    await expect(explainNode('http://gateway.example.com:18080', 'n1', asked)).rejects.toThrow('is another machine');
    await expect(explainNode('http://127.0.0.1:1', 'n1', asked)).rejects.toThrow('no control plane answers at');
  });
});
