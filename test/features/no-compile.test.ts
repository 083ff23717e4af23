import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { type AppFixture, createAppFixture, type RunningApp } from './app-fixture.ts';

const GATEWAY = `version: v1
gateway: edge
listeners: {http: {port: 10000}}
services: {orders: {endpoints: ["127.0.0.1:9000"]}}
routes:
  - {name: orders, matches: [{path: {prefix: /}}], backends: [orders]}
`;

describe('what never compiles (B68)', () => {
  let fixture: AppFixture;
  beforeEach(async () => {
    fixture = await createAppFixture({ 'edge.yaml': GATEWAY });
  });
  afterEach(() => fixture.clean());

  async function compiles({ admin }: RunningApp): Promise<number> {
    const text = await (await fetch(`http://127.0.0.1:${admin}/metrics`)).text();
    return Number(/^chancery_compiles_total (\d+)$/m.exec(text)?.[1]);
  }

  it('are nodes that come, ACK, refuse and go, status, pages and metrics; a save does', async () => {
    const running = await fixture.start();
    const before = await compiles(running);
    expect(before).toBeGreaterThan(0);
    for (const id of ['a', 'b', 'c']) {
      const node = running.node({ id });
      if (id === 'b') node.refuseNext('Listener', 'no');
      await eventually(() => node.running.has('Listener'), { what: 'the listener' });
      for (const path of ['/api/v1/gateways', '/api/v1/nodes', '/api/v1/resources']) await running.get(path);
      await running.get('/api/v1/resources?type=Cluster&name=service/orders');
      await fetch(`http://127.0.0.1:${running.admin}/`);
      node.close();
    }
    expect(await compiles(running)).toBe(before);
    await fixture.workspace.save('edge.yaml', GATEWAY.replace('prefix: /', 'prefix: /o'), 'rename');
    await eventually(async () => (await compiles(running)) > before, { what: 'the compile of a save' });
  });
});
