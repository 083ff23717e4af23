// Redis stores for tests, and what they told.
import { Redis } from 'ioredis';
import { RedisStore } from '../../src/ratelimit/redis/redis-store.ts';
import type { RedisStoreOptions } from '../../src/ratelimit/redis/redis-store-options.ts';
import { StoreClock } from '../../src/ratelimit/store/store-clock.ts';
import type { StoreListener } from '../../src/ratelimit/store/store-listener.ts';
import { eventually } from './eventually.ts';

export interface Told {
  requests: number;
  commands: number;
  overLimitHits: number;
  lost: number;
  gaveBack: number;
  reconciled: number;
  readonly breaker: boolean[];
  readonly errors: string[];
  readonly policies: string[];
  jumps: number;
  /** Hashes of counters that let hits pass again. */
  readonly changed: string[];
}

export interface TestStore {
  readonly store: RedisStore;
  readonly told: Told;
}

const SECRET = Buffer.from('a secret for tests');
let workers = 0;

/** A store that has connected, unless `isReady` is false. */
export async function startStore(
  settings: RedisStoreOptions['settings'],
  options: Partial<RedisStoreOptions> & { readonly isReady?: boolean } = {},
): Promise<TestStore> {
  const told: Told = {
    requests: 0,
    commands: 0,
    overLimitHits: 0,
    lost: 0,
    gaveBack: 0,
    reconciled: 0,
    breaker: [],
    errors: [],
    policies: [],
    jumps: 0,
    changed: [],
  };
  workers += 1;
  const store = new RedisStore({
    settings,
    connect: (parts) => new Redis(parts),
    clock: new StoreClock({ wallMs: Date.now, monotonicMs: () => performance.now() }),
    listener: listenerOf(told),
    random: Math.random,
    keySecret: SECRET,
    worker: `worker-${process.pid}-${workers}`,
    timeoutMs: 1_000,
    ...options,
  });
  if (options.isReady !== false) await becomesReady(store);
  return { store, told };
}

export async function becomesReady(store: RedisStore): Promise<void> {
  const isReady = (): boolean => {
    const readiness = store.readiness();
    if (!readiness.isReady) throw new Error(readiness.reason);
    return true;
  };
  await eventually(isReady, { what: 'a store that is ready' });
}

function listenerOf(told: Told): StoreListener {
  return {
    batch: (requests, commands) => {
      told.requests += requests;
      told.commands += commands;
    },
    batchEnded: () => undefined,
    overLimitHit: () => {
      told.overLimitHits += 1;
    },
    redisError: (kind) => {
      told.errors.push(kind);
    },
    breaker: (isOpen) => {
      told.breaker.push(isOpen);
    },
    clockOffset: (_seconds, isJump) => {
      if (isJump) told.jumps += 1;
    },
    counterLost: () => {
      told.lost += 1;
    },
    gaveBack: (hits) => {
      told.gaveBack += hits;
    },
    reconciled: (hits) => {
      told.reconciled += hits;
    },
    evictionPolicy: (policy) => {
      if (policy !== undefined || told.policies.length > 0) told.policies.push(policy ?? 'none');
    },
    changed: (hash) => void told.changed.push(hash),
    keys: () => undefined,
    evicted: () => undefined,
    overflowed: () => undefined,
  };
}
