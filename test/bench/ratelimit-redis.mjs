// PB11, the handler with Redis: from the bytes of a rate-limit request to the bytes of the answer, and how many commands a decision takes. In a
// process of its own: a limiter has one store, and what another one keeps in the heap, and makes of the compiled code, is not its cost.
import { Redis } from 'ioredis';
import { RedisStore } from '../../dist/ratelimit/redis/redis-store.js';
import { SILENT_LISTENER } from '../../dist/ratelimit/store/store-listener.js';
import { CALL, decisionsOf, handlerOf, handlerRow, storeClock } from './limit-handler.mjs';
import { ownTable, requestsOf } from './limit-requests.mjs';
import { measure, report } from './measure.mjs';
import { startRedis } from './redis-process.mjs';

/** As over as many streams. */
const IN_FLIGHT = 512;
const many = requestsOf(100_000);
const CASES = {
  hot: { name: 'one hot key', requests: many.slice(0, 1) },
  '1k': { name: '1,000 keys', requests: many.slice(0, 1_000) },
  '100k': { name: '100,000 keys', requests: many },
};

/** So many at once; the next one goes when one is answered. */
function run(handler, requests) {
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
  connect: (options) => new Redis(options),
  clock: storeClock(),
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

const commands = Object.fromEntries(Object.keys(CASES).map((id) => [id, 0]));
const tasks = Object.entries(CASES).map(([id, { requests }]) => {
  const handler = handlerOf(store, { own: ownTable(2 ** 40, 'fixed') });
  const task = (round) => {
    Object.assign(counts, { requests: 0, commands: 0 });
    return {
      measure: () => run(handler, requests),
      // Before, the ends of counters are set: what a counter costs that is asked once is the store's case.
      after: () => {
        if (round >= 0) commands[id] = Math.max(commands[id], counts.commands / counts.requests);
      },
    };
  };
  return [id, task];
});
const taken = await measure(Object.fromEntries(tasks));
report(
  Object.entries(CASES).flatMap(([id, { name, requests }]) => {
    const parts = { name: `handler with Redis, ${name}`, goalId: `limiter-redis-${id}`, decisions: decisionsOf(requests) };
    const count = Math.round(commands[id] * 1_000) / 1_000;
    return [
      handlerRow(parts, taken[id]),
      { id: 'PB11', name: `${parts.name}: commands per decision`, goalId: `limiter-commands-${id}`, count },
    ];
  }),
);
await store.close();
server.stop();
process.exit(0);
