// The control plane is killed (-9) while a revision is on its way through a fleet of three Envoys, or after one of them refused it: what was
// decided is known after the restart (D2, D15, D25), and no request is lost. The built program runs here, as a process.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { drill } from '../support/drill.ts';
import { eventually } from '../support/eventually.ts';
import { type OrdersFleet, startOrdersFleet } from '../support/orders-fleet.ts';
import { createPoison } from '../support/poison.ts';

const { poison, poisoned } = createPoison();
let orders: OrdersFleet;
beforeAll(async () => {
  orders = await startOrdersFleet({
    control: 'process',
    proxies: { east: { alter: poison('east') }, west: { alter: poison('west') }, north: { alter: poison('north'), variant: 'sotw' } },
  });
});
afterAll(() => orders?.stop());
beforeEach(() => orders.reset());

const answering = (): Promise<readonly (string | undefined)[]> =>
  Promise.all(
    [...orders.fleet.proxies.keys()].map(async (proxy) => (await orders.fleet.send({ proxy, path: '/orders' })).headers['x-upstream']),
  );
const connected = (): Promise<boolean> =>
  eventually(
    async () => {
      const states = [...orders.fleet.proxies.values()].map(({ envoy }) => envoy.admin.stat('control_plane.connected_state'));
      return (await Promise.all(states)).every((state) => state === 1);
    },
    { what: 'all Envoys to be connected', timeoutMs: 30_000 },
  );
const restart = async (): Promise<void> => {
  await orders.fleet.control.kill();
  await orders.fleet.restart();
  await connected();
};

test('a revision that was refused stays refused over a restart, newcomers get the good one, and a mended one goes everywhere (D15, D16, D25)', async () => {
  const { fleet, yaml } = orders;
  await drill(async (n) => {
    await fleet.apply(yaml.config());
    poisoned.clear();
    await fleet.underLoad(async (more) => {
      const logged = fleet.control.logs().length;
      const services = `${yaml.services()}\n${yaml.service(`poisoned-${n}`, 'b')}`;
      await fleet.publish(yaml.config({ services, routes: yaml.routes(`[poisoned-${n}]`) }));
      await eventually(() => fleet.control.logs().slice(logged).includes('"xds.nack"'), { what: 'the refusal' });
      await more(5);
      expect(poisoned.size).toBe(1);
      await restart();
      await more(20);
      expect(poisoned.size).toBe(1);
      await fleet.join('newcomer', { alter: poison('newcomer') });
      expect(await answering()).toEqual(['a', 'a', 'a', 'a']);
      expect(poisoned.size).toBe(1);
      await fleet.apply(yaml.config({ routes: yaml.routes('[orders-b]', '[orders-g2]') }));
      expect(await answering()).toEqual(['b', 'b', 'b', 'b']);
    });
    await fleet.leave('newcomer');
  });
});

test('killed while one proxy has a revision and the others wait for it, it brings it to all of them after the restart (D13, D16, D25)', async () => {
  const { fleet, yaml } = orders;
  const soaking = (config: string): string => `rollout: {steps: [1, 100%], soak: 3s}\n${config}`;
  await drill(async () => {
    await fleet.apply(soaking(yaml.config()));
    await fleet.underLoad(async (more) => {
      const services = `${yaml.service('moved', 'b')}\n${yaml.service('rpc', 'g2')}`;
      await fleet.publish(soaking(yaml.config({ services, routes: yaml.routes('[moved]', '[rpc]') })));
      await eventually(async () => (await answering()).includes('b'), { what: 'the first proxy to have it' });
      expect((await answering()).filter((upstream) => upstream === 'b')).toHaveLength(1);
      await restart();
      await more(10);
      await fleet.live();
      expect(await answering()).toEqual(['b', 'b', 'b']);
    });
  });
});

test('flaps between two revisions lose no request of three proxies (D9, D13)', async () => {
  const { fleet, yaml } = orders;
  const services = `${yaml.service('web', 'b')}\n${yaml.service('rpc', 'g2')}`;
  const other = yaml.config({ services, routes: yaml.routes('[web]', '[rpc]') });
  await drill(() =>
    fleet.underLoad(async (more) => {
      for (let n = 0; n < 20; n += 1) {
        await fleet.publish(n % 2 === 0 ? other : yaml.config());
        await more(4);
      }
      await fleet.apply(yaml.config());
    }),
  );
});
