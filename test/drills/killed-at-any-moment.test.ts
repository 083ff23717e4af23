// D25: the control plane is killed (-9) at any moment of a switch from one service to another, and started again: no request is lost, and the
// last edit goes live.
import { setTimeout as pause } from 'node:timers/promises';
import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { type OrdersFleet, startOrdersFleet } from '../support/orders-fleet.ts';

/** RANDOM_SEED and RANDOM_RUNS repeat a failure or look further. */
const SEED = Number(process.env.RANDOM_SEED ?? 20_261_122);
const RUNS = Number(process.env.RANDOM_RUNS ?? 5);

/** After a save: how long until the kill, and how long until the start. Debounce, compile and switch take some 100 ms together. */
const moments = fc.record({
  untilKillMs: fc.integer({ min: 0, max: 200 }),
  untilStartMs: fc.integer({ min: 0, max: 300 }),
  more: fc.constantFrom('', ', healthCheck: {tcp: true, interval: 200ms, timeout: 150ms, unhealthyThreshold: 1, healthyThreshold: 1}'),
});

let orders: OrdersFleet;
afterEach(() => orders?.stop());

test(
  'no request is lost whenever the control plane is killed',
  async () => {
    orders = await startOrdersFleet({ control: 'process', proxies: { delta: {}, sotw: { variant: 'sotw' } } });
    const { fleet, yaml } = orders;
    await orders.reset();
    const reached = await fleet.underLoad(async () => {
      for (const [n, { untilKillMs, untilStartMs, more }] of fc.sample(moments, { seed: SEED, numRuns: RUNS }).entries()) {
        const [web, rpc] = n % 2 === 0 ? (['b', 'g2'] as const) : (['a', 'g1'] as const);
        const services = [yaml.service(`web-${n}`, web, more), yaml.service(`rpc-${n}`, rpc, more)].join('\n');
        await fleet.publish(yaml.config({ services, routes: yaml.routes(`[web-${n}]`, `[rpc-${n}]`) }));
        await pause(untilKillMs);
        await fleet.control.kill();
        await pause(untilStartMs);
        await fleet.restart();
        await fleet.live();
      }
    });
    expect(reached).toBe('a,b,g1,g2');
  },
  60_000 + RUNS * 20_000,
);
