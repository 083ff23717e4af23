// Three Envoys of one gateway at once: a revision that Envoy refuses reaches one of them only, newcomers get what is good, and a proxy that
// has stopped holds up no other. The refusal is of the kind that no check of ours sees: on its way to the Envoys a resource is made bad.
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { drill } from '../support/drill.ts';
import { eventually } from '../support/eventually.ts';
import { type OrdersFleet, startOrdersFleet } from '../support/orders-fleet.ts';
import { testApi } from '../support/snapshots.ts';
import type { AlterResource } from '../support/xds-relay.ts';

/** Envoy refuses a cluster whose transport socket it does not know; appended bytes are merged into the message. */
const poison: AlterResource = (kind, name, bytes) =>
  kind === 'Cluster' && name.startsWith('service/poisoned')
    ? Buffer.concat([bytes, testApi().encode('envoy.config.cluster.v3.Cluster', { name, transport_socket: { name: 'unknown.to.envoy' } })])
    : bytes;

let orders: OrdersFleet;
beforeAll(async () => {
  orders = await startOrdersFleet({
    proxies: { east: { alter: poison }, west: { alter: poison }, north: { alter: poison, variant: 'sotw' } },
  });
});
afterAll(() => orders?.stop());
beforeEach(() => orders.reset());

/** Proxies that were sent a cluster of this name. */
const reached = (cluster: string): readonly string[] =>
  [...orders.fleet.proxies].flatMap(([name, { relay }]) => (relay.responses.some(({ names }) => names.includes(cluster)) ? [name] : []));

const answering = (path = '/orders'): Promise<readonly (string | undefined)[]> =>
  Promise.all([...orders.fleet.proxies.keys()].map(async (proxy) => (await orders.fleet.send({ proxy, path })).headers['x-upstream']));

test('a revision that Envoy refuses is seen by one proxy only, newcomers get the good one, and a mended one goes everywhere (B50, B51, D13, D15, D16)', async () => {
  const { fleet, yaml } = orders;
  await drill(async (n) => {
    const services = `${yaml.services()}\n${yaml.service(`poisoned-${n}`, 'b')}`;
    const bad = yaml.config({ services, routes: yaml.routes(`[poisoned-${n}]`) });
    await fleet.apply(yaml.config());
    await fleet.underLoad(async (more) => {
      const logged = fleet.control.logs().length;
      await fleet.publish(bad);
      const told = await eventually(
        () =>
          fleet.control
            .logs()
            .slice(logged)
            .split('\n')
            .find((line) => line.includes('"xds.nack"')),
        {
          what: 'the refusal',
        },
      );
      expect(JSON.parse(told)).toMatchObject({ resources: [`service/poisoned-${n}`], source: expect.stringMatching(/gateway\.yaml:\d+/) });
      await more(10);
      expect(reached(`service/poisoned-${n}`)).toHaveLength(1);
      expect(await answering()).toEqual(['a', 'a', 'a']);
      await fleet.join('newcomer', { alter: poison });
      expect((await fleet.send({ proxy: 'newcomer', path: '/orders' })).headers['x-upstream']).toBe('a');
      expect(reached(`service/poisoned-${n}`)).toHaveLength(1);
      // The same content again, in another order of keys: still not offered to anyone.
      await fleet.saveText(`# again\n${fleet.text()}`);
      await more(10);
      expect(reached(`service/poisoned-${n}`)).toHaveLength(1);
      await fleet.apply(
        yaml.config({ services: `${yaml.services()}\n${yaml.service(`mended-${n}`, 'b')}`, routes: yaml.routes(`[mended-${n}]`) }),
      );
      expect(await answering()).toEqual(['b', 'b', 'b', 'b']);
    });
    await fleet.leave('newcomer');
  });
});

test('a proxy that stands still holds up no other, and takes what it missed when it goes on (D6, D13, B63)', async () => {
  const { fleet, yaml } = orders;
  const [moving, stopped] = [['east', 'west'], 'north'];
  await drill(async () => {
    await fleet.apply(yaml.config());
    await fleet.underLoad(async (more) => {
      fleet.proxy(stopped).envoy.pause();
      try {
        const begun = performance.now();
        await fleet.publish(
          yaml.config({ services: `${yaml.service('moved', 'b')}\n${yaml.service('rpc', 'g2')}`, routes: yaml.routes('[moved]', '[rpc]') }),
        );
        await fleet.live(moving);
        // Two seconds are what a wave waits for a node that does not answer.
        expect(performance.now() - begun).toBeLessThan(4_000);
      } finally {
        fleet.proxy(stopped).envoy.resume();
      }
      await fleet.live([stopped]);
      await more(5);
      expect(await answering()).toEqual(['b', 'b', 'b']);
    });
  });
});

test('a proxy that comes back while an edit is on its way ends where the others are (D9, D16)', async () => {
  const { fleet, yaml } = orders;
  await drill(async () => {
    await fleet.underLoad(async (more) => {
      for (const web of ['b', 'a', 'b', 'a']) {
        await fleet.publish(yaml.config({ routes: yaml.routes(`[orders-${web}]`) }));
        await pause(30);
        fleet.proxy('west').relay.cut();
        await fleet.live();
        await more(3);
        expect(await answering()).toEqual([web, web, web]);
      }
    });
  });
});
