import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LimitRate } from '../../../../src/ratelimit/limit-table.ts';
import { Fleet } from './simulated-fleet.ts';

const SECOND: LimitRate = { limit: 2_000, algorithm: 'bucket', periodUs: 1_000_000, burst: 2_000 };
const HOUR: LimitRate = { limit: 100_000, algorithm: 'fixed', periodUs: 3_600_000_000, burst: 100_000 };
const TERMS = { reserve: 0.05 };

/** Fair shares of what is wanted, in tokens a second: what is used, and a quarter more. */
function fair(used: readonly number[], total: number): readonly number[] {
  const demands = used.map((demand) => demand * 1.25);
  let low = 0;
  let high = total;
  const given = (level: number): number => demands.reduce((sum, demand) => sum + Math.min(demand, level), 0);
  if (given(high) <= total) return demands;
  for (let round = 0; round < 60; round += 1) {
    const middle = (low + high) / 2;
    if (given(middle) > total) high = middle;
    else low = middle;
  }
  return demands.map((demand) => Math.min(demand, low));
}

function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

describe('a limit divided over a simulated fleet', () => {
  it('never adds up to more than the limit, at any proxy, whatever comes, goes, is cut or delayed (R703, R1010)', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.integer({ min: 1, max: 200 }), fc.constantFrom(1, 2), async (seed, most, allocators) => {
        const random = randomOf(seed);
        const fleet = new Fleet({ rate: SECOND, terms: TERMS, allocators, random, latencyMs: 900 });
        const check = (): void => {
          const { perSecond, burst } = fleet.live;
          expect(perSecond).toBeLessThanOrEqual(2_000);
          expect(burst).toBeLessThanOrEqual(2_000);
        };
        for (let turn = 0; turn < 12; turn += 1) {
          while (fleet.clients.length < (most * (turn + 1)) / 6 && fleet.clients.length < most) fleet.add(random() * 200);
          for (const client of fleet.clients) {
            const chance = random();
            if (chance < 0.03) client.kill();
            else if (chance < 0.1) client.cut(Math.floor(random() * allocators));
            else if (chance < 0.4) client.perSecond = random() < 0.3 ? 0 : random() * 400;
          }
          await fleet.run(5, check);
        }
        expect(fleet.mostHeldShare).toBeLessThanOrEqual(2_000);
        expect(fleet.mostHeldBurst).toBeLessThanOrEqual(2_000);
        const replaced = fleet.clients.reduce((sum, client) => sum + client.replaced, 0);
        expect(fleet.passed).toBeLessThanOrEqual(2_000 * 60 + 2_000 + replaced * 2_000);
      }),
      { numRuns: 8 },
    );
  }, 30_000);

  it('is fair within a tenth after three reports, and again when demand moves (R704, R1010)', async () => {
    const fleet = new Fleet({ rate: SECOND, terms: TERMS, allocators: 2, random: randomOf(7) });
    for (const demand of [50, 300, 900, 900, 900, 10]) fleet.add(demand);
    await fleet.run(5 * 5);
    const isFair = (): void => {
      const wanted = fair(
        fleet.clients.map(({ perSecond }) => perSecond),
        1_900,
      );
      for (const [place, client] of fleet.clients.entries()) {
        const has = (client.assignment?.share ?? 0) / (client.assignment?.fillSeconds ?? 1);
        expect(has, `proxy ${place}`).toBeGreaterThanOrEqual((wanted[place] ?? 0) * 0.9 - 1);
      }
    };
    isFair();
    for (const [place, demand] of [900, 10, 30, 600, 1_500, 200].entries()) {
      const client = fleet.clients[place];
      if (client !== undefined) client.perSecond = demand;
    }
    await fleet.run(6 * 5);
    isFair();
  });

  it('gives a newcomer half of the reserve at once, and its fair part within three reports (R704)', async () => {
    const fleet = new Fleet({ rate: SECOND, terms: TERMS, allocators: 1, random: randomOf(3), latencyMs: 0 });
    for (let at = 0; at < 20; at += 1) fleet.add(500);
    await fleet.run(40);
    const newcomer = fleet.add(500);
    await fleet.run(0.75);
    expect(newcomer.assignment?.share).toBeGreaterThanOrEqual(40);
    await fleet.run(25);
    expect(newcomer.assignment?.share).toBeGreaterThanOrEqual((1_900 / 21) * 0.9 - 1);
  });

  it('frees what a dead proxy had at the end of its assignment and 2 s (R703)', async () => {
    const fleet = new Fleet({ rate: SECOND, terms: TERMS, allocators: 1, random: randomOf(5), latencyMs: 0 });
    const [first, second] = [fleet.add(2_000), fleet.add(2_000)];
    await fleet.run(30);
    expect(second.assignment?.share).toBeLessThan(1_100);
    first.kill();
    await fleet.run(19);
    expect(second.assignment?.share).toBeLessThan(1_100);
    await fleet.run(9);
    expect(second.assignment?.share).toBeGreaterThan(1_800);
  });

  it('lets a proxy that was cut off go on with what it had, here and at another instance (R703, R707)', async () => {
    const fleet = new Fleet({ rate: SECOND, terms: TERMS, allocators: 2, random: randomOf(11), latencyMs: 0 });
    const [one, two] = [fleet.add(800, 0), fleet.add(800, 0)];
    await fleet.run(40);
    one.cut();
    two.cut(1);
    let least = Number.POSITIVE_INFINITY;
    await fleet.run(15, () => {
      least = Math.min(least, one.assignment?.share ?? 0, two.assignment?.share ?? 0);
      expect(fleet.live.perSecond).toBeLessThanOrEqual(2_000);
    });
    expect(least).toBeGreaterThan(700);
    await fleet.run(30);
    expect(two.assignment?.share).toBeGreaterThan(800);
  });

  it('never adds up to more than the limit where proxies of one name are cut off and come back in any order (R703)', async () => {
    for (const seed of [1, 2, 3, 4]) {
      const fleet = new Fleet({ rate: SECOND, terms: TERMS, allocators: 1, random: randomOf(seed) });
      const clients = [1_500, 40, 300, 10].map((demand) => fleet.add(demand, 0, 'uri:spiffe://example/edge'));
      await fleet.run(20);
      for (let turn = 0; turn < 4; turn += 1) {
        for (const client of clients) client.cut();
        await fleet.run(12, () => expect(fleet.live.perSecond).toBeLessThanOrEqual(2_000));
      }
      await fleet.run(15);
      expect(fleet.live.perSecond).toBeGreaterThan(1_700);
    }
  });

  it('keeps everybody at what he has while the store is away, and grows nobody (R707)', async () => {
    const fleet = new Fleet({ rate: SECOND, terms: TERMS, allocators: 1, random: randomOf(13) });
    const [one, two] = [fleet.add(100), fleet.add(3_000)];
    await fleet.run(40);
    const before = [one, two].map(({ assignment }) => assignment?.share);
    fleet.isStoreAway = true;
    one.perSecond = 3_000;
    await fleet.run(60);
    expect([one, two].map(({ assignment }) => assignment?.share)).toEqual(before);
    fleet.isStoreAway = false;
    await fleet.run(40);
    expect(one.assignment?.share).toBeGreaterThan(800);
  });

  it('forgets a bucket that was idle for a minute, and a limit that is gone (R707)', async () => {
    const fleet = new Fleet({ rate: SECOND, terms: TERMS, allocators: 1, random: randomOf(17), latencyMs: 0 });
    const client = fleet.add(100);
    await fleet.run(10);
    client.perSecond = 0;
    await fleet.run(70);
    expect(client.assignment).toBeUndefined();
    expect(fleet.allocators[0]?.counts().ratios.get('report') ?? 0).toBe(0);
    client.perSecond = 100;
    await fleet.run(10);
    expect(client.assignment?.share).toBeGreaterThan(100);
  });

  it('never lets more pass of a fixed window than it has, and nearly all of it (R706, R1010)', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.constantFrom(1, 2), async (seed, allocators) => {
        const random = randomOf(seed);
        const fleet = new Fleet({ rate: HOUR, terms: TERMS, allocators, random });
        for (let at = 0; at < 6; at += 1) fleet.add(1_000 + random() * 2_000);
        for (let turn = 0; turn < 30; turn += 1) {
          for (const client of fleet.clients) if (random() < 0.05) client.cut();
          await fleet.run(10, () => expect(fleet.passed).toBeLessThanOrEqual(100_000));
        }
        expect(fleet.passed).toBeGreaterThan(90_000);
      }),
      { numRuns: 6 },
    );
  }, 30_000);
});
