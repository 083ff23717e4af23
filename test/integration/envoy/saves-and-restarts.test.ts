// What happens around the file and the control plane while load runs through a real Envoy: broken edits, ways of saving, kill and restart.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { createGate } from '../../support/gate.ts';
import { type OrdersGateway, startOrdersGateway } from '../../support/orders-gateway.ts';
import type { Reply } from '../../support/upstream-exchange.ts';

let orders: OrdersGateway;
beforeAll(async () => {
  orders = await startOrdersGateway();
});
afterAll(() => orders?.stop());
beforeEach(() => orders.reset());

const NONE = [[], []];
/** A good edit, after which b answers. */
const moved = (): string => orders.yaml.config({ routes: orders.yaml.routes('[orders-b]', '[orders-g2]') });
const answering = async (): Promise<string | undefined> => (await orders.gateway.send({ path: '/orders' })).headers['x-upstream'];

describe('a broken edit', () => {
  test.each([
    ['that is not YAML', (good: string) => `${good}\n  - {name: [`],
    ['that names an unknown service', (good: string) => good.replace('- orders-a', '- order-a')],
    ['that is empty', () => ''],
  ])('%s changes nothing, and the next good one goes live', async (_title, broken) => {
    const { gateway, yaml } = orders;
    await orders.load();
    const versions = await gateway.envoy.admin.versions();
    const logged = gateway.chancery.logs().length;
    await gateway.saveText(broken(gateway.text(yaml.config())));
    await eventually(() => /CH\d{4}/.test(gateway.chancery.logs().slice(logged)), { what: 'the control plane to report the mistake' });
    expect(await gateway.envoy.admin.versions()).toEqual(versions);
    await gateway.apply(moved());
    expect(await answering()).toBe('b');
    expect((await orders.endLoad()).failures).toEqual(NONE);
  });
});

describe('saving the file', () => {
  test.each(['truncate', 'rename', 'backup'] as const)('by %s goes live, time after time, without a failed request', async (pattern) => {
    const { gateway, yaml } = orders;
    await orders.load();
    for (const web of ['b', 'a', 'b']) {
      await gateway.apply(yaml.config({ routes: yaml.routes(`[orders-${web}]`) }), pattern);
      expect(await answering()).toBe(web);
    }
    expect((await orders.endLoad()).failures).toEqual(NONE);
  });
});

describe('the control plane', () => {
  const reconnected = (): Promise<boolean> =>
    eventually(async () => (await orders.gateway.envoy.admin.stat('control_plane.connected_state')) === 1, {
      what: 'Envoy to reconnect',
      timeoutMs: 30_000,
    });
  const disconnected = (): Promise<boolean> =>
    eventually(async () => (await orders.gateway.envoy.admin.stat('control_plane.connected_state')) === 0, {
      what: 'Envoy to see the end',
    });

  /** What the file says stays as it was; what earlier edits left to linger may go. */
  const expectUnchanged = async (before: ReadonlyMap<string, string>): Promise<void> => {
    const now = await orders.gateway.envoy.admin.versions();
    const names = ['Listener listener/http', 'RouteConfiguration routes/http', 'Cluster service/orders-a'];
    expect([...now.keys()]).toEqual(expect.arrayContaining(names));
    for (const [name, version] of now) expect([name, version]).toEqual([name, before.get(name)]);
  };

  test('killed and started again under load loses no request, resends nothing, and takes the next edit (D25)', async () => {
    const { gateway } = orders;
    await orders.load();
    const versions = await gateway.envoy.admin.versions();
    await gateway.chancery.kill();
    await disconnected();
    await orders.more(20);
    await gateway.restartChancery();
    await reconnected();
    await orders.more(20);
    await expectUnchanged(versions);
    await gateway.apply(moved());
    expect(await answering()).toBe('b');
    expect((await orders.endLoad()).failures).toEqual(NONE);
  });

  test('killed and started again while Envoy warms a cluster loses no request, and the edit goes live (D7, D25)', async () => {
    const { gateway, yaml, upstreams } = orders;
    const healthy = createGate<Reply>();
    upstreams.b.replyToHealthChecks = () => healthy.promise;
    await orders.load();
    const check = ', healthCheck: {http: /healthz, interval: 60s, timeout: 50s, unhealthyThreshold: 1, healthyThreshold: 1}';
    const services = [yaml.service('checked', 'b', check), yaml.service('orders-g1', 'g1')].join('\n');
    await gateway.publish(yaml.config({ services, routes: yaml.routes('[checked]') }));
    await eventually(() => upstreams.b.healthChecks.length > 0);
    await gateway.chancery.kill();
    await disconnected();
    await gateway.restartChancery();
    await reconnected();
    await orders.more(20);
    healthy.open({});
    await gateway.live();
    expect(await answering()).toBe('b');
    expect((await orders.endLoad()).failures).toEqual(NONE);
  });

  test('started again over a file that was broken meanwhile serves what ran before (D17)', async () => {
    const { gateway, yaml } = orders;
    await orders.load();
    const versions = await gateway.envoy.admin.versions();
    await gateway.chancery.kill();
    await disconnected();
    await gateway.saveText('version: v1\nroutes: [');
    await gateway.restartChancery();
    await reconnected();
    await orders.more(20);
    await expectUnchanged(versions);
    await gateway.apply(yaml.config());
    expect((await orders.endLoad()).failures).toEqual(NONE);
  });
});
