// What happens to the control plane while load runs through two Envoys, one by delta and one by the state of the world: broken edits, ways of
// saving, kill, restart, a move to another replica, the stop and the upgrade. The built program runs here, as a process.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { drill } from '../support/drill.ts';
import { eventually } from '../support/eventually.ts';
import type { FleetControl } from '../support/fleet-control.ts';
import { createGate } from '../support/gate.ts';
import { type OrdersFleet, startOrdersFleet } from '../support/orders-fleet.ts';
import type { Reply } from '../support/upstream-exchange.ts';

let orders: OrdersFleet;
beforeAll(async () => {
  orders = await startOrdersFleet({ control: 'process', proxies: { delta: {}, sotw: { variant: 'sotw' } } });
});
afterAll(() => orders?.stop());
beforeEach(() => orders.reset());

/** A good edit, after which b answers. */
const moved = (): string => orders.yaml.config({ routes: orders.yaml.routes('[orders-b]', '[orders-g2]') });
const answering = async (): Promise<readonly (string | undefined)[]> =>
  Promise.all(
    [...orders.fleet.proxies.keys()].map(async (proxy) => (await orders.fleet.send({ proxy, path: '/orders' })).headers['x-upstream']),
  );

const connected = (state: 0 | 1): Promise<boolean> =>
  eventually(
    async () => {
      const states = [...orders.fleet.proxies.values()].map(({ envoy }) => envoy.admin.stat('control_plane.connected_state'));
      return (await Promise.all(states)).every((each) => each === state);
    },
    { what: state === 1 ? 'the Envoys to connect' : 'the Envoys to see the end', timeoutMs: 40_000 },
  );

/** Proxy → what it runs: names with versions. */
const running = async (): Promise<Readonly<Record<string, ReadonlyMap<string, string>>>> =>
  Object.fromEntries(
    await Promise.all([...orders.fleet.proxies].map(async ([name, { envoy }]) => [name, await envoy.admin.versions()] as const)),
  );

/** What the file says stays as it was; what earlier edits left to linger may go. */
const expectUnchanged = async (before: Readonly<Record<string, ReadonlyMap<string, string>>>): Promise<void> => {
  for (const [proxy, versions] of Object.entries(await running())) {
    const names = ['Listener listener/http', 'RouteConfiguration routes/http', 'Cluster service/orders-a'];
    expect([...versions.keys()]).toEqual(expect.arrayContaining(names));
    for (const [name, version] of versions) expect([proxy, name, version]).toEqual([proxy, name, before[proxy]?.get(name)]);
  }
};

/** Waits until nothing lingers: what is removed later would look like a change. */
const settled = (control: FleetControl): Promise<boolean> =>
  eventually(async () => !JSON.stringify(await control.api('/api/v1/nodes')).match(/STALE|NOT_SENT/), { what: 'all to be accepted' });

describe('a broken edit', () => {
  test.each([
    ['that is not YAML', (good: string) => `${good}\n  - {name: [`],
    ['that names an unknown service', (good: string) => good.replace('- orders-a', '- order-a')],
    ['that is empty', () => ''],
  ])('%s changes nothing, and the next good one goes live', async (_title, broken) => {
    const { fleet } = orders;
    await fleet.underLoad(async () => {
      const before = await running();
      const logged = fleet.control.logs().length;
      await fleet.saveText(broken(fleet.text()));
      await eventually(() => /CH\d{4}/.test(fleet.control.logs().slice(logged)), { what: 'the control plane to report the mistake' });
      expect(await running()).toEqual(before);
      await fleet.apply(moved());
      expect(await answering()).toEqual(['b', 'b']);
    });
  });
});

describe('saving the file', () => {
  test.each(['truncate', 'rename', 'backup'] as const)('by %s goes live, time after time, without a failed request', async (pattern) => {
    const { fleet, yaml } = orders;
    await fleet.underLoad(async () => {
      for (const web of ['b', 'a', 'b']) {
        await fleet.publish(yaml.config({ routes: yaml.routes(`[orders-${web}]`) }), pattern);
        await fleet.live();
        expect(await answering()).toEqual([web, web]);
      }
    });
  });
});

describe('the control plane', () => {
  test('killed and started again under load loses no request, changes nothing, and takes the next edit (D25, B54)', async () => {
    const { fleet, yaml } = orders;
    await drill(async () => {
      await fleet.apply(yaml.config());
      await settled(fleet.control);
      await fleet.underLoad(async (more) => {
        const before = await running();
        await fleet.control.kill();
        await connected(0);
        await more(5);
        await fleet.restart();
        await connected(1);
        await more(5);
        await expectUnchanged(before);
        await fleet.apply(moved());
        expect(await answering()).toEqual(['b', 'b']);
      });
    });
  });

  test('ended by SIGTERM in the middle of a switch and started again loses no request (D24)', async () => {
    const { fleet, yaml } = orders;
    await drill(() =>
      fleet.underLoad(async () => {
        await fleet.apply(moved());
        await fleet.publish(yaml.config());
        expect(await fleet.control.stop()).toBe(0);
        await fleet.restart();
        await connected(1);
        await fleet.live();
      }),
    );
  });

  test('whose proxies move to another replica over the same files sends nothing that they have (D22, B54)', async () => {
    const { fleet, yaml } = orders;
    await drill(async () => {
      await fleet.apply(yaml.config());
      await settled(fleet.control);
      const replica = await fleet.replica();
      const moveTo = (port: number): void => {
        for (const { relay } of fleet.proxies.values()) relay.pointAt(port);
        for (const { relay } of fleet.proxies.values()) relay.cut();
      };
      const move = async (): Promise<void> => {
        const before = await running();
        const told = [...fleet.proxies.values()].map(({ relay }) => relay.responses.length);
        moveTo(replica.xdsPort);
        await eventually(async () => JSON.stringify(await replica.api('/api/v1/nodes')).match(/"id":"delta"[^]*"id":"sotw"/) !== null, {
          what: 'the proxies to arrive',
          timeoutMs: 30_000,
        });
        await settled(replica);
        await expectUnchanged(before);
        const [delta = []] = [...fleet.proxies.values()].map(({ relay }, index) => relay.responses.slice(told[index]));
        // In delta an Envoy says what it has. What clusters and listeners need is sent all the same (X57): they would stay without it.
        const resent = delta
          .filter(({ kind }) => ['Cluster', 'Listener', 'RouteConfiguration'].includes(kind))
          .flatMap(({ names, removed }) => [...names, ...removed]);
        expect(resent).toEqual([]);
      };
      await fleet.underLoad(move).finally(() => moveTo(fleet.control.xdsPort));
      await replica.stop();
      await connected(1);
    });
  });

  // In delta an Envoy says what it holds. In the state of the world it cannot, and a replica cannot know what it has not read yet.
  test('is left for a replica that has not read the last edit yet, and for the first again, without loss in delta (D22, D25)', async () => {
    const { fleet, yaml } = orders;
    const { relay } = fleet.proxy('delta');
    const moveTo = (control: FleetControl): void => {
      relay.pointAt(control.xdsPort);
      relay.cut();
    };
    const reaches = (upstream: string): Promise<boolean> =>
      eventually(async () => (await fleet.send({ proxy: 'delta', path: '/orders' })).headers['x-upstream'] === upstream, {
        what: `the proxy to reach ${upstream}`,
      });
    const edited = (n: number): string => {
      const services = [yaml.service(`web-${n}`, n % 2 === 0 ? 'a' : 'b'), yaml.service(`rpc-${n}`, n % 2 === 0 ? 'g1' : 'g2')];
      return yaml.config({ services: services.join('\n'), routes: yaml.routes(`[web-${n}]`, `[rpc-${n}]`) });
    };
    await fleet.apply(edited(2));
    await fleet.workspace.save('behind.yaml', fleet.text(), 'rename');
    const behind = await fleet.replica('behind.yaml');
    await drill((n) =>
      fleet
        .underLoad(
          async (more) => {
            await fleet.apply(edited(2 * n + 1));
            await reaches('b');
            moveTo(behind);
            await reaches('a');
            await more(5);
            moveTo(fleet.control);
            await reaches('b');
            await more(5);
          },
          { on: ['delta'] },
        )
        .finally(() => moveTo(fleet.control)),
    );
    await behind.stop();
    await connected(1);
  });

  test('killed and started again while the Envoys warm a cluster loses no request, and the edit goes live (D7, D25)', async () => {
    const { fleet, yaml, upstreams } = orders;
    const healthy = createGate<Reply>();
    upstreams.b.replyToHealthChecks = () => healthy.promise;
    await fleet.underLoad(async (more) => {
      const check = ', healthCheck: {http: /healthz, interval: 60s, timeout: 50s, unhealthyThreshold: 1, healthyThreshold: 1}';
      const services = [yaml.service('checked', 'b', check), yaml.service('orders-g1', 'g1')].join('\n');
      await fleet.publish(yaml.config({ services, routes: yaml.routes('[checked]') }));
      await eventually(() => upstreams.b.healthChecks.length === 2);
      await fleet.control.kill();
      await connected(0);
      await fleet.restart();
      await connected(1);
      await more(5);
      healthy.open({});
      await fleet.live();
      expect(await answering()).toEqual(['b', 'b']);
    });
  });

  test('an edit that takes every route of a host away is refused while it runs and over a restart, until it is allowed (D18, X86)', async () => {
    const { fleet, yaml } = orders;
    const empty = yaml.config({ routes: ' []' });
    await fleet.underLoad(async (more) => {
      const logged = fleet.control.logs().length;
      await fleet.publish(empty);
      await eventually(() => /CH\d{4}/.test(fleet.control.logs().slice(logged)), { what: 'the refusal' });
      await fleet.control.kill();
      await connected(0);
      await fleet.restart();
      await connected(1);
      await more(5);
      await fleet.apply(yaml.config());
    });
    await fleet.apply(`allowLargeRemoval: true\n${empty}`);
    expect((await fleet.send({ path: '/orders' })).status).toBe(404);
  });

  test('started again over a file that was broken meanwhile serves what ran before (D17, B53)', async () => {
    const { fleet, yaml } = orders;
    await settled(fleet.control);
    await fleet.underLoad(async (more) => {
      const before = await running();
      await fleet.control.kill();
      await connected(0);
      await fleet.saveText('version: v1\nroutes: [');
      await fleet.restart();
      await connected(1);
      await more(5);
      await expectUnchanged(before);
      await fleet.apply(yaml.config());
    });
  });
});
