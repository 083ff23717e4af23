// The store that a table of limits asks for, with the secrets that a companion holds (ratelimit R408, R410, R601): decides which, opens it.
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { Secret } from '../lib/secret.ts';
import { MemoryStore } from '../ratelimit/memory/memory-store.ts';
import { SnapshotFile } from '../ratelimit/memory/snapshot-file.ts';
import { connectRedis } from '../ratelimit/redis/connect.ts';
import { givenRedis } from '../ratelimit/redis/given-redis.ts';
import type { RedisSettings } from '../ratelimit/redis/redis-settings.ts';
import { RedisStore } from '../ratelimit/redis/redis-store.ts';
import { StoreClock } from '../ratelimit/store/store-clock.ts';
import type { StoreListener } from '../ratelimit/store/store-listener.ts';
import type { CounterStore } from '../ratelimit/store.ts';
import type { NamedRedis, StoreSettings } from '../ratelimit/table/decode-store.ts';
import type { RatelimitWorkerSettings } from './ratelimit-worker-settings.ts';

/** Everything that makes one store differ from another. Where `identity` is the same the counters are: it need not be opened anew. */
export type StorePlan = { readonly identity: string; readonly keySecret: Uint8Array } & (
  | { readonly kind: 'memory'; readonly snapshotFile?: string }
  | {
      readonly kind: 'redis';
      readonly settings: RedisSettings;
      /** Tells names, passwords and certificates apart, which may be rotated while the store is open (R1008). */
      readonly credentials: string;
      readonly prefix?: string;
      readonly timeoutMs?: number;
    }
);

export interface OpenStore {
  readonly store: CounterStore;
  /** Takes over the credentials of a plan of the same identity. */
  renew(plan: StorePlan): void;
  close(): Promise<void>;
}

/** A text instead of a plan: what is missing, for the log and /readyz. */
export function planStore(
  store: StoreSettings,
  own: Pick<RatelimitWorkerSettings, 'redis' | 'keySecret'>,
  secretOf: (name: string) => Secret | undefined,
): StorePlan | string {
  const given = own.keySecret === undefined ? undefined : Buffer.from(own.keySecret, 'base64');
  const named = store.keySecretName === undefined ? undefined : secretOf(store.keySecretName);
  const keySecret = given ?? (named === undefined ? undefined : Buffer.from(named.reveal()));
  if (own.redis !== undefined) {
    if (keySecret === undefined) return 'its key secret is not here: --key-secret-file, or rateLimitService.keySecret';
    const { timeoutMs, prefix } = own.redis;
    const told = { ...(timeoutMs === undefined ? {} : { timeoutMs }), ...(prefix === undefined ? {} : { prefix }) };
    return redisPlan(givenRedis(own.redis), keySecret, { ...(store.kind === 'redis' ? store : {}), ...told });
  }
  if (store.kind === 'memory') return memoryPlan(store.snapshotFile, keySecret);
  if (keySecret === undefined) return `the secret ${store.keySecretName} is not here`;
  const missing = secretNames(store).find((name) => secretOf(name) === undefined);
  return missing === undefined ? redisPlan(tableRedis(store, secretOf), keySecret, store) : `the secret ${missing} is not here`;
}

export interface OpeningContext {
  readonly listener: StoreListener;
  readonly isOverloaded: () => boolean;
  readonly onSnapshotError: (error: unknown) => void;
  readonly nowMs: () => number;
  readonly monotonicMs: () => number;
  /** From 0 to below 1. */
  readonly random: () => number;
}

export async function openStore(plan: StorePlan, context: OpeningContext): Promise<OpenStore> {
  const { listener, isOverloaded, onSnapshotError, nowMs, monotonicMs, random } = context;
  const clock = new StoreClock({ wallMs: nowMs, monotonicMs });
  if (plan.kind === 'redis') {
    const { settings, keySecret, prefix, timeoutMs } = plan;
    const store = new RedisStore({
      settings,
      keySecret,
      ...(prefix === undefined ? {} : { prefix }),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      connect: connectRedis,
      clock,
      listener,
      isOverloaded,
      random,
      worker: randomUUID(),
    });
    return {
      store,
      renew: (next) => {
        if (next.kind === 'redis') store.renew(next.settings);
      },
      close: () => store.close(),
    };
  }
  const store = new MemoryStore({ clock, listener, random });
  if (plan.snapshotFile === undefined) return { store, renew: () => undefined, close: () => store.close() };
  const snapshot = await SnapshotFile.open({ store, file: plan.snapshotFile, onError: onSnapshotError });
  return {
    store,
    renew: () => undefined,
    close: async () => {
      await snapshot.close();
      await store.close();
    },
  };
}

/** Counters of a file are found again only with the secret that named them. */
function memoryPlan(snapshotFile: string | undefined, keySecret: Uint8Array | undefined): StorePlan {
  const identity = fingerprint(['memory', snapshotFile ?? ''], keySecret ?? new Uint8Array());
  return {
    kind: 'memory',
    identity,
    keySecret: keySecret ?? randomBytes(32),
    ...(snapshotFile === undefined ? {} : { snapshotFile }),
  };
}

function redisPlan(settings: RedisSettings, keySecret: Uint8Array, { prefix, timeoutMs }: Partial<NamedRedis>): StorePlan {
  const { endpoint, username, password, tls, db } = settings;
  const { password: sentinelPassword, ...place } = endpoint.kind === 'sentinel' ? endpoint : { ...endpoint, password: undefined };
  const secrets = [password, sentinelPassword, tls?.key].map((secret) => secret?.reveal() ?? '');
  // Whether there is TLS is part of where; with which certificates is not.
  const where = [place, db ?? 0, tls !== undefined, prefix ?? '', timeoutMs ?? 0].map((part) => JSON.stringify(part));
  return {
    kind: 'redis',
    identity: fingerprint(['redis', ...where], keySecret),
    credentials: fingerprint([username ?? '', JSON.stringify({ ...tls, key: undefined }), ...secrets], keySecret),
    settings,
    keySecret,
    ...(prefix === undefined ? {} : { prefix }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  };
}

/** Kept in memory only; tells secrets apart without holding them. */
function fingerprint(parts: readonly string[], keySecret: Uint8Array): string {
  return createHash('sha256').update(JSON.stringify(parts)).update('\0').update(keySecret).digest('hex');
}

function secretNames({ passwordName, tls, endpoint }: NamedRedis): readonly string[] {
  const sentinel = endpoint.kind === 'sentinel' ? endpoint.passwordName : undefined;
  return [passwordName, tls?.keyName, sentinel].flatMap((name) => name ?? []);
}

function tableRedis(
  { endpoint, db, username, passwordName, tls }: NamedRedis,
  secretOf: (name: string) => Secret | undefined,
): RedisSettings {
  const password = passwordName === undefined ? undefined : secretOf(passwordName);
  const { keyName, ...plainTls } = tls ?? {};
  const key = keyName === undefined ? undefined : secretOf(keyName);
  return {
    endpoint: endpoint.kind === 'sentinel' ? sentinelOf(endpoint, secretOf) : endpoint,
    db,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(tls === undefined ? {} : { tls: { ...plainTls, ...(key === undefined ? {} : { key }) } }),
  };
}

function sentinelOf(
  { name, hosts, passwordName }: Extract<NamedRedis['endpoint'], { kind: 'sentinel' }>,
  secretOf: (name: string) => Secret | undefined,
): RedisSettings['endpoint'] {
  const password = passwordName === undefined ? undefined : secretOf(passwordName);
  return { kind: 'sentinel', name, hosts, ...(password === undefined ? {} : { password }) };
}
