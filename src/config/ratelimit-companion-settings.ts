// Settings of `chancery ratelimit` beside a control plane, from flags and environment variables, checked together. Reads no files.
import { ChanceryError } from '../lib/errors.ts';
import { type AuthzSettingOrigin, type AuthzSettings, companionSettings, type RawAuthzSettings } from './authz-settings.ts';
import { RATELIMIT_COMPANION_SETTINGS, RATELIMIT_STORE_SETTINGS, type RatelimitStoreOrigin } from './ratelimit-setting-table.ts';

type StoreName = RatelimitStoreOrigin['name'];
export type RawRatelimitSettings = RawAuthzSettings & { readonly [Name in StoreName]?: string | undefined };

export interface RatelimitCompanionSettings extends AuthzSettings {
  /** As `redisUrl` reads it; absent: as the tables say. */
  readonly redis: RedisFiles | undefined;
  /** File. */
  readonly keySecret: string | undefined;
  readonly nearRatio: number;
}

/** The address, and files of PEM. */
export interface RedisFiles {
  readonly url: string;
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
  readonly serverName: string | undefined;
}

const DEFAULT_NEAR_RATIO = '0.8';

/** It asks no issuers. */
const NO_DEV: AuthzSettingOrigin = { name: 'dev', flag: '--dev', variable: '', fallback: 'false', help: '' };
const COMMON: readonly AuthzSettingOrigin[] = [...RATELIMIT_COMPANION_SETTINGS, NO_DEV];

/** Throws ERR_USAGE. */
export function ratelimitCompanionSettings(
  flags: RawRatelimitSettings,
  env: Readonly<Record<string, string | undefined>>,
): RatelimitCompanionSettings {
  const text = (name: StoreName): string | undefined => {
    const variable = RATELIMIT_STORE_SETTINGS.find((origin) => origin.name === name)?.variable ?? '';
    return flags[name] ?? (env[variable] === '' ? undefined : env[variable]);
  };
  const danger = 'let anybody who reaches it use up the limits of others';
  const common = companionSettings({ origins: COMMON, danger }, withoutMetrics(flags, env), env);
  const isWithoutMetrics = (flags.metricsPort ?? env['CHANCERY_METRICS_PORT']) === 'none';
  const redis = redisOf(text);
  const keySecret = text('keySecretFile');
  if (redis !== undefined && keySecret === undefined)
    throw usage('--redis needs --key-secret-file', 'all instances of one Redis need one secret: head -c 32 /dev/urandom > limits.key');
  return {
    ...common,
    metricsPort: isWithoutMetrics ? undefined : common.metricsPort,
    redis,
    keySecret,
    nearRatio: ratioOf(text('nearRatio') ?? DEFAULT_NEAR_RATIO),
  };
}

/** `none` is no port; any will do where it is not opened. */
function withoutMetrics(flags: RawAuthzSettings, env: Readonly<Record<string, string | undefined>>): RawAuthzSettings {
  return (flags.metricsPort ?? env['CHANCERY_METRICS_PORT']) === 'none' ? { ...flags, metricsPort: '0' } : flags;
}

function redisOf(text: (name: StoreName) => string | undefined): RedisFiles | undefined {
  const url = text('redis');
  const files = { ca: text('redisCa'), cert: text('redisCert'), key: text('redisKey'), serverName: text('redisServerName') };
  const isTls = Object.values(files).some((each) => each !== undefined);
  if (url === undefined) {
    if (isTls)
      throw usage('--redis-ca, --redis-cert, --redis-key and --redis-server-name belong to --redis', 'name it: --redis rediss://host:6379');
    return undefined;
  }
  if (isTls && !url.startsWith('rediss')) throw usage('TLS files need a Redis that is asked with TLS', 'write --redis rediss://…');
  if ((files.cert === undefined) !== (files.key === undefined)) throw usage('--redis-cert and --redis-key belong together', 'name both');
  return { url, ...files };
}

function ratioOf(text: string): number {
  const ratio = Number(text);
  if (text !== '' && ratio > 0 && ratio <= 1) return ratio;
  throw usage(`--near-ratio ${text} is no share`, 'a share is above 0 and at most 1, such as 0.8');
}

function usage(message: string, remedy: string): ChanceryError {
  return new ChanceryError('ERR_USAGE', message, { remedy });
}
