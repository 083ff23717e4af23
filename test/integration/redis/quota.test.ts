// Two instances divide one budget over a real Redis (ratelimit R703-R706, R1010): by a clock of the test's own, so that minutes pass in seconds.
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { LimitRate } from '../../../src/ratelimit/limit-table.ts';
import { loadScripts } from '../../../src/ratelimit/redis/redis-scripts.ts';
import type { ClientOptions } from '../../../src/ratelimit/redis/redis-settings.ts';
import type { CounterStore } from '../../../src/ratelimit/store.ts';
import { YEAR_US } from '../../contract/ratelimit-store-contract.ts';
import { type RedisServer, startRedis } from '../../support/redis-server.ts';
import { startStore, type TestStore } from '../../support/redis-store.ts';
import { Fleet, type FleetOptions } from '../../unit/ratelimit/quota/simulated-fleet.ts';

const SECOND: LimitRate = { limit: 2_000, algorithm: 'bucket', periodUs: 1_000_000, burst: 2_000 };
/** The test does not cross its end. */
const YEAR: LimitRate = { limit: 30_000, algorithm: 'fixed', periodUs: YEAR_US, burst: 30_000 };
const GRACE_MS = 2_000;
const { ledger } = loadScripts();
const stores: TestStore[] = [];
let server: RedisServer;
let nowMs: () => number = Date.now;

beforeAll(async () => {
  server = await startRedis();
});
afterEach(async () => {
  for (const { store } of stores.splice(0)) await store.close();
  await server.client.flushall();
});
afterAll(async () => {
  await server?.stop();
});

/** To the ledger's script it is the fleet's time; everything else is as it is. */
function connect(options: ClientOptions): Redis {
  const redis = new Redis(options);
  const pipeline = redis.pipeline.bind(redis);
  redis.pipeline = ((commands: unknown[][]) =>
    pipeline(commands.map((command) => (command[1] === ledger.sha ? ['eval', atTime(nowMs()), ...command.slice(2)] : command)))) as never;
  return redis;
}

function atTime(ms: number): string {
  const text = ledger.text.replace("redis.call('TIME')", () => `{ '${Math.floor(ms / 1_000)}', '${(ms % 1_000) * 1_000}' }`);
  expect(text).not.toBe(ledger.text);
  return text;
}

async function fleetOf(options: Pick<FleetOptions, 'rate' | 'terms'>): Promise<Fleet> {
  const place = { endpoint: { kind: 'single', host: '127.0.0.1', port: server.port } } as const;
  const opened = [await startStore(place, { connect, timeoutMs: 20_000 }), await startStore(place, { connect, timeoutMs: 20_000 })];
  stores.push(...opened);
  let seed = 29;
  const random = (): number => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return seed / 2 ** 32;
  };
  return new Fleet({
    ...options,
    allocators: 2,
    random,
    stores: (clock) => {
      nowMs = clock;
      const asked = new Set<Promise<unknown>>();
      const settle = async (): Promise<void> => {
        while (asked.size > 0) {
          await Promise.all(asked);
          await new Promise((resolve) => setImmediate(resolve));
        }
      };
      return { all: opened.map(({ store }) => awaited(store, asked)), settle };
    },
  });
}

function awaited(store: CounterStore, asked: Set<Promise<unknown>>): CounterStore {
  return new Proxy(store, {
    get: (target, key) => {
      const value: unknown = Reflect.get(target, key);
      if (typeof value !== 'function') return value;
      return (...parts: readonly unknown[]): unknown => {
        const answer: unknown = Reflect.apply(value, target, parts);
        if (!(answer instanceof Promise)) return answer;
        const ended: Promise<boolean> = answer.then(
          () => asked.delete(ended),
          () => asked.delete(ended),
        );
        asked.add(ended);
        return answer;
      };
    },
  });
}

/** What is withheld from others now, as Redis has it. */
async function held(): Promise<{ readonly share: number; readonly burst: number; readonly holders: number }> {
  const [name = ''] = await server.client.keys('crl:q:*');
  const entries = Object.values(await server.client.hgetall(name)).map((text) => text.split(':').map(Number));
  const sum = { share: 0, burst: 0, holders: 0 };
  for (const [share = 0, burst = 0, heldShare = 0, heldBurst = 0, heldUntil = 0, until = 0] of entries) {
    if (nowMs() >= until + GRACE_MS) continue;
    const isOver = heldUntil > 0 && nowMs() >= heldUntil + GRACE_MS;
    sum.share += isOver ? share : heldShare;
    sum.burst += isOver ? burst : heldBurst;
    sum.holders += 1;
  }
  return sum;
}

describe('two instances that divide one budget over one Redis', () => {
  it('never give out more than the limit together, go on when one of them is killed, and give back what was its own (R703, R705, R1010)', async () => {
    const fleet = await fleetOf({ rate: SECOND, terms: { reserve: 0.05 } });
    const clients = [900, 300, 50, 1_200, 700, 10].map((perSecond, at) => fleet.add(perSecond, at % 2));
    const isWithin = async (): Promise<void> => {
      const [{ perSecond, burst }, inRedis] = [fleet.live, await held()];
      expect(Math.max(perSecond, inRedis.share)).toBeLessThanOrEqual(2_000);
      expect(Math.max(burst, inRedis.burst)).toBeLessThanOrEqual(2_000);
    };
    await fleet.run(30, isWithin);
    expect(fleet.live.perSecond).toBeGreaterThan(1_800);
    expect(await held()).toMatchObject({ holders: 6 });
    for (const { store } of stores) expect(await store.heartbeat()).toBe(2);

    // Its proxies come to the other one, which knows nothing of them but what the ledger says.
    fleet.lose(0, 1);
    const [greedy] = clients;
    await fleet.run(15, isWithin);
    if (greedy !== undefined) greedy.perSecond = 100;
    await fleet.run(30, isWithin);
    expect(fleet.live.perSecond).toBeGreaterThan(1_800);
    expect(await held()).toMatchObject({ holders: 6 });

    for (const client of clients.slice(1)) client.kill();
    if (greedy !== undefined) greedy.perSecond = 3_000;
    await fleet.run(35, isWithin);
    expect(greedy?.assignment?.share).toBeGreaterThan(1_850);
    const replaced = clients.reduce((sum, client) => sum + client.replaced, 0);
    expect(fleet.passed).toBeLessThanOrEqual(2_000 * 110 + 2_000 + replaced * 2_000);
  }, 60_000);

  it('never let more pass of one window than it has, and nearly all of it, also where one of them is killed (R706, R1010)', async () => {
    const fleet = await fleetOf({ rate: YEAR, terms: { reserve: 0, peakPerSecond: 2_000 } });
    for (const [at, perSecond] of [400, 100, 300, 200].entries()) fleet.add(perSecond, at % 2);
    await fleet.run(40, () => expect(fleet.passed).toBeLessThanOrEqual(30_000));
    fleet.lose(1, 0);
    await fleet.run(240, () => expect(fleet.passed).toBeLessThanOrEqual(30_000));
    expect(fleet.passed).toBeGreaterThan(24_000);
  }, 60_000);
});
