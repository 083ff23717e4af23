import { describe, expect, it } from 'vitest';
import { RedisNode } from '../../../../src/ratelimit/redis/redis-node.ts';
import { loadScripts } from '../../../../src/ratelimit/redis/redis-scripts.ts';
import { metaProblem } from '../../../../src/ratelimit/redis/shared-meta.ts';
import { SILENT_LISTENER } from '../../../../src/ratelimit/store/store-listener.ts';
import { type FakeRedis, fakeRedis, refusal } from './fake-redis.ts';

const scripts = loadScripts();

async function started(redis: FakeRedis): Promise<{ readonly node: RedisNode; readonly errors: string[]; readonly ready: boolean[] }> {
  const errors: string[] = [];
  const ready: boolean[] = [];
  const node = new RedisNode({
    connect: redis.connect,
    options: { host: 'limits' },
    scripts,
    listener: { ...SILENT_LISTENER, redisError: (kind) => errors.push(kind) },
    onReady: () => ready.push(true),
    onLost: () => ready.push(false),
  });
  await new Promise((resolve) => setImmediate(resolve));
  return { node, errors, ready };
}
const healthy = (command: readonly unknown[]): unknown => {
  if (command[0] === 'info') return '# Server\r\nredis_version:8.2.3\r\n';
  return command[0] === 'config' ? ['maxmemory-policy', 'noeviction'] : 'OK';
};

describe('one connection to one Redis', () => {
  it('loads all scripts and looks at the server before it is ready (ratelimit R407, R409)', async () => {
    const redis = fakeRedis((command) => (command[0] === 'config' ? ['maxmemory-policy', 'volatile-ttl'] : healthy(command)));
    const { node, ready } = await started(redis);
    expect(redis.clients[0]?.sent[0]?.map(([name, what]) => [name, what]).slice(2)).toEqual(
      Object.keys(scripts).map(() => ['script', 'load']),
    );
    expect([node.isReady, ready, node.evictionPolicy]).toEqual([true, [true], 'volatile-ttl']);
  });

  it.each([
    ['6.2.14', false],
    ['7.0.0', true],
    ['7.2.4', true],
    ['10.0.0', true],
  ])('of version %s: %s', async (version, isReady) => {
    const { node } = await started(fakeRedis((command) => (command[0] === 'info' ? `redis_version:${version}\r\n` : healthy(command))));
    expect([node.isReady, node.problem?.includes('too old')]).toEqual([isReady, isReady ? undefined : true]);
  });

  it('sends a command a second time only where Redis said that it did not run for want of the script: that one, once (R407, R408)', async () => {
    let evals = 0;
    const redis = fakeRedis((command) => {
      if (command[0] === 'evalsha') return refusal('NOSCRIPT No matching script. Please use EVAL.');
      if (command[0] === 'eval') return (evals += 1);
      return command[0] === 'incrby' ? 7 : healthy(command);
    });
    const { node } = await started(redis);
    const replies = await node.send([
      ['incrby', 'a', 1],
      ['evalsha', scripts.take.sha, 1, 'b', 'f'],
      ['incrby', 'c', 1],
    ]);
    expect(replies).toEqual([{ value: 7 }, { value: 1 }, { value: 7 }]);
    expect(redis.clients[0]?.sent.slice(1).map((commands) => commands.map(([name]) => name))).toEqual([
      ['incrby', 'evalsha', 'incrby'],
      ['eval'],
    ]);
    expect(redis.clients[0]?.sent[2]?.[0]?.slice(1)).toEqual([scripts.take.text, 1, 'b', 'f']);
  });

  it.each([
    [refusal('OOM command not allowed when used memory > maxmemory.'), 'OOM', false],
    [refusal('NOPERM User chancery has no permissions'), 'NOPERM', false],
    [new Error("Stream isn't writeable and enableOfflineQueue options is false"), 'link', false],
    [new Error('Connection is closed.'), 'link', true],
    [new Error('Reached the max retries per request limit (which is 0).'), 'link', true],
    [new Error('Socket timeout. Expecting data, but did not receive any'), 'link', true],
  ])('%s: kind %s, may have run: %s (R802)', async (error, kind, isLost) => {
    const { node, errors } = await started(fakeRedis((command) => (command[0] === 'incrby' ? error : healthy(command))));
    expect(await node.send([['incrby', 'a', 1]])).toEqual([{ error, isLost }]);
    expect(errors).toEqual([kind]);
  });

  it('gives a connection up that is to a replica now, and asks who is the master (R408)', async () => {
    const redis = fakeRedis((command) =>
      command[0] === 'incrby' ? refusal("READONLY You can't write against a read only replica.") : healthy(command),
    );
    const { node } = await started(redis);
    await node.send([['incrby', 'a', 1]]);
    expect(redis.clients[0]?.disconnects).toBe(1);
  });

  it('takes new credentials for this connection and the next, and tells none (R1008)', async () => {
    const redis = fakeRedis(healthy);
    const { node } = await started(redis);
    node.renew({ username: 'chancery', password: 'new-4711' });
    expect(redis.clients[0]?.called).toEqual([['AUTH', 'chancery', 'new-4711']]);
    expect(redis.clients[0]?.options).toMatchObject({ host: 'limits', password: 'new-4711' });
    node.renew({ password: 'alone' });
    expect(redis.clients[0]?.called.at(-1)).toEqual(['AUTH', 'alone']);
    redis.clients[0]?.emit('error', refusal('WRONGPASS invalid username-password pair'));
    expect(node.lastError).toBe('WRONGPASS');
  });

  it('rehearses what counting does, and says which right is missing without the name of a counter (R804, R1008)', async () => {
    let refused: Error | undefined;
    const redis = fakeRedis((command) => (command[0] === 'evalsha' && refused !== undefined ? refused : healthy(command)));
    const { node } = await started(redis);
    expect(await node.rehearse('crl:p:{0}')).toBeUndefined();
    expect(redis.clients[0]?.sent.at(-1)?.map(([name]) => name)).toEqual(['set', 'incrby', 'get', 'evalsha', 'evalsha']);
    refused = refusal("NOPERM User chancery has no permissions to run the 'evalsha' command");
    expect(await node.rehearse('crl:p:{0}')).toContain("'evalsha'");
    expect(node.problem).toContain('may not do what counting needs');
    refused = refusal('OOM command not allowed');
    expect(await node.rehearse('crl:p:{0}')).toBe('OOM');
    expect(node.problem).toBeUndefined();
  });
});

describe('what all workers of a Redis must agree on (ratelimit R410)', () => {
  const own = { prefix: 'crl', keySecret: Buffer.from('secret'), timeZones: '2026a' };

  it('is compared, told by name, and kept to itself', async () => {
    let kept: unknown = [];
    const redis = fakeRedis((command) => {
      if (command[0] === 'hsetnx') return 0;
      return command[0] === 'hmget' ? kept : healthy(command);
    });
    const { node } = await started(redis);
    expect(await metaProblem(node, own)).toMatch(/another keySecret and another format of keys and another version of time zone data/);
    const written = redis.clients[0]?.sent.at(-1)?.filter(([name]) => name === 'hsetnx') ?? [];
    kept = written.map(([, , , value]) => value);
    expect(await metaProblem(node, own)).toBeUndefined();
    expect(await metaProblem(node, { ...own, timeZones: '2026b' })).toMatch(/have another version of time zone data: .* delete crl:meta$/);
    expect(JSON.stringify(kept)).not.toContain('secret');
    kept = 'something else';
    expect(await metaProblem(node, own)).toBe('unknown');
  });
});
