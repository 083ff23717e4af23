// `redis:` → how the limiter reaches it (ratelimit R408). Connects to nothing.
import type { RateLimitServiceConfig } from '../../config/schema/rate-limit-service.ts';
import type { ConfigPath } from '../../lib/issue.ts';
import type { KeyPlace } from '../auth/jwt-keys.ts';
import { errorAt, type Report } from '../issue.ts';
import * as defaults from './defaults.ts';
import type { RedisAddress, RedisStore } from './types.ts';

type RedisConfig = NonNullable<RateLimitServiceConfig['redis']>;

interface RedisPlace {
  readonly path: ConfigPath;
  readonly trust: KeyPlace['trust'];
}

export function resolveRedis(config: RedisConfig, place: RedisPlace, report: Report): RedisStore {
  const { url, username, password, timeout, prefix } = config;
  const tls = resolveTls(config, place, report);
  return {
    endpoint: endpointOf(config, place.path, report),
    db: url?.kind === 'single' ? url.db : 0,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(tls === undefined ? {} : { tls }),
    timeoutMs: timeout ?? defaults.REDIS.timeoutMs,
    prefix: prefix ?? defaults.REDIS.prefix,
  };
}

function endpointOf({ url, sentinel, cluster = [] }: RedisConfig, path: ConfigPath, report: Report): RedisStore['endpoint'] {
  if (url?.kind === 'socket') return url;
  if (url !== undefined) return { kind: 'single', host: url.host, port: url.port };
  if (sentinel === undefined) return { kind: 'cluster', hosts: hostsOf(cluster, [...path, 'cluster'], report) };
  const { name, hosts, password } = sentinel;
  const all = hostsOf(hosts, [...path, 'sentinel', 'hosts'], report);
  return { kind: 'sentinel', name, hosts: all, ...(password === undefined ? {} : { password }) };
}

function hostsOf(config: NonNullable<RedisConfig['cluster']>, path: ConfigPath, report: Report): readonly RedisAddress[] {
  return config.flatMap((address, index): readonly RedisAddress[] => {
    if (address.kind !== 'unix') return [{ host: address.kind === 'ip' ? address.ip : address.host, port: address.port }];
    report(errorAt([...path, index], 'CH2914', { message: 'its nodes tell each other host names and ports', help: 'write host:port' }));
    return [];
  });
}

function resolveTls({ url, tls }: RedisConfig, { path, trust }: RedisPlace, report: Report): RedisStore['tls'] {
  const isAsked = url?.kind === 'single' && url.isTls;
  if (tls === undefined) return isAsked ? {} : undefined;
  const { ca, cert, key, serverName } = tls;
  if (url?.kind === 'socket') {
    report(errorAt([...path, 'tls'], 'CH2914', { message: 'a socket of the machine is not encrypted', at: 'key', help: 'remove tls' }));
  }
  if (url?.kind === 'single' && !isAsked) {
    report(
      errorAt([...path, 'tls'], 'CH2914', {
        message: 'redis:// is not encrypted',
        at: 'key',
        help: 'write rediss:// in url, or remove tls',
      }),
    );
  }
  if ((cert === undefined) !== (key === undefined)) {
    report(errorAt([...path, 'tls'], 'CH2914', { message: 'cert and key stand together', at: 'key' }));
  }
  const trusted = ca === undefined ? undefined : trust(ca, [...path, 'tls', 'ca']);
  return {
    ...(trusted?.kind === 'pem' ? { ca: trusted.pem } : {}),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(serverName === undefined ? {} : { serverName }),
  };
}
