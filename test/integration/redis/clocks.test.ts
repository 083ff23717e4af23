// Whose time it is (ratelimit R404, R1008): Redis', whatever the clocks of instances say, also where it is set while they count.
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ClientOptions } from '../../../src/ratelimit/redis/redis-settings.ts';
import { StoreClock } from '../../../src/ratelimit/store/store-clock.ts';
import type { Algorithm, CounterUse } from '../../../src/ratelimit/store.ts';
import { use, YEAR_US } from '../../contract/ratelimit-store-contract.ts';
import { eventually } from '../../support/eventually.ts';
import { type RedisServer, startRedis } from '../../support/redis-server.ts';
import { startStore, type TestStore } from '../../support/redis-store.ts';
import { limitOf } from '../../unit/ratelimit/store-limit.ts';

const NEVER = { deadlineMs: Number.POSITIVE_INFINITY };
/** No test crosses the end of such a window by itself. */
const YEAR_S = YEAR_US / 1e6;
let server: RedisServer;
const stores: TestStore[] = [];

beforeAll(async () => {
  server = await startRedis();
});
afterEach(async () => {
  for (const { store } of stores.splice(0)) await store.close();
});
afterAll(async () => {
  await server.stop();
});

async function opened(options: Parameters<typeof startStore>[1]): Promise<TestStore> {
  const tested = await startStore({ endpoint: { kind: 'single', host: '127.0.0.1', port: server.port } }, options);
  stores.push(tested);
  return tested;
}
const clockOff = (years: number): StoreClock =>
  new StoreClock({ wallMs: () => Date.now() + years * YEAR_S * 1000, monotonicMs: () => performance.now() + Math.abs(years) * 1e6 });
const remaining = async ({ store }: TestStore, one: CounterUse): Promise<number | undefined> =>
  (await store.take([one], NEVER)).outcomes[0]?.remaining;

/** Clients to which Redis seems to live so many seconds later; what they count by themselves is not touched. */
function lateClients(): { readonly connect: (options: ClientOptions) => Redis; seconds: number } {
  const late = {
    seconds: 0,
    connect: (options: ClientOptions): Redis => {
      const redis = new Redis(options);
      const pipeline = redis.pipeline.bind(redis);
      redis.pipeline = ((commands: unknown[][]) => {
        const made = pipeline(commands);
        const exec = made.exec.bind(made);
        made.exec = (async () => {
          const replies = (await exec()) ?? [];
          return replies.map(([error, value], at) =>
            commands[at]?.[0] === 'time' && Array.isArray(value) ? [error, [Number(value[0]) + late.seconds, value[1]]] : [error, value],
          );
        }) as typeof made.exec;
        return made;
      }) as typeof redis.pipeline;
      return redis;
    },
  };
  return late;
}

describe('the clock of counters', () => {
  it.each<Algorithm>(['fixed', 'sliding', 'slidingExact', 'bucket'])(
    "%s: instances whose clocks are years apart count together, by Redis' clock (R404)",
    async (algorithm) => {
      const [early, right, late] = [await opened({ clock: clockOff(-2) }), await opened({}), await opened({ clock: clockOff(3) })];
      const one = use(limitOf({ id: algorithm, algorithm, limit: 6, burst: 6, periodUs: YEAR_US }));
      const left: (number | undefined)[] = [];
      for (const tested of [early, right, late, early, right, late]) left.push(await remaining(tested, one));
      expect(left).toEqual([5, 4, 3, 2, 1, 0]);
      expect(await Promise.all([early, right, late].map(async ({ store }) => (await store.take([one], NEVER)).isOver))).toEqual([
        true,
        true,
        true,
      ]);
    },
  );

  it('that is set forward begins new windows at once, set back goes on in those it left: each is told (R404)', async () => {
    const clients = lateClients();
    const tested = await opened({ connect: clients.connect });
    const one = use(limitOf({ id: 'set', limit: 10, periodUs: YEAR_US }));
    expect([await remaining(tested, one), await remaining(tested, one)]).toEqual([9, 8]);
    clients.seconds = YEAR_S;
    await eventually(() => tested.told.jumps >= 1, { what: 'the jump forward', timeoutMs: 25_000 });
    expect(await remaining(tested, one)).toBe(9);
    clients.seconds = 0;
    await eventually(() => tested.told.jumps >= 2, { what: 'the jump back', timeoutMs: 25_000 });
    expect(await remaining(tested, one)).toBe(7);
    const ttls = await Promise.all((await server.client.keys('crl:f:*')).map((key) => server.client.pttl(key)));
    expect(Math.min(...ttls)).toBeGreaterThan(0);
  });
});
