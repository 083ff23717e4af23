// A Redis as operators give it by flags: its address as one text, and texts of files beside it (ratelimit R408). Plain data, which crosses to
// workers. Pure.
import { ChanceryError } from '../../lib/errors.ts';
import { Secret } from '../../lib/secret.ts';
import type { RedisSettings } from './redis-settings.ts';
import { redisUrl } from './redis-url.ts';

export interface GivenRedis {
  /** As `redisUrl` reads it. */
  readonly url: string;
  /** Before that of the address. */
  readonly password?: string;
  /** Of the Sentinels themselves. */
  readonly sentinelPassword?: string;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly serverName?: string;
  /** For a batch of commands. Default 25. */
  readonly timeoutMs?: number;
  /** Of all keys. Default `crl`. */
  readonly prefix?: string;
}

/** Throws ERR_USAGE; messages never hold secrets. */
export function givenRedis({ url, password, sentinelPassword, ca, cert, key, serverName }: GivenRedis): RedisSettings {
  const settings = redisUrl(url);
  const { endpoint, tls } = settings;
  if (sentinelPassword !== undefined && endpoint.kind !== 'sentinel') {
    throw new ChanceryError('ERR_USAGE', 'a password of Sentinels needs Sentinels', {
      remedy: 'write --redis redis-sentinel://host:26379,host:26379/NAME',
    });
  }
  return {
    ...settings,
    ...(endpoint.kind === 'sentinel' && sentinelPassword !== undefined
      ? { endpoint: { ...endpoint, password: new Secret(sentinelPassword) } }
      : {}),
    ...(password === undefined ? {} : { password: new Secret(password) }),
    ...(tls === undefined
      ? {}
      : {
          tls: {
            ...(ca === undefined ? {} : { ca }),
            ...(cert === undefined ? {} : { cert }),
            ...(key === undefined ? {} : { key: new Secret(key) }),
            ...(serverName === undefined ? {} : { serverName }),
          },
        }),
  };
}
