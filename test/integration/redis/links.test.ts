// Links and servers that fail in ways that are not plain to see (ratelimit R1007, R1008): half open, half dead, forgetful, or forbidding.
import { Redis } from 'ioredis';
import { afterEach, describe, expect, it } from 'vitest';
import { keySlot, SLOTS } from '../../../src/ratelimit/redis/key-slot.ts';
import type { ClientOptions } from '../../../src/ratelimit/redis/redis-settings.ts';
import type { CounterKey } from '../../../src/ratelimit/store/counter-key.ts';
import type { CounterUse, TakeAnswer } from '../../../src/ratelimit/store.ts';
import { randomKey, use, YEAR_US, yearly } from '../../contract/ratelimit-store-contract.ts';
import { eventually } from '../../support/eventually.ts';
import { type RedisServer, type RedisServerOptions, startCluster, startRedis } from '../../support/redis-server.ts';
import { becomesReady, startStore, type TestStore } from '../../support/redis-store.ts';
import { startTcpProxy, type TcpProxy } from '../../support/tcp-proxy.ts';
import { limitOf } from '../../unit/ratelimit/store-limit.ts';

const at = (port: number) => ({ endpoint: { kind: 'single', host: '127.0.0.1', port } }) as const;
const NEVER = { deadlineMs: Number.POSITIVE_INFINITY };
const ends: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function redis(options: RedisServerOptions = {}): Promise<RedisServer> {
  const server = await startRedis(options);
  ends.push(() => server.stop());
  return server;
}
async function proxied(server: RedisServer): Promise<TcpProxy> {
  const proxy = await startTcpProxy(server.port);
  ends.push(() => proxy.stop());
  return proxy;
}
async function opened(...args: Parameters<typeof startStore>): Promise<TestStore> {
  const tested = await startStore(...args);
  ends.push(() => tested.store.close());
  return tested;
}
const takeFrom = async ({ store }: TestStore, ...uses: readonly CounterUse[]): Promise<TakeAnswer> => store.take(uses, NEVER);

describe('a link that is half open', () => {
  it('is found out without a request, and given up: the first one afterwards is decided at once (ratelimit R1007)', async () => {
    const proxy = await proxied(await redis());
    const tested = await opened(at(proxy.port));
    proxy.freeze();
    await eventually(() => !tested.store.readiness().isReady, { what: 'the end of the silent link' });
    proxy.drop();
    proxy.thaw();
    await becomesReady(tested.store);
    expect((await takeFrom(tested, use(yearly('fixed', 5)))).source).toBe('store');
  });

  it('that was opened while nobody answers is given up too, and nothing waits without end', async () => {
    const server = await redis();
    const proxy = await proxied(server);
    proxy.freeze();
    const tested = await opened(at(proxy.port), { isReady: false });
    await eventually(() => proxy.accepted() >= 2, { what: 'the first links' });
    proxy.drop();
    proxy.thaw();
    await becomesReady(tested.store);
    expect((await takeFrom(tested, use(yearly('fixed', 5)))).source).toBe('store');
  });

  it('of those that tell of resets: what is remembered of denials is believed for a second only (ratelimit R505)', async () => {
    const server = await redis();
    const proxy = await proxied(server);
    const [cut, other] = [await opened(at(proxy.port)), await opened(at(server.port))];
    const one = use(yearly('fixed', 1));
    await takeFrom(cut, one);
    await eventually(async () => (await takeFrom(cut, one)).source === 'cache');
    proxy.freeze();
    await other.store.reset(one);
    proxy.drop();
    proxy.thaw();
    await eventually(async () => !(await takeFrom(cut, one)).isOver, { what: 'the reset that was not heard of' });
  });
});

describe('while Redis is away', () => {
  it('no queue grows, whatever is asked: what waits is bounded, and is let go though nobody ever answers (ratelimit R802, R804, R807)', async () => {
    const proxy = await proxied(await redis());
    const clients: Redis[] = [];
    const connect = (options: ClientOptions): Redis => {
      const client = new Redis(options);
      clients.push(client);
      return client;
    };
    const tested = await opened(at(proxy.port), { connect, timeoutMs: 100 });
    // Not part of its types; what it holds is what is to be known.
    const queued = (): number =>
      clients.reduce((sum, client) => {
        const { commandQueue, offlineQueue } = client as unknown as { commandQueue: { length: number }; offlineQueue: { length: number } };
        return sum + commandQueue.length + offlineQueue.length;
      }, 0);
    const limit = limitOf({
      id: 'away',
      algorithm: 'bucket',
      limit: 1_000_000,
      burst: 1_000_000,
      periodUs: YEAR_US,
      onStoreFailure: 'allow',
    });
    proxy.freeze();
    const answers: Promise<TakeAnswer>[] = [];
    for (let key = 0; key < 25_000; key += 1) answers.push(takeFrom(tested, use(limit)));
    const sources = await Promise.all(answers);
    expect(sources.filter(({ failure }) => failure === 'shed')).toHaveLength(5_000);
    expect(queued()).toBeLessThanOrEqual(20_000 + 100);
    // A few batches more open the breaker, or the link is given up: from then on nothing but probes is sent.
    await eventually(async () => ['breaker', 'unavailable'].includes((await takeFrom(tested, use(limit))).failure ?? ''));
    const before = queued();
    for (let round = 0; round < 20; round += 1) {
      for (const tries of [take, give]) for (let hit = 0; hit < 500; hit += 1) tries(tested, use(limit));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(queued()).toBeLessThanOrEqual(before + 20);
    await eventually(() => queued() < 20, { what: 'the end of what nobody answers' });
    expect(tested.told.breaker.length).toBeLessThanOrEqual(1);
  });
});

describe('hits whose answer was lost', () => {
  it.each(['local', 'allow', 'deny'] as const)(
    '%s: are counted once, though Redis comes back (ratelimit R802, R805)',
    async (onStoreFailure) => {
      const server = await redis();
      const proxy = await proxied(server);
      const tested = await opened(at(proxy.port));
      const one = use(limitOf({ id: 'lost', limit: 100, periodUs: YEAR_US, onStoreFailure }));
      await takeFrom(tested, one);
      proxy.cutReplyAfter(2);
      expect(await takeFrom(tested, one)).toMatchObject({ failure: 'lost', isOver: onStoreFailure === 'deny' });
      await becomesReady(tested.store);
      await eventually(async () => (await takeFrom(tested, { ...one, hits: 0 })).source === 'store');
      await takeFrom(tested, one);
      expect((await tested.store.read(one)).used).toBe(3);
      expect(tested.told.reconciled).toBe(0);
    },
  );
});

describe('a Redis that answers and refuses', () => {
  const FEW = ['~crl:*', '&crl:*', '-@all', '+@read', '+@connection', '+time', '+info', '+@scripting'];

  it('for want of rights is no store, says which right, and is one as soon as it is given (ratelimit R1008)', async () => {
    const server = await redis();
    // Somebody must be left who may give rights.
    await server.client.call('ACL', 'SETUSER', 'owner', 'on', 'nopass', '+@all', '~*', '&*');
    await server.client.call('AUTH', 'owner', 'any');
    const owner = server.client;
    await owner.call('ACL', 'SETUSER', 'default', 'resetkeys', 'resetchannels', ...FEW);
    const tested = await opened(at(server.port), { isReady: false });
    await eventually(() => expect(tested.store.readiness()).toMatchObject({ reason: expect.stringMatching(/NOPERM.*'set'/) }));
    expect(tested.store.take([use(yearly('fixed', 1))], NEVER)).toMatchObject({ failure: 'unavailable' });
    expect(tested.told.errors).toContain('NOPERM');
    expect(tested.told.breaker).toEqual([]);
    await owner.call('ACL', 'SETUSER', 'default', '+@write', '+@pubsub');
    await becomesReady(tested.store);
    expect((await takeFrom(tested, use(yearly('bucket', 5)))).source).toBe('store');
  });

  it('whatever is written stays away until it takes it again: one change of state each way (ratelimit R804)', async () => {
    const server = await redis();
    const tested = await opened(at(server.port));
    const one = use(limitOf({ id: 'full', limit: 100, periodUs: YEAR_US, onStoreFailure: 'deny' }));
    await server.client.config('SET', 'maxmemory', '1');
    await eventually(async () => (await takeFrom(tested, one)).failure === 'breaker');
    // Several probes have their turn: Redis answers them, and refuses.
    const { length } = tested.told.errors;
    await eventually(() => tested.told.errors.length >= length + 3, { what: 'probes' });
    expect(tested.told.breaker).toEqual([true]);
    await server.client.config('SET', 'maxmemory', '0');
    await eventually(async () => (await takeFrom(tested, one)).source === 'store');
    expect(tested.told.breaker).toEqual([true, false]);
  });

  it('with a password that is wrong: the reason is told, the password is not', async () => {
    const server = await redis({ password: 'the-right-one' });
    const tested = await opened(at(server.port), { isReady: false });
    await eventually(() => expect(tested.store.readiness()).toMatchObject({ reason: expect.stringContaining('NOAUTH') }));
    expect(tested.told.errors).toContain('NOAUTH');
  });
});

describe('a Redis that was flushed', () => {
  it('is found out: denials that were remembered end, and every worker counts anew (ratelimit R806)', async () => {
    const server = await redis();
    const stores = [await opened(at(server.port)), await opened(at(server.port))];
    const one = use(yearly('fixed', 1));
    for (const tested of stores) await takeFrom(tested, one);
    for (const tested of stores) expect((await takeFrom(tested, one)).isOver).toBe(true);
    await server.client.flushall();
    await eventually(async () => (await Promise.all(stores.map((tested) => takeFrom(tested, one)))).some(({ isOver }) => !isOver), {
      what: 'a hit that passes again',
    });
    expect((await Promise.all(stores.map((tested) => takeFrom(tested, one)))).every(({ isOver }) => isOver)).toBe(true);
  });
});

describe('a Cluster of which one node is silent', () => {
  it('decides exactly on the others, does not wait for that one, and asks it again when it is back (ratelimit R804)', async () => {
    const { nodes, stop } = await startCluster();
    ends.push(stop);
    const tested = await opened(
      { endpoint: { kind: 'cluster', hosts: nodes.map(({ port }) => ({ host: '127.0.0.1', port })) } },
      { timeoutMs: 200 },
    );
    const [dead, ...alive] = [0, 1, 2].map((node) => use(yearly('fixed', 10_000), { key: keyOn(node) }));
    if (dead === undefined) throw new Error('no use');
    nodes[0]?.child.signal('SIGSTOP');
    await eventually(async () => (await takeFrom(tested, dead)).failure === 'breaker', { what: 'its breaker' });
    for (let hit = 0; hit < 60; hit += 1) {
      expect(tested.store.take([dead], NEVER)).toMatchObject({ failure: expect.stringMatching(/breaker|unavailable/) });
      for (const one of alive) expect(await takeFrom(tested, one)).toMatchObject({ source: 'store', isOver: false });
    }
    expect((await takeFrom(tested, dead, ...alive)).source).toBe('failure');
    nodes[0]?.child.signal('SIGCONT');
    await eventually(async () => (await takeFrom(tested, dead)).source === 'store', { what: 'the node that is back', timeoutMs: 15_000 });
    expect(tested.told.breaker).toEqual([true, false]);
    // What was let pass meanwhile by this worker's share is counted too, once, also where only another node was silent.
    await eventually(async () =>
      expect(await Promise.all(alive.map(async (one) => (await tested.store.read(one)).used))).toEqual([61, 61]),
    );
  });
});

function take({ store }: TestStore, one: CounterUse): void {
  void store.take([one], NEVER);
}
function give({ store }: TestStore, one: CounterUse): void {
  store.give([one]);
}

/** A key that the node with this number keeps: `startCluster` gives slots in equal parts. */
function keyOn(node: number): CounterKey {
  for (;;) {
    const key = randomKey();
    if (Math.floor((keySlot(key.text) * 3) / SLOTS) === node) return key;
  }
}
