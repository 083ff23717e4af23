// PB11, the store's part: CPU of this process for each decision, and Redis commands for each, on one hot key, 1,000 and 100,000 keys (20 hits each),
// in memory and with Redis.
import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { MemoryStore } from '../../dist/ratelimit/memory/memory-store.js';
import { RedisStore } from '../../dist/ratelimit/redis/redis-store.js';
import { CounterKey } from '../../dist/ratelimit/store/counter-key.js';
import { StoreClock } from '../../dist/ratelimit/store/store-clock.js';
import { SILENT_LISTENER } from '../../dist/ratelimit/store/store-listener.js';
import { measure, report } from './measure.mjs';
import { startRedis } from './redis-process.mjs';

const IN_FLIGHT = 512;
const NEVER = { deadlineMs: Number.POSITIVE_INFINITY };
const CASES = [
  { name: 'one hot key', id: 'hot', keys: 1, decisions: 50_000 },
  { name: '1,000 keys', id: '1k', keys: 1_000, decisions: 50_000 },
  { name: '100,000 keys, 20 hits each', id: '100k', keys: 100_000, decisions: 2_000_000 },
];
const LIMIT = { id: 'bench', algorithm: 'fixed', limit: 1e12, periodUs: 31_622_400_000_000, burst: 1, onStoreFailure: 'allow' };

const counts = { requests: 0, commands: 0 };
const listener = {
  ...SILENT_LISTENER,
  batch: (requests, commands) => {
    counts.requests += requests;
    counts.commands += commands;
  },
};
const clock = () => new StoreClock({ wallMs: Date.now, monotonicMs: () => performance.now() });

const server = await startRedis();
const redis = new RedisStore({
  settings: { endpoint: { kind: 'socket', path: server.socket } },
  connect: (options) => new Redis(options),
  clock: clock(),
  listener,
  random: Math.random,
  keySecret: Buffer.from('bench'),
  worker: 'bench',
  timeoutMs: 10_000,
});
while (!redis.readiness().isReady) await new Promise((resolve) => setTimeout(resolve, 5));

const rows = [];
for (const { name, id, keys, decisions } of CASES) {
  const rounds = decisions > 1_000_000 ? { rounds: 1, warmUps: 0 } : {};
  const perRound = {};
  const times = await measure(
    {
      memory: () => {
        const store = new MemoryStore({ clock: clock(), listener: SILENT_LISTENER, random: Math.random });
        const uses = usesOf(keys);
        return { measure: () => takeAll(store, uses, decisions), after: () => store.close() };
      },
      redis: (round) => {
        const uses = usesOf(keys);
        Object.assign(counts, { requests: 0, commands: 0 });
        return {
          measure: () => askAll(redis, uses, decisions),
          after: () => {
            perRound[round] = counts.commands / counts.requests;
          },
        };
      },
    },
    rounds,
  );
  for (const [kind, store] of [
    ['memory', 'memory'],
    ['redis', 'Redis'],
  ]) {
    const { cpuMs, wallMs } = times[kind];
    const taken = row(`the store alone, ${store}, ${name}: µs of CPU`, `store-${kind}-${id}`, (cpuMs.median * 1000) / decisions);
    rows.push({ ...taken, perSecond: (decisions * 1_000) / wallMs.median });
  }
  rows.push(row(`the store alone, Redis, ${name}: commands per decision`, `store-commands-${id}`, Math.max(...Object.values(perRound))));
}
report(rows);
await redis.close();
server.stop();

function usesOf(count) {
  return Array.from({ length: count }, () => [
    { limit: LIMIT, key: new CounterKey(randomBytes(16)), kind: 'take', hits: 1, isShadow: false },
  ]);
}

function takeAll(store, uses, decisions) {
  for (let at = 0; at < decisions; at += 1) store.take(uses[at % uses.length], NEVER);
}

/** So many at once, as over as many streams. */
async function askAll(store, uses, decisions) {
  let sent = 0;
  const client = async () => {
    while (sent < decisions) await store.take(uses[sent++ % uses.length], NEVER);
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, client));
}

function row(name, goalId, value) {
  return { id: 'PB11', name, goalId, count: Math.round(value * 1000) / 1000 };
}
