// A revision that answers 5xx on the one Envoy that has it, by what that Envoy itself reports (D14, R28, R29).
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { type OrdersFleet, startOrdersFleet } from '../support/orders-fleet.ts';

let orders: OrdersFleet;
beforeAll(async () => {
  orders = await startOrdersFleet({ loadReportIntervalMs: 500, proxies: { east: {}, west: {}, north: { variant: 'sotw' } } });
});
afterAll(() => orders?.stop());

const answers = (): Promise<readonly number[]> =>
  Promise.all([...orders.fleet.proxies.keys()].map(async (proxy) => (await orders.fleet.send({ proxy, path: '/orders' })).status));

test('is withdrawn, and only that Envoy ever had it; status tells the load of each service (D14, R29)', async () => {
  const { fleet, yaml, upstreams } = orders;
  const watched = (config: string): string => `rollout: {soak: 60s, abortOn: {error5xx: 50%}}\n${config}`;
  upstreams.a.reply = () => ({ status: 200 });
  upstreams.b.reply = () => ({ status: 500 });
  await fleet.publish(watched(yaml.config({ routes: yaml.routes('[orders-b]') })));
  let most = 0;
  await eventually(
    async () => {
      const failing = (await answers()).filter((code) => code === 500).length;
      most = Math.max(most, failing);
      return fleet.control.logs().includes('rollout.withdrawn') || fleet.control.logs().includes('were 5xx');
    },
    { what: 'the withdrawal', timeoutMs: 30_000 },
  );
  expect(most).toBe(1);
  await eventually(async () => (await answers()).every((code) => code === 200), { what: 'the good revision everywhere' });
  expect(fleet.control.logs()).toMatch(/% of \d+ answers were 5xx/);
  await eventually(
    async () => {
      await answers();
      return JSON.stringify(await fleet.control.api('/api/v1/gateways')).includes('"service/orders-a":{"requestsPerSecond"');
    },
    { what: 'the load in the API' },
  ).catch(async (error: unknown) => {
    throw new Error(`${String(error)}\n${JSON.stringify(await fleet.control.api('/api/v1/gateways')).slice(0, 3_000)}`);
  });
});
