// Settings of `chancery ratelimit` beside a control plane, from flags and environment variables, checked together. Reads no files.
import { ChanceryError } from '../lib/errors.ts';
import { type AuthzSettingOrigin, type AuthzSettings, companionSettings, type RawAuthzSettings } from './authz-settings.ts';
import { RATELIMIT_COMPANION_SETTINGS } from './ratelimit-setting-table.ts';
import { type RawStoreSettings, type RedisFiles, redisFiles, type StoreName, storeSetting } from './redis-files.ts';

export type RawRatelimitSettings = RawAuthzSettings & RawStoreSettings;

export interface RatelimitCompanionSettings extends AuthzSettings {
  /** As `redisUrl` reads it; absent: as the tables say. */
  readonly redis: RedisFiles | undefined;
  /** File. */
  readonly keySecret: string | undefined;
  readonly nearRatio: number;
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
  const text = (name: StoreName): string | undefined => storeSetting(name, flags, env);
  const danger = 'let anybody who reaches it use up the limits of others';
  const common = companionSettings({ origins: COMMON, danger }, withoutMetrics(flags, env), env);
  const isWithoutMetrics = (flags.metricsPort ?? env['CHANCERY_METRICS_PORT']) === 'none';
  const redis = redisFiles(flags, env);
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

function ratioOf(text: string): number {
  const ratio = Number(text);
  if (text !== '' && ratio > 0 && ratio <= 1) return ratio;
  throw usage(`--near-ratio ${text} is no share`, 'a share is above 0 and at most 1, such as 0.8');
}

function usage(message: string, remedy: string): ChanceryError {
  return new ChanceryError('ERR_USAGE', message, { remedy });
}
