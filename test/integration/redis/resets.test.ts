// What workers remember of a counter that somebody else has set back or that Redis has lost: nothing of it may let more pass than the limit says.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadScripts } from '../../../src/ratelimit/redis/redis-scripts.ts';
import type { CounterUse } from '../../../src/ratelimit/store.ts';
import { use, YEAR_US, yearly } from '../../contract/ratelimit-store-contract.ts';
import { eventually } from '../../support/eventually.ts';
import { type RedisServer, startRedis } from '../../support/redis-server.ts';
import { startStore, type TestStore } from '../../support/redis-store.ts';
import { limitOf } from '../../unit/ratelimit/store-limit.ts';

const NEVER = { deadlineMs: Number.POSITIVE_INFINITY };
let server: RedisServer;
let one: TestStore;
let other: TestStore;

beforeAll(async () => {
  server = await startRedis();
  one = await startStore({ endpoint: { kind: 'single', host: '127.0.0.1', port: server.port } });
  other = await startStore({ endpoint: { kind: 'single', host: '127.0.0.1', port: server.port } });
  for (const { store } of [one, other]) await store.heartbeat();
});
afterAll(async () => {
  await one?.store.close();
  await other?.store.close();
  await server?.stop();
});

async function passing({ store }: TestStore, asked: CounterUse, times: number): Promise<number> {
  let passed = 0;
  for (let hit = 0; hit < times; hit += 1) if (!(await store.take([asked], NEVER)).isOver) passed += 1;
  return passed;
}

/** What is published is heard in order. */
async function isHeard(target: CounterUse): Promise<void> {
  const before = one.told.changed.length;
  await other.store.announce(target);
  await eventually(() => one.told.changed.slice(before).includes(target.key.text), { what: 'the news' });
}

describe('a counter that another worker set back', () => {
  it('leaves nothing of what was taken of it in advance (ratelimit R506, R811)', async () => {
    const plain = use(limitOf({ id: 'leased', limit: 200, periodUs: YEAR_US }));
    const leased = { ...plain, limit: { ...plain.limit, lease: { max: 50, ttlMs: 1_000 } } };
    await eventually(async () => (await one.store.take([leased], NEVER)).source === 'lease', { what: 'a lease', intervalMs: 2 });
    await other.store.reset(leased);
    await isHeard(leased);
    expect(await passing(other, plain, 30)).toBe(30);
    expect((await one.store.take([leased], NEVER)).source).toBe('store');
    // Nothing is given back of it later: then more than the limit would pass.
    await eventually(async () => (await other.store.read(leased)).used === 31, { what: 'leases that are at an end', timeoutMs: 10_000 });
  });

  it('is not thought to be all its own by a worker that has to count alone (ratelimit R803)', async () => {
    const known = use(yearly('fixed', 100));
    expect(await passing(one, known, 90)).toBe(90);
    await other.store.reset(known);
    await isHeard(known);
    expect(await passing(other, known, 9)).toBe(9);
    expect(await passing(one, known, 1)).toBe(1);
    expect(one.store.placeOf(known).localPart.hits).toBe(12);
  });
});

it('a counter that was changed and then lost has an end all the same (ratelimit R504)', async () => {
  const counted = use(yearly('fixed', 1_000));
  await one.store.take([counted], NEVER);
  await isHeard(counted);
  const { name } = one.store.placeOf(counted);
  await server.client.del(name);
  await one.store.take([counted], NEVER);
  await eventually(async () => (await server.client.pttl(name)) > 0, { what: 'an end' });
});

it('a ledger of more proxies than Lua takes arguments, all gone at once, is cleared and goes on (ratelimit R703)', async () => {
  const gone = Array.from({ length: 9_000 }, (_, at) => [`h${at}`, '1:1:1:1:0:1:5']).flat();
  await server.client.hset('crl:q:{many}', ...gone);
  const { ledger } = loadScripts();
  const answer = await server.client.eval(ledger.text, 1, 'crl:q:{many}', 'new', 100, 10, 100, 10, 7, 20_000, 0);
  expect(answer).toEqual([100, 10, 0, 0, 'new', 100, 10, '7']);
  expect(await server.client.hlen('crl:q:{many}')).toBe(1);
});
