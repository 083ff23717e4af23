// PB11, the handler: from the bytes of a rate-limit request to the bytes of the answer, counting included; in memory and with Redis; own tables and
// reference ones, one hot key, a thousand, a hundred thousand, and denials.

import { Redis } from 'ioredis';
import { DecisionCounts } from '../../dist/ratelimit/decision-counts.js';
import { createRateLimiter } from '../../dist/ratelimit/handler.js';
import { MemoryStore } from '../../dist/ratelimit/memory/memory-store.js';
import { RedisStore } from '../../dist/ratelimit/redis/redis-store.js';
import { StoreClock } from '../../dist/ratelimit/store/store-clock.js';
import { SILENT_LISTENER } from '../../dist/ratelimit/store/store-listener.js';
import { ownTable, referenceTable, requestsOf } from './limit-requests.mjs';
import { measure, report } from './measure.mjs';
import { startRedis } from './redis-process.mjs';

const DECISIONS = 50_000;
/** As over as many streams. */
const IN_FLIGHT = 512;
const CALL = { deadlineMs: Number.POSITIVE_INFINITY };
const clock = () => new StoreClock({ wallMs: Date.now, monotonicMs: () => performance.now() });

const many = requestsOf(100_000);
const IN_MEMORY = {
  hot: { name: 'one hot key', tables: { own: ownTable(2 ** 40, 'fixed') }, requests: many.slice(0, 1) },
  bucket: { name: 'one hot key, token bucket', tables: { own: ownTable(10_000_000, 'bucket', 1) }, requests: many.slice(0, 1) },
  denied: { name: 'one hot key, denied', tables: { own: ownTable(1, 'fixed') }, requests: many.slice(0, 1) },
  '1k': { name: '1,000 keys', tables: { own: ownTable(2 ** 40, 'fixed') }, requests: many.slice(0, 1_000) },
  '100k': { name: '100,000 keys', tables: { own: ownTable(2 ** 40, 'fixed') }, requests: many },
  reference: { name: 'reference table, 1,000 keys', tables: { reference: referenceTable }, requests: many.slice(0, 1_000) },
};
const WITH_REDIS = {
  hot: { name: 'one hot key', requests: many.slice(0, 1) },
  '1k': { name: '1,000 keys', requests: many.slice(0, 1_000) },
  '100k': { name: '100,000 keys', requests: many },
};
const decisionsOf = (requests) => Math.max(DECISIONS, requests.length);

function handlerOf(store, tables) {
  const limiter = createRateLimiter({
    store,
    tools: { keySecret: Buffer.from('secret'), counts: new DecisionCounts(), nearRatio: 0.8, onStoreFailure: 'local' },
    reference: { isShadow: false, isQuota: false, hasMetadata: false },
    nowMs: Date.now,
    seed: 7,
  });
  limiter.setTables(tables);
  return limiter.handler;
}

function run(handler, requests) {
  const decisions = decisionsOf(requests);
  let answered = 0;
  const count = (answer) => {
    if (answer instanceof Uint8Array) answered += 1;
  };
  for (let index = 0; index < decisions; index += 1) handler(requests[index % requests.length], CALL, count);
  if (answered !== decisions) throw new Error('a request was not answered on the spot');
}

/** So many at once; the next one goes when one is answered. */
function runWaiting(handler, requests) {
  const decisions = decisionsOf(requests);
  let [sent, answered, isSending] = [0, 0, false];
  return new Promise((resolve, reject) => {
    const next = (answer) => {
      if (!(answer instanceof Uint8Array)) return reject(new Error(answer.message));
      answered += 1;
      if (answered === decisions) resolve();
      else send();
    };
    // In a loop, for what is answered on the spot.
    const send = () => {
      if (isSending) return;
      isSending = true;
      while (sent < decisions && sent - answered < IN_FLIGHT) handler(requests[sent++ % requests.length], CALL, next);
      isSending = false;
    };
    send();
  });
}

const counts = { requests: 0, commands: 0 };
const server = await startRedis();
const store = new RedisStore({
  settings: { endpoint: { kind: 'socket', path: server.socket } },
  // The rounds in memory hold up this thread for seconds, in which no answer is read.
  connect: (options) => new Redis({ ...options, socketTimeout: 60_000 }),
  clock: clock(),
  listener: {
    ...SILENT_LISTENER,
    batch: (requests, commands) => {
      counts.requests += requests;
      counts.commands += commands;
    },
  },
  random: Math.random,
  keySecret: Buffer.from('secret'),
  worker: 'bench',
  timeoutMs: 10_000,
});
while (!store.readiness().isReady) await new Promise((resolve) => setTimeout(resolve, 5));

const commands = Object.fromEntries(Object.keys(WITH_REDIS).map((id) => [id, 0]));
const inMemory = Object.entries(IN_MEMORY).map(([id, { tables, requests }]) => {
  const handler = handlerOf(new MemoryStore({ clock: clock(), listener: SILENT_LISTENER, random: Math.random }), tables);
  return [`memory ${id}`, () => ({ measure: () => run(handler, requests) })];
});
const withRedis = Object.entries(WITH_REDIS).map(([id, { requests }]) => {
  const handler = handlerOf(store, { own: ownTable(2 ** 40, 'fixed') });
  const task = (round) => {
    Object.assign(counts, { requests: 0, commands: 0 });
    return {
      measure: () => runWaiting(handler, requests),
      // Before, the ends of counters are set: what a counter costs that is asked once is the store's case.
      after: () => {
        if (round >= 0) commands[id] = Math.max(commands[id], counts.commands / counts.requests);
      },
    };
  };
  return [`redis ${id}`, task];
});
const taken = await measure(Object.fromEntries([...inMemory, ...withRedis]));

const row = (id, goalId, { name, requests }) => ({
  id: 'PB11',
  name: `${name}: µs of CPU`,
  goalId,
  count: Math.round((taken[id].cpuMs.median * 1_000_000) / decisionsOf(requests)) / 1_000,
  perSecond: (decisionsOf(requests) * 1_000) / taken[id].wallMs.median,
});
report([
  ...Object.entries(IN_MEMORY).map(([id, { name, requests }]) =>
    row(`memory ${id}`, `limiter-memory-${id}`, { name: `handler in memory, ${name}`, requests }),
  ),
  ...Object.entries(WITH_REDIS).flatMap(([id, { name, requests }]) => [
    row(`redis ${id}`, `limiter-redis-${id}`, { name: `handler with Redis, ${name}`, requests }),
    {
      id: 'PB11',
      name: `handler with Redis, ${name}: commands per decision`,
      goalId: `limiter-commands-${id}`,
      count: Math.round(commands[id] * 1_000) / 1_000,
    },
  ]),
]);
await store.close();
server.stop();
process.exit(0);
