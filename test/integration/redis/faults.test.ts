// What happens when Redis or the way to it fails (ratelimit R1007, R1008): answers come in time and by the right mode, nothing is counted twice.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Secret } from '../../../src/lib/secret.ts';
import type { CounterUse, TakeAnswer } from '../../../src/ratelimit/store.ts';
import { use, YEAR_US, yearly } from '../../contract/ratelimit-store-contract.ts';
import { createAuthority } from '../../support/certificates.ts';
import { eventually } from '../../support/eventually.ts';
import { REDIS_RIGHTS } from '../../support/redis-rights.ts';
import { type RedisServer, startRedis } from '../../support/redis-server.ts';
import { becomesReady, startStore, type TestStore } from '../../support/redis-store.ts';
import { startTcpProxy, type TcpProxy } from '../../support/tcp-proxy.ts';
import { limitOf } from '../../unit/ratelimit/store-limit.ts';

const TIMEOUT_MS = 200;
/** A busy machine may be late by so much; who waits for Redis waits for ever. */
const SLACK_MS = 4_000;
const at = (port: number) => ({ endpoint: { kind: 'single', host: '127.0.0.1', port } }) as const;
const NEVER = { deadlineMs: Number.POSITIVE_INFINITY };

describe('a Redis that fails (ratelimit R1007)', () => {
  let server: RedisServer;
  let proxy: TcpProxy;
  let tested: TestStore;
  const take = async (...uses: readonly CounterUse[]): Promise<TakeAnswer> => tested.store.take(uses, NEVER);
  const counted = async (): Promise<number> => {
    const [name] = await server.client.keys('crl:f:*');
    return Number(await server.client.get(name ?? ''));
  };

  beforeEach(async () => {
    server = await startRedis();
    proxy = await startTcpProxy(server.port);
    tested = await startStore(at(proxy.port), { timeoutMs: TIMEOUT_MS });
  });
  afterEach(async () => {
    proxy.thaw();
    await tested.store.close();
    await proxy.stop();
    await server.stop();
  });

  it('that is silent: answers come within the timeout, by the mode of each limit, and the breaker ends the waiting (R802, R803, R804)', async () => {
    const allow = use(limitOf({ id: 'allow', onStoreFailure: 'allow', periodUs: YEAR_US }));
    const deny = use(limitOf({ id: 'deny', onStoreFailure: 'deny', periodUs: YEAR_US }));
    const local = use(limitOf({ id: 'local', limit: 3, periodUs: YEAR_US }));
    proxy.freeze();
    const startedAt = performance.now();
    const answers = await Promise.all([take(allow), take(deny), take(local)]);
    expect(performance.now() - startedAt).toBeLessThan(TIMEOUT_MS + SLACK_MS);
    expect(answers.map(({ isOver, failure }) => [isOver, failure])).toEqual([
      [false, 'timeout'],
      [true, 'timeout'],
      [false, 'timeout'],
    ]);
    for (let batch = 0; batch < 4; batch += 1) await take(allow);
    expect(tested.told.breaker).toEqual([true]);
    const open = tested.store.take([local], NEVER);
    expect(open).toMatchObject({ source: 'failure', failure: 'breaker', isOver: false });
    expect((await take(local)).outcomes[0]?.remaining).toBe(0);
    expect((await take(local)).isOver).toBe(true);
  });

  it('that comes back is used again within two seconds, and hits that passed meanwhile are counted once (R805)', async () => {
    const one = use(limitOf({ id: 'back', limit: 100, periodUs: YEAR_US }));
    await take(one);
    proxy.sever();
    await eventually(() => !tested.store.readiness().isReady, { what: 'the end of the link' });
    for (let hit = 0; hit < 8; hit += 1) expect((await take(one)).source).toBe('failure');
    proxy.restore();
    const startedAt = performance.now();
    await eventually(async () => (await take({ ...one, hits: 0 })).source === 'store', { what: 'answers from Redis' });
    expect(performance.now() - startedAt).toBeLessThan(2_000 + SLACK_MS);
    await eventually(async () => (await counted()) === 9, { what: 'hits that passed meanwhile' });
    expect(tested.told.reconciled).toBe(8);
  });

  it('that is cut off in the middle of a reply: no hit is sent twice (R408, R802)', async () => {
    const one = use(limitOf({ id: 'cut', limit: 1_000, periodUs: YEAR_US, onStoreFailure: 'allow' }));
    await take(one);
    proxy.cutReplyAfter(2);
    expect((await take(one)).source).toBe('failure');
    await becomesReady(tested.store);
    await eventually(async () => (await take({ ...one, hits: 0 })).source === 'store');
    await take(one);
    expect(await counted()).toBe(3);
    expect(proxy.requests().match(/incrby\r\n\$\d+\r\ncrl:f:/g)).toHaveLength(3);
  });

  it('that is slow: each answer is late or counted, none is both sent again (R802)', async () => {
    proxy.delay(5);
    const one = use(limitOf({ id: 'slow', limit: 1_000, periodUs: YEAR_US }));
    const answers = await Promise.all(Array.from({ length: 50 }, () => take(one)));
    expect(answers.every(({ source }) => source === 'store')).toBe(true);
    expect(await counted()).toBe(50);
  });

  it('a caller that stops waiting before is answered before, one that has stopped is not asked for (R808)', async () => {
    const one = use(yearly('bucket', 10));
    proxy.freeze();
    const nowMs = performance.now();
    const answer = await tested.store.take([one], { deadlineMs: nowMs + 40 });
    expect(answer.failure).toBe('deadline');
    const before = proxy.requests().length;
    expect(tested.store.take([one], { deadlineMs: performance.now() - 1 })).toMatchObject({ failure: 'deadline' });
    expect(proxy.requests().length).toBe(before);
  });

  it('when too many wait, the newest are not sent (R807)', async () => {
    proxy.freeze();
    const limit = limitOf({ id: 'shed', limit: 1_000_000, periodUs: YEAR_US, onStoreFailure: 'allow' });
    const one = use(limit);
    const waiting = Array.from({ length: 20_000 }, () => take(one));
    expect(tested.store.take([one], NEVER)).toMatchObject({ failure: 'shed', isOver: false });
    await Promise.all(waiting);
  });

  it('whose scripts were flushed is given them again, and whose counters were flushed counts anew, with an end to each key (R407, R504)', async () => {
    const fixed = use(yearly('fixed', 10));
    const bucket = use(yearly('bucket', 10));
    await take(fixed);
    await take(fixed);
    await server.client.script('FLUSH');
    expect((await take(bucket)).outcomes[0]?.remaining).toBe(9);
    await server.client.flushall();
    expect((await take(fixed)).outcomes[0]?.remaining).toBe(9);
    expect(tested.told.lost).toBe(1);
    await eventually(async () => {
      const keys = await server.client.keys('crl:*');
      const ttls = await Promise.all(keys.map((key) => server.client.pttl(key)));
      return keys.length > 0 && ttls.every((ttl) => ttl > 0);
    });
  });

  it('that is full refuses, and the limit says what then (R408)', async () => {
    await server.client.config('SET', 'maxmemory', '1');
    const one = use(limitOf({ id: 'oom', periodUs: YEAR_US, onStoreFailure: 'deny' }));
    expect(await take(one)).toMatchObject({ isOver: true, source: 'failure', failure: 'unavailable' });
    expect(tested.told.errors).toContain('OOM');
  });

  it('whose window slides by its own clock lets pass again when it has (R402, R404)', async () => {
    const one = use(limitOf({ id: 'clock', algorithm: 'sliding', limit: 2, periodUs: 1_000_000 }));
    expect([(await take(one)).isOver, (await take(one)).isOver, (await take(one)).isOver]).toEqual([false, false, true]);
    await eventually(async () => !(await take(one)).isOver, { what: 'a window that slides', timeoutMs: 3_000 });
  });
});

describe('several workers of one Redis', () => {
  it('hear of resets and grants at once, and share what they remember (ratelimit R505)', async () => {
    const server = await startRedis();
    const [a, b] = [await startStore(at(server.port)), await startStore(at(server.port))];
    const one = use(yearly('fixed', 1));
    await a.store.take([one], NEVER);
    expect((await a.store.take([one], NEVER)).isOver).toBe(true);
    const { commands } = a.told;
    for (let hit = 0; hit < 100; hit += 1) expect(a.store.take([one], NEVER)).toMatchObject({ isOver: true, source: 'cache' });
    expect([a.told.commands, a.told.overLimitHits]).toEqual([commands, 100]);
    await b.store.reset(one);
    await eventually(async () => !(await a.store.take([one], NEVER)).isOver, { timeoutMs: 1_000 });
    expect(await b.store.heartbeat()).toBe(2);
    await a.store.close();
    expect(await b.store.heartbeat()).toBe(1);
    await b.store.close();
    await server.stop();
  });

  it('with another secret or other time zones are not ready, and told why (ratelimit R410)', async () => {
    const server = await startRedis();
    const good = await startStore(at(server.port));
    const strange = await startStore(at(server.port), { keySecret: Buffer.from('another'), timeZones: '1970a', isReady: false });
    await eventually(() => {
      const readiness = strange.store.readiness();
      return !readiness.isReady && readiness.reason.includes('another keySecret and another version of time zone data');
    });
    expect(strange.store.take([use(yearly('fixed', 1))], NEVER)).toMatchObject({ failure: 'unavailable' });
    await good.store.close();
    await strange.store.close();
    await server.stop();
  });

  it('cut off together stay below one and a quarter of N beside what they had before (ratelimit R803)', async () => {
    const server = await startRedis();
    const stores = [
      await startStore(at(server.port)),
      await startStore(at(server.port)),
      await startStore(at(server.port)),
      await startStore(at(server.port)),
    ];
    for (const { store } of stores) await store.heartbeat();
    const known = use(limitOf({ id: 'known', limit: 100, periodUs: YEAR_US }));
    const fresh = use(limitOf({ id: 'fresh', algorithm: 'bucket', limit: 100, burst: 10, periodUs: YEAR_US }));
    const single = use(limitOf({ id: 'single', limit: 1, periodUs: YEAR_US }));
    // Each has seen the key, two of them seldom.
    for (let hit = 0; hit < 20; hit += 1) {
      for (const { store } of stores.slice(0, hit % 5 === 0 || hit === 19 ? 4 : 2)) await store.take([known], NEVER);
    }
    await server.stop();
    const passed = { known: 0, fresh: 0, single: 0 };
    for (const { store } of stores) {
      for (let hit = 0; hit < 200; hit += 1) {
        if (!(await store.take([known], NEVER)).isOver) passed.known += 1;
        if (!(await store.take([fresh], NEVER)).isOver) passed.fresh += 1;
        if (!(await store.take([single], NEVER)).isOver) passed.single += 1;
      }
    }
    expect(passed.known).toBeLessThanOrEqual(125);
    expect(passed.known).toBeGreaterThanOrEqual(90);
    expect([passed.fresh, passed.single]).toEqual([10, 1]);
    await Promise.all(stores.map(({ store }) => store.close()));
  });
});

describe('how Redis is reached (ratelimit R408, R1008)', () => {
  it('with a user that may do no more than the documented ACL allows, and a password that is rotated', async () => {
    const server = await startRedis();
    await server.client.call('ACL', 'SETUSER', 'chancery', 'on', '>old', ...REDIS_RIGHTS);
    const settings = { ...at(server.port), username: 'chancery', password: new Secret('old') };
    const { store, told } = await startStore(settings);
    const one = use(yearly('bucket', 5));
    expect((await store.take([one], NEVER)).outcomes[0]?.remaining).toBe(4);
    await store.reset(one);
    expect(
      (
        await store.ledger({
          key: one.key,
          limit: 1,
          burst: 1,
          holder: 'a',
          share: 1,
          wantedBurst: 1,
          demand: 0,
          ttlMs: 1_000,
          isConfirmed: false,
        })
      ).share,
    ).toBe(1);
    await server.client.call('ACL', 'SETUSER', 'chancery', 'resetpass', '>new');
    store.renew({ ...settings, password: new Secret('new') });
    await server.client.call('CLIENT', 'KILL', 'USER', 'chancery');
    await eventually(async () => (await store.take([one], NEVER)).source === 'store', { what: 'the new password' });
    expect(JSON.stringify(told)).not.toMatch(/"(old|new)"/);
    await store.close();
    await server.stop();
  });

  it('through TLS, and not where the name is wrong', async () => {
    const server = await startRedis();
    const authority = await createAuthority();
    const leaf = await authority.issue({ name: 'limits.internal' });
    const proxy = await startTcpProxy(server.port, { cert: leaf.cert, key: leaf.key });
    const right = await startStore({ ...at(proxy.port), tls: { ca: authority.cert, serverName: 'limits.internal' } });
    expect((await right.store.take([use(yearly('fixed', 5))], NEVER)).source).toBe('store');
    const wrong = await startStore(
      { ...at(proxy.port), tls: { ca: authority.cert, serverName: 'elsewhere.internal' } },
      { isReady: false },
    );
    await eventually(() => wrong.told.errors.includes('link'));
    expect(wrong.store.readiness().isReady).toBe(false);
    await Promise.all([right.store.close(), wrong.store.close()]);
    await proxy.stop();
    await server.stop();
  });

  it('a Redis that may evict counters is told of (ratelimit R409)', async () => {
    const server = await startRedis({ args: ['--maxmemory-policy', 'allkeys-lru'] });
    const { store, told } = await startStore(at(server.port));
    expect(told.policies).toEqual(['allkeys-lru']);
    // What was evicted counts anew, with an end, and is told.
    const one = use(yearly('fixed', 10));
    await store.take([one], NEVER);
    await store.take([one], NEVER);
    const [name = ''] = await server.client.keys('crl:f:*');
    await server.client.del(name);
    expect((await store.take([one], NEVER)).outcomes[0]?.remaining).toBe(9);
    expect(told.lost).toBe(1);
    await eventually(async () => (await server.client.pttl(name)) > 0);
    await server.client.config('SET', 'maxmemory-policy', 'noeviction');
    await eventually(() => told.policies.at(-1) === 'none', { what: 'the policy that was mended' });
    await store.close();
    await server.stop();
  });
});
