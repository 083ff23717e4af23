// Three Envoys of one gateway at once: a revision that Envoy refuses reaches one of them only, newcomers get what is good, and a proxy that
// has stopped holds up no other. The refusal is of the kind that no check of ours sees: on its way to the Envoys a resource is made bad.
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { drill } from '../support/drill.ts';
import { eventually } from '../support/eventually.ts';
import { type OrdersConfig, type OrdersFleet, type OrdersYaml, SECOND_PORT, startOrdersFleet } from '../support/orders-fleet.ts';
import { createPoison } from '../support/poison.ts';

const { poison, poisoned } = createPoison();

let orders: OrdersFleet;
beforeAll(async () => {
  orders = await startOrdersFleet({
    proxies: { east: { alter: poison('east') }, west: { alter: poison('west') }, north: { alter: poison('north'), variant: 'sotw' } },
  });
});
afterAll(() => orders?.stop());
beforeEach(() => orders.reset());

const answering = (path = '/orders'): Promise<readonly (string | undefined)[]> =>
  Promise.all([...orders.fleet.proxies.keys()].map(async (proxy) => (await orders.fleet.send({ proxy, path })).headers['x-upstream']));

/** A cluster, a listener and a route that Envoy will refuse, and the name of the resource. */
const REFUSED: readonly (readonly [kind: string, resource: string, edit: (yaml: OrdersYaml, n: number) => OrdersConfig])[] = [
  [
    'cluster',
    'service/poisoned',
    (yaml, n) => ({ services: `${yaml.services()}\n${yaml.service(`poisoned-${n}`, 'b')}`, routes: yaml.routes(`[poisoned-${n}]`) }),
  ],
  ['listener', 'listener/poisoned', (_yaml, n) => ({ listeners: `  poisoned-${n}: {port: ${SECOND_PORT}}` })],
  [
    'route',
    'routes/http',
    (yaml, n) => ({ routes: yaml.routes('[orders-b]', '[orders-g2]', `, responseHeaders: {set: {x-n: poisoned-${n}}}`) }),
  ],
];

test.each(REFUSED)(
  'a revision with a %s that Envoy refuses is seen by one proxy, newcomers get the good one, and a mended one goes everywhere (B50, B51, D13, D15, D16)',
  async (_kind, resource, edit) => {
    const { fleet, yaml } = orders;
    await drill(async (n) => {
      await fleet.apply(yaml.config());
      poisoned.clear();
      await fleet.underLoad(async (more) => {
        const logged = fleet.control.logs().length;
        await fleet.publish(yaml.config(edit(yaml, n)));
        const told = await eventually(() => nackLine(fleet.control.logs().slice(logged)), { what: 'the refusal' });
        expect(told).toMatchObject({ resources: [expect.stringContaining(resource)], source: expect.stringMatching(/gateway\.yaml:\d+/) });
        await more(10);
        expect(poisoned.size).toBe(1);
        expect(await answering()).toEqual(['a', 'a', 'a']);
        await fleet.join('newcomer', { alter: poison('newcomer') });
        expect(await answering()).toEqual(['a', 'a', 'a', 'a']);
        // The same content again is still not offered to anyone.
        await fleet.saveText(`# again\n${fleet.text()}`);
        await more(10);
        expect(poisoned.size).toBe(1);
        await fleet.apply(yaml.config({ routes: yaml.routes('[orders-b]', '[orders-g2]') }));
        expect(await answering()).toEqual(['b', 'b', 'b', 'b']);
      });
      await fleet.leave('newcomer');
    });
  },
);

/** The first refusal in the log. */
function nackLine(log: string): unknown {
  const line = log.split('\n').find((text) => text.includes('"xds.nack"'));
  return line === undefined ? undefined : (JSON.parse(line) as unknown);
}

test('a proxy that stands still holds up no other, and takes what it missed when it goes on (D6, D13, B63)', async () => {
  const { fleet, yaml } = orders;
  const [moving, stopped] = [['east', 'west'], 'north'];
  await drill(async () => {
    await fleet.apply(yaml.config());
    await fleet.underLoad(async (more) => {
      fleet.proxy(stopped).envoy.pause();
      try {
        const begun = performance.now();
        for (const web of ['a', 'b'] as const) {
          const services = `${yaml.service(`moved-${web}`, web)}\n${yaml.service('rpc', 'g2')}`;
          await fleet.publish(yaml.config({ services, routes: yaml.routes(`[moved-${web}]`, '[rpc]') }));
          await fleet.live(moving);
        }
        // A wave waits 2 seconds for a node that does not answer; whoever waited for the clock would wait 10, twice.
        expect(performance.now() - begun).toBeLessThan(10_000);
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
