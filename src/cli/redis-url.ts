// The value of --redis: `redis://[user:password@]host[:port][/db]`, `rediss://…` with TLS, or `unix:/path`.
import { ChanceryError } from '../lib/errors.ts';
import { Secret } from '../lib/secret.ts';
import type { RedisSettings } from '../ratelimit/redis/redis-settings.ts';

const DEFAULT_PORT = 6_379;
const REMEDY = 'write redis://host:6379/0, rediss://host:6379 or unix:/run/redis.sock';

/** Throws ERR_USAGE; the message never holds the URL, which may hold a password. */
export function redisUrl(text: string): RedisSettings {
  if (text.startsWith('unix:/')) return { endpoint: { kind: 'socket', path: text.slice('unix:'.length) } };
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const db = /^\/(\d*)$/.exec(url?.pathname === '' ? '/' : (url?.pathname ?? ''))?.[1];
  if (url === undefined || !['redis:', 'rediss:'].includes(url.protocol) || url.hostname === '' || db === undefined)
    throw new ChanceryError('ERR_USAGE', '--redis is no address of a Redis', { remedy: REMEDY });
  return {
    endpoint: { kind: 'single', host: url.hostname.replace(/^\[(.*)\]$/, '$1'), port: url.port === '' ? DEFAULT_PORT : Number(url.port) },
    ...(db === '' ? {} : { db: Number(db) }),
    ...(url.username === '' ? {} : { username: decodeURIComponent(url.username) }),
    ...(url.password === '' ? {} : { password: new Secret(decodeURIComponent(url.password)) }),
    ...(url.protocol === 'rediss:' ? { tls: {} } : {}),
  };
}
