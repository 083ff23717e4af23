// A Redis as one text: `redis://[user:password@]host[:port][/db]`, `unix:/path`, `redis-sentinel://host,host/NAME[/db]` or
// `redis-cluster://host,host`; `rediss…` with TLS (R408). Pure.
import { ChanceryError } from '../../lib/errors.ts';
import { Secret } from '../../lib/secret.ts';
import type { RedisAddress, RedisSettings } from './redis-settings.ts';

const DEFAULT_PORT = 6_379;
const SENTINEL_PORT = 26_379;
const REMEDY =
  'write redis://host:6379/0, rediss://host:6379, unix:/run/redis.sock, redis-sentinel://host:26379,host:26379/NAME or redis-cluster://host:6379,host:6379';
const FORM = /^(rediss?)(-sentinel|-cluster)?:\/\/(?:([^@/]*)@)?([^@/]+)(?:\/([^/]*))?(?:\/(\d*))?$/;

/** Throws ERR_USAGE; the message never holds the text, which may hold a password. */
export function redisUrl(text: string): RedisSettings {
  if (text.startsWith('unix:/')) return { endpoint: { kind: 'socket', path: text.slice('unix:'.length) } };
  const [matched, scheme, form = '', login = '', hosts = '', first = '', second = ''] = FORM.exec(text) ?? [];
  const endpoint = matched === undefined ? undefined : endpointOf(form, hosts, first);
  const db = form === '-sentinel' ? second : first;
  const isPlain = form === '-sentinel' || second === '';
  if (endpoint === undefined || !isPlain || !/^\d*$/.test(db) || (form === '-cluster' && db !== '')) {
    throw new ChanceryError('ERR_USAGE', '--redis is no address of a Redis', { remedy: REMEDY });
  }
  const colon = login.indexOf(':');
  const username = colon < 0 ? login : login.slice(0, colon);
  const password = colon < 0 ? '' : login.slice(colon + 1);
  return {
    endpoint,
    ...(db === '' ? {} : { db: Number(db) }),
    ...(username === '' ? {} : { username: decoded(username) }),
    ...(password === '' ? {} : { password: new Secret(decoded(password)) }),
    ...(scheme === 'rediss' ? { tls: {} } : {}),
  };
}

function endpointOf(form: string, hosts: string, name: string): RedisSettings['endpoint'] | undefined {
  const all = hosts.split(',').map((text) => addressOf(text, form === '-sentinel' ? SENTINEL_PORT : DEFAULT_PORT));
  const good = all.flatMap((address) => (address === undefined ? [] : [address]));
  const [only] = good;
  if (only === undefined || good.length < all.length) return undefined;
  if (form === '-sentinel') return name === '' ? undefined : { kind: 'sentinel', name: decoded(name), hosts: good };
  if (form === '-cluster') return { kind: 'cluster', hosts: good };
  return good.length === 1 ? { kind: 'single', ...only } : undefined;
}

function addressOf(text: string, defaultPort: number): RedisAddress | undefined {
  const [, bracketed, plain, digits] = /^(?:\[([\da-fA-F:.]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  const port = digits === undefined ? defaultPort : Number(digits);
  return host === undefined || port < 1 || port > 65_535 ? undefined : { host, port };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new ChanceryError('ERR_USAGE', '--redis holds a % that is no escape', { remedy: 'write % as %25' });
  }
}
