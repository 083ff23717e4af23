// The flags of `chancery ratelimit` (ratelimit R325), checked: what is wrong is a usage error that says what would be right.
import path from 'node:path';
import { RATELIMIT_COMPANION_SETTINGS, RATELIMIT_STORE_SETTINGS } from '../config/ratelimit-setting-table.ts';
import { type RawStoreSettings, redisFiles, type StoreName, storeSetting } from '../config/redis-files.ts';
import { ChanceryError } from '../lib/errors.ts';
import type { GivenRedis } from '../ratelimit/redis/given-redis.ts';
import type { ReferenceHeaders } from '../ratelimit/reference/reference-reply.ts';
import { readKeySecret, readRedis } from './redis-files.ts';
import type { Terminal } from './terminal.ts';

export type RatelimitFlags = Readonly<Record<string, unknown>>;

export interface RatelimitSettings {
  /** Absolute. */
  readonly directory: string;
  readonly mergeDomains: boolean;
  /** Absent: memory. */
  readonly redis: GivenRedis | undefined;
  /** Absent: made anew, for memory. */
  readonly keySecret: Uint8Array | undefined;
  readonly host: string;
  readonly port: number;
  readonly metricsHost: string;
  /** Absent: none. */
  readonly metricsPort: number | undefined;
  readonly headers: ReferenceHeaders | undefined;
  readonly isShadow: boolean;
  readonly isQuota: boolean;
  readonly hasMetadata: boolean;
  readonly nearRatio: number;
  readonly onStoreFailure: 'local' | 'allow' | 'deny';
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
  readonly logFormat: 'auto' | 'json' | 'pretty';
}

type SharedName = (typeof SHARED)[number];
/** What is said as beside a control plane, by the same flags and variables; the others of that way are refused, for they would do nothing. */
const SHARED = ['host', 'port', 'metricsHost', 'metricsPort', 'logLevel', 'logFormat'] as const;

const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const DEFAULT_HEADERS: ReferenceHeaders = { limit: 'RateLimit-Limit', remaining: 'RateLimit-Remaining', reset: 'RateLimit-Reset' };

export function ratelimitSettings(flags: RatelimitFlags, { cwd, env }: Pick<Terminal, 'cwd' | 'env'>): RatelimitSettings {
  const stray = RATELIMIT_COMPANION_SETTINGS.find(({ name }) => flags[name] !== undefined && !SHARED.some((shared) => shared === name));
  if (stray !== undefined) throw usage(`${stray.flag} is for limits from a control plane`, 'leave it out, or --reference-config');
  const directory = text(flags.referenceConfig);
  if (directory === undefined) throw usage('--reference-config is missing', 'name the directory of the files: --reference-config limits/');
  const stored = storeFlags(flags);
  const setting = (name: StoreName): string | undefined => storeSetting(name, stored, env);
  const redis = redisFiles(stored, env);
  const keySecret = setting('keySecretFile');
  if (redis !== undefined && keySecret === undefined)
    throw usage('--redis needs --key-secret-file', 'all instances of one Redis need one secret: head -c 32 /dev/urandom > limits.key');
  const shared = (name: SharedName): string => sharedSetting(name, flags, env);
  const metricsPort = shared('metricsPort');
  return {
    directory: path.resolve(cwd, directory),
    mergeDomains: flags.mergeDomains === true,
    redis: redis && readRedis(redis, cwd),
    keySecret: keySecret === undefined ? undefined : readKeySecret(keySecret, cwd),
    host: shared('host'),
    port: portOf('--port', shared('port')),
    metricsHost: shared('metricsHost'),
    metricsPort: metricsPort === 'none' ? undefined : portOf('--metrics-port', metricsPort),
    headers: headersOf(flags.referenceHeaders),
    isShadow: flags.shadow === true,
    isQuota: flags.quotaMode === true,
    hasMetadata: flags.referenceMetadata === true,
    nearRatio: ratioOf(setting('nearRatio') ?? '0.8'),
    onStoreFailure: oneOf('--on-store-failure', ['local', 'allow', 'deny'], text(flags.onStoreFailure) ?? 'local'),
    logLevel: oneOf('--log-level', ['debug', 'info', 'warn', 'error'], shared('logLevel')),
    logFormat: oneOf('--log-format', ['auto', 'json', 'pretty'], shared('logFormat')),
  };
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function portOf(flag: string, value: string): number {
  const port = Number(value);
  if (/^\d+$/.test(value) && port <= 65_535) return port;
  throw usage(`${flag} ${value} is no port`, 'a port is a number from 1 to 65535; 0: any free one');
}

function ratioOf(value: string): number {
  const ratio = Number(value);
  if (value !== '' && ratio > 0 && ratio <= 1) return ratio;
  throw usage(`--near-ratio ${value} is no share`, 'a share is above 0 and at most 1, such as 0.8');
}

function sharedSetting(name: SharedName, flags: RatelimitFlags, env: Terminal['env']): string {
  const origin = RATELIMIT_COMPANION_SETTINGS.find((known) => known.name === name);
  const variable = origin && env[origin.variable];
  return text(flags[name]) ?? (variable === '' ? undefined : variable) ?? origin?.fallback ?? '';
}

function oneOf<Word extends string>(flag: string, words: readonly Word[], value: string): Word {
  const found = words.find((word) => word === value);
  if (found !== undefined) return found;
  throw usage(`${flag} ${value} is unknown`, `write ${words.slice(0, -1).join(', ')} or ${words.at(-1)}`);
}

/** `--reference-headers` alone has the reference's names. */
function headersOf(value: unknown): ReferenceHeaders | undefined {
  if (value === true) return DEFAULT_HEADERS;
  const names = text(value);
  if (names === undefined) return undefined;
  const [limit = '', remaining = '', reset = '', ...more] = names.split(',');
  if (more.length === 0 && [limit, remaining, reset].every((name) => HEADER_NAME.test(name))) return { limit, remaining, reset };
  throw usage(`--reference-headers ${names} are not three names of headers`, 'write --reference-headers=LIMIT,REMAINING,RESET');
}

function storeFlags(flags: RatelimitFlags): RawStoreSettings {
  return Object.fromEntries(RATELIMIT_STORE_SETTINGS.map(({ name }) => [name, text(flags[name])]));
}

function usage(message: string, remedy: string): ChanceryError {
  return new ChanceryError('ERR_USAGE', message, { remedy });
}
