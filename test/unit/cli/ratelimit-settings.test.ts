// Flags and variables of `chancery ratelimit --reference-config`: how its Redis is named (ratelimit R325, R408).
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ratelimitSettings } from '../../../src/cli/ratelimit-settings.ts';
import { ratelimitCompanionSettings } from '../../../src/config/ratelimit-companion-settings.ts';
import { givenRedis } from '../../../src/ratelimit/redis/given-redis.ts';

let cwd = '';

beforeAll(() => {
  cwd = mkdtempSync(path.join(os.tmpdir(), 'chancery-ratelimit-settings-'));
  const files = { 'limits.key': 'a secret of enough bytes', 'short.key': 'short', 'redis.pw': 'p:w d\n', 'sentinel.pw': 'other\r\n' };
  for (const [name, text] of Object.entries({ ...files, 'ca.pem': 'CA', 'c.pem': 'CERT', 'k.pem': 'KEY' }))
    writeFileSync(path.join(cwd, name), text);
});

afterAll(() => rmSync(cwd, { recursive: true, force: true }));

const KEY = { keySecretFile: 'limits.key' };

function settings(flags: Readonly<Record<string, unknown>>, env: Readonly<Record<string, string>> = {}) {
  return ratelimitSettings({ referenceConfig: 'limits', ...flags }, { cwd, env });
}

/** As a client of Redis is told, secrets revealed. */
function redisOf(flags: Readonly<Record<string, unknown>>, env: Readonly<Record<string, string>> = {}): unknown {
  const { redis } = settings({ ...KEY, ...flags }, env);
  if (redis === undefined) return undefined;
  const { password, tls, endpoint, ...rest } = givenRedis(redis);
  const sentinel = endpoint.kind === 'sentinel' ? endpoint.password?.reveal() : undefined;
  return {
    ...rest,
    endpoint: { ...endpoint, ...(sentinel === undefined ? {} : { password: sentinel }) },
    ...(password === undefined ? {} : { password: password.reveal() }),
    ...(tls === undefined ? {} : { tls: { ...tls, ...(tls.key === undefined ? {} : { key: tls.key.reveal() }) } }),
  };
}

const SINGLE = { kind: 'single', host: 'limits', port: 6379 };

describe('the Redis of reference files', () => {
  it.each<[string, Readonly<Record<string, string>>, Readonly<Record<string, string>>, object]>([
    ['an address', { redis: 'redis://limits' }, {}, { endpoint: SINGLE }],
    [
      'an address with user, password and database',
      { redis: 'redis://u:p%40w@limits/3' },
      {},
      { endpoint: SINGLE, db: 3, username: 'u', password: 'p@w' },
    ],
    ['a socket', { redis: 'unix:/run/redis.sock' }, {}, { endpoint: { kind: 'socket', path: '/run/redis.sock' } }],
    ['a variable', {}, { CHANCERY_REDIS: 'redis://limits' }, { endpoint: SINGLE }],
    ['a flag before the variable', { redis: 'redis://limits' }, { CHANCERY_REDIS: 'redis://other' }, { endpoint: SINGLE }],
    [
      'a password in a file',
      { redis: 'redis://u@limits', redisPasswordFile: 'redis.pw' },
      {},
      { endpoint: SINGLE, username: 'u', password: 'p:w d' },
    ],
    ['a password in a variable', { redis: 'redis://limits' }, { CHANCERY_REDIS_PASSWORD: 'pw' }, { endpoint: SINGLE, password: 'pw' }],
    [
      'a file before the variable, and both before the address',
      { redis: 'redis://u:no@limits', redisPasswordFile: 'redis.pw' },
      { CHANCERY_REDIS_PASSWORD: 'pw' },
      { endpoint: SINGLE, username: 'u', password: 'p:w d' },
    ],
    [
      'Sentinels with a password of their own',
      { redis: 'redis-sentinel://a,b:26380/main/2', redisSentinelPasswordFile: 'sentinel.pw', redisPasswordFile: 'redis.pw' },
      {},
      {
        endpoint: {
          kind: 'sentinel',
          name: 'main',
          hosts: [
            { host: 'a', port: 26379 },
            { host: 'b', port: 26380 },
          ],
          password: 'other',
        },
        db: 2,
        password: 'p:w d',
      },
    ],
    [
      'a Cluster with TLS',
      { redis: 'rediss-cluster://a,b', redisCa: 'ca.pem', redisCert: 'c.pem', redisKey: 'k.pem', redisServerName: 'limits.internal' },
      {},
      {
        endpoint: {
          kind: 'cluster',
          hosts: [
            { host: 'a', port: 6379 },
            { host: 'b', port: 6379 },
          ],
        },
        tls: { ca: 'CA', cert: 'CERT', key: 'KEY', serverName: 'limits.internal' },
      },
    ],
    ['TLS by variables', {}, { CHANCERY_REDIS: 'rediss://limits', CHANCERY_REDIS_CA: 'ca.pem' }, { endpoint: SINGLE, tls: { ca: 'CA' } }],
  ])('is %s', (_what, flags, env, expected) => {
    expect(redisOf(flags, env)).toEqual(expected);
  });

  it('has a time and a prefix', () => {
    expect(settings({ ...KEY, redis: 'redis://limits', redisTimeout: '1s', redisPrefix: 'shop' }).redis).toMatchObject({
      timeoutMs: 1_000,
      prefix: 'shop',
    });
    expect(settings({}).redis).toBeUndefined();
  });

  it.each<[Readonly<Record<string, string>>, RegExp]>([
    [{ redis: 'redis://limits' }, /--redis needs --key-secret-file/],
    [{ redis: 'redis://limits', keySecretFile: 'short.key' }, /short.key holds fewer than 16 bytes/],
    [{ redis: 'http://limits', ...KEY }, /--redis is no address of a Redis/],
    [{ redis: 'redis://limits', redisCa: 'ca.pem', ...KEY }, /TLS files need a Redis that is asked with TLS/],
    [{ redis: 'rediss://limits', redisCert: 'c.pem', ...KEY }, /--redis-cert and --redis-key belong together/],
    [{ redis: 'rediss://limits', redisCa: 'none.pem', ...KEY }, /none.pem/],
    [{ redis: 'redis://limits', redisSentinelPasswordFile: 'sentinel.pw', ...KEY }, /a password of Sentinels needs Sentinels/],
    [{ redis: 'redis://limits', redisTimeout: '5', ...KEY }, /--redis-timeout 5 is no time/],
    [{ redis: 'redis://limits', redisPrefix: 'a b', ...KEY }, /--redis-prefix is no prefix/],
    [{ redisPasswordFile: 'redis.pw' }, /--redis-password-file belongs to --redis/],
    [{ redisServerName: 'x' }, /--redis-server-name belongs to --redis/],
  ])('is refused: %j', (flags, message) => {
    expect(() => settings(flags)).toThrow(message);
  });

  it('never tells a password in what is wrong', () => {
    expect(() => settings({ ...KEY, redis: 'redis://u:hidden@a b:c:d' })).not.toThrow(/hidden/);
    expect(JSON.stringify(givenRedis({ url: 'redis://x', password: 'hidden' }))).not.toContain('hidden');
  });

  it('is named alike beside a control plane', () => {
    const flags = {
      redis: 'redis://limits',
      keySecretFile: 'limits.key',
      redisPasswordFile: 'redis.pw',
      redisTimeout: '50ms',
      gateway: 'edge',
    };
    const { redis } = ratelimitCompanionSettings({ ...flags, server: '127.0.0.1:18000' }, {});
    expect(redis).toMatchObject({ url: 'redis://limits', passwordFile: 'redis.pw', timeoutMs: 50 });
  });
});

describe('what reference files are served with', () => {
  it('is said by the flags and variables of every companion', () => {
    expect(settings({})).toMatchObject({ host: '127.0.0.1', port: 18_002, metricsPort: 18_082, logLevel: 'info', logFormat: 'auto' });
    const env = { CHANCERY_HOST: '::1', CHANCERY_RATELIMIT_PORT: '9000', CHANCERY_METRICS_PORT: 'none', CHANCERY_LOG_LEVEL: 'warn' };
    const given = settings({ logFormat: 'json', port: '9001' }, env);
    expect(given).toMatchObject({ host: '::1', port: 9_001, logLevel: 'warn', logFormat: 'json' });
    expect(given.metricsPort).toBeUndefined();
  });

  it.each<[Readonly<Record<string, unknown>>, RegExp]>([
    [{ logLevel: 'loud' }, /--log-level loud is unknown/],
    [{ logFormat: 'xml' }, /--log-format xml is unknown/],
    [{ workers: '2' }, /--workers is for limits from a control plane/],
    [{ listen: 'unix:/run/x.sock' }, /--listen is for/],
    [{ gateway: ['edge'] }, /--gateway is for/],
    [{ tlsCert: 'c.pem' }, /--tls-cert is for/],
  ])('refuses what would do nothing: %j', (flags, message) => {
    expect(() => settings(flags)).toThrow(message);
  });
});
