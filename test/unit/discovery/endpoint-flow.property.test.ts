import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EndpointFlow } from '../../../src/discovery/endpoint-flow.ts';
import { addressKey } from '../../../src/discovery/endpoint-set.ts';
import { anEndpointAt, hostsOf } from './endpoints.ts';

const TIMES = { drainForMs: 5_000, keepForMs: 300_000 };
const at = (...hosts: readonly number[]) => hosts.map((host) => anEndpointAt(`10.0.0.${host}:80`));

function shown(flow: EndpointFlow): { readonly active: readonly number[]; readonly draining: readonly number[] } {
  const told = flow.told?.endpoints ?? [];
  const keys = (isDraining: boolean) => hostsOf(told.filter((each) => (each.isDraining === true) === isDraining).map(addressKey));
  return { active: keys(false), draining: keys(true) };
}

describe('a removed endpoint (D12)', () => {
  test('is told DRAINING for drainFor, then goes', () => {
    const flow = new EndpointFlow();
    flow.find(at(1, 2), false);
    flow.step(0, TIMES);
    flow.find(at(1), false);
    expect(flow.step(100, TIMES)).toEqual({ isChanged: true, nextAtMs: 5_100 });
    expect(shown(flow)).toEqual({ active: [1], draining: [2] });
    expect(flow.step(5_099, TIMES).isChanged).toBe(false);
    expect(flow.step(5_100, TIMES)).toEqual({ isChanged: true });
    expect(shown(flow)).toEqual({ active: [1], draining: [] });
  });

  test('that comes back while it drains is active at once', () => {
    const flow = new EndpointFlow();
    for (const [time, hosts] of [
      [0, at(1, 2)],
      [100, at(1)],
      [200, at(1, 2)],
    ] as const) {
      flow.find(hosts, false);
      flow.step(time, TIMES);
    }
    expect(shown(flow)).toEqual({ active: [1, 2], draining: [] });
  });
});

describe('a service of which nothing is found any more (D18)', () => {
  test('keeps its last endpoints for keepLastFor, then they drain', () => {
    const flow = new EndpointFlow();
    flow.find(at(1, 2), false);
    flow.step(0, TIMES);
    flow.find([], false);
    expect(flow.step(1_000, TIMES)).toEqual({ isChanged: false, nextAtMs: 301_000 });
    expect([flow.keptSinceMs, shown(flow).active]).toEqual([1_000, [1, 2]]);
    flow.step(301_000, TIMES);
    expect([flow.keptSinceMs, shown(flow)]).toEqual([undefined, { active: [], draining: [1, 2] }]);
    flow.step(306_000, TIMES);
    expect(shown(flow)).toEqual({ active: [], draining: [] });
  });

  test('keeps nothing where somebody said so', () => {
    const flow = new EndpointFlow();
    flow.find(at(1), false);
    flow.step(0, TIMES);
    flow.find([], true);
    flow.step(1, TIMES);
    expect(shown(flow)).toEqual({ active: [], draining: [1] });
  });

  test('says nothing before anything was found, and that there is none once that is known (X53)', () => {
    const flow = new EndpointFlow();
    expect([flow.step(0, TIMES).isChanged, flow.told]).toEqual([false, undefined]);
    flow.find([], false);
    expect([flow.step(1, TIMES).isChanged, flow.told]).toEqual([true, { endpoints: [] }]);
  });
});

test('equal endpoints tell nothing, in whatever order they are found', () => {
  const flow = new EndpointFlow();
  flow.find(at(1, 2, 3), false);
  flow.step(0, TIMES);
  const { told } = flow;
  flow.find(at(3, 1, 2), false);
  expect(flow.step(1, TIMES).isChanged).toBe(false);
  expect(flow.told).toBe(told);
});

test('whatever happens: all that is found is told unless held, nothing goes undrained, and nothing stays for ever (D12, D18, D21)', () => {
  const hosts = fc.uniqueArray(fc.integer({ min: 1, max: 4 }), { maxLength: 4 });
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.integer({ min: 1, max: 40_000 }), hosts), { minLength: 1, maxLength: 60 }), (moves) => {
      const flow = new EndpointFlow();
      let now = 0;
      let last: readonly number[] = [];
      for (const [pauseMs, found] of moves) {
        now += pauseMs;
        const before = shown(flow);
        flow.find(at(...found), false);
        flow.step(now, TIMES);
        const { active, draining } = shown(flow);
        const held = hostsOf(flow.held);
        for (const host of found) expect(active.includes(host) || held.includes(host)).toBe(true);
        for (const host of before.active) expect(active.includes(host) || draining.includes(host)).toBe(true);
        last = found;
      }
      for (let next = flow.step(now, TIMES).nextAtMs; next !== undefined; next = flow.step(next, TIMES).nextAtMs) now = next;
      expect(shown(flow)).toEqual({ active: last.toSorted((a, b) => a - b), draining: [] });
      expect(flow.held).toEqual([]);
    }),
  );
});
