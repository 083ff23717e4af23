// The one place that makes clients of Redis; who uses them gets the function handed in.
import { Redis } from 'ioredis';
import type { ClientOptions } from './redis-settings.ts';

/** Connects when it is told to. */
export function connectRedis(options: ClientOptions): Redis {
  return new Redis(options);
}
