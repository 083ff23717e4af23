// One worker of the exactness tests: a process of its own with a Redis store of the built program. Takes as many hits as it is told, over so many
// clients at once, and tells what passed.
import { createHash } from 'node:crypto';
import { Redis } from 'ioredis';
import { RedisStore } from '../../dist/ratelimit/redis/redis-store.js';
import { CounterKey } from '../../dist/ratelimit/store/counter-key.js';
import { StoreClock } from '../../dist/ratelimit/store/store-clock.js';
import { SILENT_LISTENER } from '../../dist/ratelimit/store/store-listener.js';

let gaveBack = 0;
const store = new RedisStore({
  settings: { endpoint: JSON.parse(process.argv[2]) },
  connect: (options) => new Redis(options),
  clock: new StoreClock({ wallMs: Date.now, monotonicMs: () => performance.now() }),
  listener: {
    ...SILENT_LISTENER,
    gaveBack: (hits) => {
      gaveBack += hits;
    },
  },
  random: Math.random,
  keySecret: Buffer.from('exactness'),
  worker: `worker-${process.pid}`,
  timeoutMs: 10_000,
});

const waiting = setInterval(() => {
  if (!store.readiness().isReady) return;
  clearInterval(waiting);
  void store.heartbeat().then(() => process.send('ready'));
}, 5);

process.on('message', (job) => void work(job));

async function work(job) {
  const keys = Array.from({ length: job.keys }, (_, at) => job.limits.map((limit) => keyOf(`${job.name} ${limit.id} ${at}`)));
  const passed = [];
  const byKey = keys.map(() => 0);
  let sent = 0;
  gaveBack = 0;
  const client = async () => {
    while (sent < job.requests) {
      sent += 1;
      const number = sent % keys.length;
      const uses = job.limits.map((limit, at) => ({ limit, key: keys[number][at], kind: 'take', hits: job.hits, isShadow: false }));
      const answer = await store.take(uses, { deadlineMs: Number.POSITIVE_INFINITY });
      if (answer.source === 'failure') throw new Error(`not decided: ${answer.failure}`);
      if (!answer.isOver) {
        passed.push(answer.outcomes[0].remaining);
        byKey[number] += 1;
        if (job.isTold) process.send({ passed: 1 });
      }
    }
  };
  await Promise.all(Array.from({ length: job.clients }, client));
  process.send({ done: passed, byKey, gaveBack });
}

process.on('disconnect', () => process.exit(0));

function keyOf(text) {
  return new CounterKey(createHash('sha256').update(text).digest());
}
