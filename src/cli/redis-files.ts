// A Redis by flags and variables, with the files that they name read (ratelimit R408).
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { RedisFiles } from '../config/redis-files.ts';
import { ChanceryError } from '../lib/errors.ts';
import { type GivenRedis, givenRedis } from '../ratelimit/redis/given-redis.ts';
import { readOrRefuse } from './companion-files.ts';

const LEAST_SECRET_BYTES = 16;

/** Throws ERR_USAGE. What is no address is told here, not by a worker. */
export function readRedis(files: RedisFiles, cwd: string): GivenRedis {
  const { url, ca, cert, key, serverName, timeoutMs, prefix } = files;
  const text = (file: string): string => readOrRefuse(path.resolve(cwd, file), 'towards Redis').toString('utf8');
  const password = files.password ?? (files.passwordFile && withoutLineBreak(text(files.passwordFile)));
  const sentinelPassword = files.sentinelPassword ?? (files.sentinelPasswordFile && withoutLineBreak(text(files.sentinelPasswordFile)));
  const given: GivenRedis = {
    url,
    ...(password === undefined ? {} : { password }),
    ...(sentinelPassword === undefined ? {} : { sentinelPassword }),
    ...(ca === undefined ? {} : { ca: text(ca) }),
    ...(cert === undefined ? {} : { cert: text(cert) }),
    ...(key === undefined ? {} : { key: text(key) }),
    ...(serverName === undefined ? {} : { serverName }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(prefix === undefined ? {} : { prefix }),
  };
  givenRedis(given);
  return given;
}

/** The secret that names of counters are hashed with (R410). Throws ERR_USAGE. */
export function readKeySecret(file: string, cwd: string): Buffer {
  const secret = readFileSync(path.resolve(cwd, file));
  if (secret.length >= LEAST_SECRET_BYTES) return secret;
  throw new ChanceryError('ERR_USAGE', `${file} holds fewer than ${LEAST_SECRET_BYTES} bytes`, {
    remedy: 'make one: head -c 32 /dev/urandom > limits.key',
  });
}

function withoutLineBreak(text: string): string {
  return text.replace(/\r?\n$/, '');
}
