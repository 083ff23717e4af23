import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ChanceryError } from '../../../../src/lib/errors.ts';
import type { RedisSettings } from '../../../../src/ratelimit/redis/redis-settings.ts';
import { redisUrl } from '../../../../src/ratelimit/redis/redis-url.ts';

/** With secrets in plain sight, for comparison. */
function read(text: string): object {
  const { password, ...rest }: RedisSettings = redisUrl(text);
  return password === undefined ? rest : { ...rest, password: password.reveal() };
}
const single = (host: string, port = 6379): object => ({ endpoint: { kind: 'single', host, port } });

describe('the address of a Redis (ratelimit R325, R408)', () => {
  it.each([
    ['redis://limits', single('limits')],
    ['redis://limits:7000', single('limits', 7000)],
    ['redis://limits:7000/0', { ...single('limits', 7000), db: 0 }],
    ['redis://limits/15', { ...single('limits'), db: 15 }],
    ['redis://[::1]:7000', single('::1', 7000)],
    ['redis://[fe80::1]/3', { ...single('fe80::1'), db: 3 }],
    ['rediss://limits', { ...single('limits'), tls: {} }],
    ['redis://:secret@limits', { ...single('limits'), password: 'secret' }],
    ['redis://user:secret@limits', { ...single('limits'), username: 'user', password: 'secret' }],
    ['redis://user@limits', { ...single('limits'), username: 'user' }],
    ['redis://us%3Aer:p%40ss%2Fw%25rd@limits', { ...single('limits'), username: 'us:er', password: 'p@ss/w%rd' }],
    ['redis://user:a:b@limits', { ...single('limits'), username: 'user', password: 'a:b' }],
    ['unix:/run/redis.sock', { endpoint: { kind: 'socket', path: '/run/redis.sock' } }],
    ['redis-sentinel://a/limits', { endpoint: { kind: 'sentinel', name: 'limits', hosts: [{ host: 'a', port: 26_379 }] } }],
    [
      'rediss-sentinel://u:p@a:1,[::2]:2/my%20limits/4',
      {
        endpoint: {
          kind: 'sentinel',
          name: 'my limits',
          hosts: [
            { host: 'a', port: 1 },
            { host: '::2', port: 2 },
          ],
        },
        db: 4,
        username: 'u',
        password: 'p',
        tls: {},
      },
    ],
    [
      'redis-cluster://a,b:7001',
      {
        endpoint: {
          kind: 'cluster',
          hosts: [
            { host: 'a', port: 6379 },
            { host: 'b', port: 7001 },
          ],
        },
      },
    ],
    [
      'rediss-cluster://u:p@a',
      { endpoint: { kind: 'cluster', hosts: [{ host: 'a', port: 6379 }] }, username: 'u', password: 'p', tls: {} },
    ],
  ])('%s', (text, settings) => {
    expect(read(text)).toEqual(settings);
  });

  it.each([
    '',
    'limits:6379',
    'http://limits',
    'redis:/limits',
    'redis://',
    'redis:///0',
    'redis://limits:0',
    'redis://limits:65536',
    'redis://limits:port',
    'redis://limits/db',
    'redis://limits/0/1',
    'redis://a,b',
    'redis://::1',
    'redis://user:p@ss@limits',
    'redis-sentinel://a',
    'redis-sentinel://a/',
    'redis-sentinel://a,/limits',
    'redis-sentinel://a/limits/db',
    'redis-cluster://a/1',
    'redis-cluster://a,,b',
    'unix:run/redis.sock',
    'REDIS://limits',
  ])('not %j: says how one is written', (text) => {
    expect(() => redisUrl(text)).toThrow(expect.objectContaining({ code: 'ERR_USAGE', message: '--redis is no address of a Redis' }));
  });

  it('an escape that is none is told as such', () => {
    expect(() => redisUrl('redis://:100%@limits')).toThrow('--redis holds a % that is no escape');
  });

  it('whatever it is, is read or refused, and no error repeats it: it may hold a password', () => {
    const texts = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc
        .tuple(fc.constantFrom('redis', 'rediss', 'redis-sentinel', 'redis-cluster'), fc.string({ maxLength: 30 }))
        .map(([a, b]) => `${a}://${b}`),
    );
    fc.assert(
      fc.property(texts, (tail) => {
        const text = `${tail}:canary-4711@`;
        try {
          redisUrl(text);
        } catch (error) {
          expect(error).toBeInstanceOf(ChanceryError);
          expect(JSON.stringify(error) + String(error)).not.toContain('canary-4711');
        }
      }),
      { numRuns: 500 },
    );
  });
});
