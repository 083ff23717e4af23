// A memory store of the built program in a process of its own, flooded with keys (ratelimit R601, R602, R1009): what it holds, byte by byte, and whether
// one key that is over its limit stays denied. Arguments: keys that it may hold, keys that come, algorithm. Run with --expose-gc.
import { MemoryStore } from '../../dist/ratelimit/memory/memory-store.js';
import { CounterKey } from '../../dist/ratelimit/store/counter-key.js';
import { StoreClock } from '../../dist/ratelimit/store/store-clock.js';
import { SILENT_LISTENER } from '../../dist/ratelimit/store/store-listener.js';

const [maxKeys, keys, algorithm] = [Number(process.argv[2]), Number(process.argv[3]), process.argv[4]];
const MIB = 2 ** 20;
const told = { evicted: 0, overflowed: 0 };
const before = used();
const store = new MemoryStore({
  clock: new StoreClock({ wallMs: Date.now, monotonicMs: () => performance.now() }),
  listener: {
    ...SILENT_LISTENER,
    evicted: () => {
      told.evicted += 1;
    },
    overflowed: () => {
      told.overflowed += 1;
    },
  },
  random: Math.random,
  maxKeys,
});
const limit = { id: 'flood', algorithm, limit: 10, burst: 10, periodUs: 366 * 86_400_000_000, onStoreFailure: 'local' };
const hot = useOf(keys + 1);
let hotPassed = 0;
for (let hit = 0; hit < 20; hit += 1) if (!store.take([hot]).isOver) hotPassed += 1;

const samples = [];
for (let key = 1; key <= keys; key += 1) {
  store.take([useOf(key)]);
  if (key % Math.max(1, Math.floor(keys / 100)) === 0 && !store.take([hot]).isOver) hotPassed += 1;
  if (key % maxKeys === 0) {
    const now = used();
    samples.push({
      keys: key,
      held: store.contents.table.count,
      bytesPerKey: (now.arrayBuffers - before.arrayBuffers) / maxKeys,
      heapMiB: (now.heapUsed - before.heapUsed) / MIB,
      rssMiB: now.rss / MIB,
    });
  }
}
process.stdout.write(JSON.stringify({ samples, hotPassed, ...told }));
await store.close();

function used() {
  globalThis.gc();
  globalThis.gc();
  return process.memoryUsage();
}

/** Keys are hashes: any bits do, as long as all of them are used. */
function useOf(number) {
  const bytes = Buffer.alloc(16);
  for (let word = 0; word < 4; word += 1) bytes.writeUInt32BE(mixed(number * 4 + word), word * 4);
  return { limit, key: new CounterKey(bytes), kind: 'take', hits: 1, isShadow: false };
}

function mixed(number) {
  let bits = Math.imul(number ^ (number >>> 16), 0x7feb352d);
  bits = Math.imul(bits ^ (bits >>> 15), 0x846ca68b);
  return (bits ^ (bits >>> 16)) >>> 0;
}
