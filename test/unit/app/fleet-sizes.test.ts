// How many proxies a limit is divided over (ratelimit R213): never fewer than there may be.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FleetSizes, LEAVING_MS, RETURN_MS } from '../../../src/app/fleet-sizes.ts';

const of = (id: string, cluster = 'edge') => ({ cluster, id });

describe('the number of proxies', () => {
  it('counts one that left for a moment longer, and one that is back only once', () => {
    const sizes = new FleetSizes();
    expect(sizes.size('edge', 0)).toBe(1);
    for (const id of ['a', 'b', 'c']) sizes.connected(of(id));
    sizes.gone(of('b'), 1_000);
    expect(sizes.size('edge', 1_000)).toBe(3);
    expect(sizes.nextDeadlineMs(1_000)).toBe(1_000 + LEAVING_MS);
    sizes.connected(of('b'));
    expect(sizes.nextDeadlineMs(1_000)).toBeUndefined();
    sizes.gone(of('c'), 2_000);
    expect(sizes.size('edge', 2_000 + LEAVING_MS)).toBe(2);
    expect([...sizes.sizes(2_000 + LEAVING_MS)]).toEqual([['edge', 2]]);
  });

  it('after a start is that of the run before until its proxies had time to come back', () => {
    const sizes = new FleetSizes();
    sizes.restore(new Map([['edge', 5]]), 100);
    sizes.connected(of('a'));
    expect(sizes.size('edge', 200)).toBe(5);
    expect(sizes.nextDeadlineMs(200)).toBe(100 + RETURN_MS);
    expect(sizes.size('edge', 100 + RETURN_MS)).toBe(1);
    for (const id of ['b', 'c', 'd', 'e', 'f']) sizes.connected(of(id));
    expect(sizes.size('edge', 200)).toBe(6);
  });

  it('keeps nothing of a gateway without proxies, and mixes no two', () => {
    const sizes = new FleetSizes();
    sizes.connected(of('a'));
    sizes.connected(of('a', 'other'));
    sizes.gone(of('a', 'other'), 0);
    sizes.gone(of('never'), 0);
    expect([...sizes.sizes(LEAVING_MS)]).toEqual([['edge', 1]]);
  });

  it('is never below those that are connected, nor above all that were here lately', () => {
    const step = fc.record({ id: fc.constantFrom('a', 'b', 'c', 'd'), isHere: fc.boolean(), passMs: fc.nat({ max: LEAVING_MS }) });
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const sizes = new FleetSizes();
        const here = new Set<string>();
        const seen = new Map<string, number>();
        let nowMs = 0;
        for (const { id, isHere, passMs } of steps) {
          nowMs += passMs;
          for (const each of here) seen.set(each, nowMs);
          if (isHere) sizes.connected(of(id));
          else sizes.gone(of(id), nowMs);
          if (isHere) here.add(id);
          else here.delete(id);
          const lately = [...seen].filter(([each, atMs]) => !here.has(each) && nowMs < atMs + LEAVING_MS).length;
          expect(sizes.size('edge', nowMs)).toBe(Math.max(1, here.size + lately));
        }
      }),
    );
  });
});
