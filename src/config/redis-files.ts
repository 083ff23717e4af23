// The Redis of `chancery ratelimit`, from flags and environment variables, checked together; beside a control plane and for files of the reference
// service alike. Reads no files.
import { ChanceryError } from '../lib/errors.ts';
import { RATELIMIT_STORE_SETTINGS, type RatelimitStoreOrigin } from './ratelimit-setting-table.ts';

export type StoreName = RatelimitStoreOrigin['name'];
export type RawStoreSettings = { readonly [Name in StoreName]?: string | undefined };
type Environment = Readonly<Record<string, string | undefined>>;

/** The address, and files of PEM and passwords. */
export interface RedisFiles {
  readonly url: string;
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
  readonly serverName: string | undefined;
  readonly passwordFile: string | undefined;
  readonly sentinelPasswordFile: string | undefined;
  /** Of the environment, where no file is named. */
  readonly password: string | undefined;
  readonly sentinelPassword: string | undefined;
  readonly timeoutMs: number | undefined;
  readonly prefix: string | undefined;
}

/** A flag, else its variable; an empty one is none. */
export function storeSetting(name: StoreName, flags: RawStoreSettings, env: Environment): string | undefined {
  const variable = RATELIMIT_STORE_SETTINGS.find((origin) => origin.name === name)?.variable ?? '';
  return flags[name] ?? filled(env[variable]);
}

/** Undefined: none is named. Throws ERR_USAGE. */
export function redisFiles(flags: RawStoreSettings, env: Environment): RedisFiles | undefined {
  const text = (name: StoreName): string | undefined => storeSetting(name, flags, env);
  const url = text('redis');
  const tls = { ca: text('redisCa'), cert: text('redisCert'), key: text('redisKey'), serverName: text('redisServerName') };
  const passwords = { passwordFile: text('redisPasswordFile'), sentinelPasswordFile: text('redisSentinelPasswordFile') };
  const isTls = Object.values(tls).some((each) => each !== undefined);
  const more = { timeout: text('redisTimeout'), prefix: text('redisPrefix') };
  if (url === undefined) {
    const stray = STORE_ONLY.find((name) => text(name) !== undefined);
    const flag = RATELIMIT_STORE_SETTINGS.find(({ name }) => name === stray)?.flag;
    if (flag !== undefined) throw usage(`${flag} belongs to --redis`, 'name it: --redis rediss://host:6379');
    return undefined;
  }
  if (isTls && !url.startsWith('rediss')) throw usage('TLS files need a Redis that is asked with TLS', 'write --redis rediss://…');
  if ((tls.cert === undefined) !== (tls.key === undefined)) throw usage('--redis-cert and --redis-key belong together', 'name both');
  if (more.prefix !== undefined && !/^[\w.-]{1,64}$/.test(more.prefix))
    throw usage('--redis-prefix is no prefix of keys', 'use 1 to 64 letters, digits, "_", "-" and "."');
  return {
    url,
    ...tls,
    ...passwords,
    password: passwords.passwordFile === undefined ? filled(env['CHANCERY_REDIS_PASSWORD']) : undefined,
    sentinelPassword: passwords.sentinelPasswordFile === undefined ? filled(env['CHANCERY_REDIS_SENTINEL_PASSWORD']) : undefined,
    timeoutMs: more.timeout === undefined ? undefined : timeoutOf(more.timeout),
    prefix: more.prefix,
  };
}

const STORE_ONLY: readonly StoreName[] = [
  'redisCa',
  'redisCert',
  'redisKey',
  'redisServerName',
  'redisPasswordFile',
  'redisSentinelPasswordFile',
  'redisTimeout',
  'redisPrefix',
];

function filled(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}

/** `25ms`, `1s`. */
function timeoutOf(text: string): number {
  const [, digits, unit] = /^(\d{1,6})(ms|s)$/.exec(text) ?? [];
  const ms = Number(digits) * (unit === 's' ? 1_000 : 1);
  if (digits !== undefined && ms >= 1 && ms <= 10_000) return ms;
  throw usage(`--redis-timeout ${text} is no time`, 'write 1ms to 10s, such as 25ms');
}

function usage(message: string, remedy: string): ChanceryError {
  return new ChanceryError('ERR_USAGE', message, { remedy });
}
