// Opens the store that `chancery ratelimit` counts in: memory for one instance, or Redis (ratelimit R601, R408).
import { randomUUID } from 'node:crypto';
import { MemoryStore } from '../ratelimit/memory/memory-store.ts';
import { connectRedis } from '../ratelimit/redis/connect.ts';
import { givenRedis } from '../ratelimit/redis/given-redis.ts';
import { RedisStore } from '../ratelimit/redis/redis-store.ts';

import { StoreClock } from '../ratelimit/store/store-clock.ts';
import type { StoreListener } from '../ratelimit/store/store-listener.ts';
import type { CounterStore } from '../ratelimit/store.ts';
import type { RatelimitSettings } from './ratelimit-settings.ts';

export interface StoreContext {
  readonly keySecret: Uint8Array;
  readonly listener: StoreListener;
  readonly isOverloaded: () => boolean;
}

export function openStore({ redis }: Pick<RatelimitSettings, 'redis'>, context: StoreContext): CounterStore {
  const clock = new StoreClock({ wallMs: Date.now, monotonicMs: () => performance.now() });
  if (redis === undefined) return new MemoryStore({ clock, listener: context.listener, random: Math.random });
  const { timeoutMs, prefix } = redis;
  return new RedisStore({
    ...context,
    settings: givenRedis(redis),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(prefix === undefined ? {} : { prefix }),
    connect: connectRedis,
    clock,
    random: Math.random,
    worker: randomUUID(),
  });
}
