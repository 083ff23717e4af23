// Flag, environment variable and default of each setting of `chancery ratelimit` beside a control plane: those that every companion has, and its
// own. Help texts and messages use the same tables.
import { AUTHZ_SETTINGS } from './authz-setting-table.ts';
import type { AuthzSettingOrigin, RawAuthzSettings } from './authz-settings.ts';

const OWN_WORDS: Readonly<Partial<Record<keyof RawAuthzSettings, Partial<AuthzSettingOrigin>>>> = {
  gateway: { help: 'gateway whose limits it counts; may be given several times, or with commas' },
  port: { fallback: '18002' },
  workers: { help: 'processes that answer; without it one, or with --redis one for each core: memory counts in one alone' },
  state: { help: 'directory that keeps limits, never secrets, for a restart without control plane' },
  metricsPort: { fallback: '18082', help: 'their port; 0: any; none' },
};

/** What is the same for all companions; the rate limiter asks no issuers, so it has no --dev. */
export const RATELIMIT_COMPANION_SETTINGS: readonly AuthzSettingOrigin[] = AUTHZ_SETTINGS.filter(({ name }) => name !== 'dev').map(
  (origin) => ({ ...origin, variable: origin.variable.replace('AUTHZ', 'RATELIMIT'), ...OWN_WORDS[origin.name] }),
);

export interface RatelimitStoreOrigin {
  readonly name:
    | 'redis'
    | 'keySecretFile'
    | 'redisCa'
    | 'redisCert'
    | 'redisKey'
    | 'redisServerName'
    | 'redisPasswordFile'
    | 'redisSentinelPasswordFile'
    | 'redisTimeout'
    | 'redisPrefix'
    | 'nearRatio';
  readonly flag: string;
  readonly variable: string;
  readonly value: string;
  readonly help: string;
}

export const RATELIMIT_STORE_SETTINGS: readonly RatelimitStoreOrigin[] = [
  {
    name: 'redis',
    flag: '--redis',
    variable: 'CHANCERY_REDIS',
    value: 'url',
    help: 'count in this Redis, for several instances: redis://, rediss://, unix:/, redis-sentinel://host,host/NAME or redis-cluster://host,host; without it as rateLimitService says, or in memory',
  },
  {
    name: 'keySecretFile',
    flag: '--key-secret-file',
    variable: 'CHANCERY_KEY_SECRET_FILE',
    value: 'file',
    help: 'secret that the names of counters are hashed with; the same in all instances of one Redis',
  },
  {
    name: 'redisCa',
    flag: '--redis-ca',
    variable: 'CHANCERY_REDIS_CA',
    value: 'file',
    help: 'authorities of that Redis (PEM), with rediss…',
  },
  { name: 'redisCert', flag: '--redis-cert', variable: 'CHANCERY_REDIS_CERT', value: 'file', help: 'our certificate towards it (PEM)' },
  { name: 'redisKey', flag: '--redis-key', variable: 'CHANCERY_REDIS_KEY', value: 'file', help: 'key of that certificate (PEM)' },
  {
    name: 'redisServerName',
    flag: '--redis-server-name',
    variable: 'CHANCERY_REDIS_SERVER_NAME',
    value: 'name',
    help: 'name in its certificate, where that is not its host',
  },
  {
    name: 'redisPasswordFile',
    flag: '--redis-password-file',
    variable: 'CHANCERY_REDIS_PASSWORD_FILE',
    value: 'file',
    help: 'its password, instead of one in the address; or the password itself in CHANCERY_REDIS_PASSWORD',
  },
  {
    name: 'redisSentinelPasswordFile',
    flag: '--redis-sentinel-password-file',
    variable: 'CHANCERY_REDIS_SENTINEL_PASSWORD_FILE',
    value: 'file',
    help: 'password of the Sentinels themselves; or the password itself in CHANCERY_REDIS_SENTINEL_PASSWORD',
  },
  {
    name: 'redisTimeout',
    flag: '--redis-timeout',
    variable: 'CHANCERY_REDIS_TIMEOUT',
    value: 'time',
    help: 'for each batch of commands (default 25ms)',
  },
  {
    name: 'redisPrefix',
    flag: '--redis-prefix',
    variable: 'CHANCERY_REDIS_PREFIX',
    value: 'text',
    help: 'of all keys (default crl)',
  },
  {
    name: 'nearRatio',
    flag: '--near-ratio',
    variable: 'CHANCERY_NEAR_RATIO',
    value: 'share',
    help: 'used share above which a decision counts as near (default 0.8)',
  },
];
