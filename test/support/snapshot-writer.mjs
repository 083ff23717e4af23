// Counts in memory and keeps it in a file of the built program, without end (ratelimit R603): tells how many hits are in the file after each write.
import { randomBytes } from 'node:crypto';
import { MemoryStore } from '../../dist/ratelimit/memory/memory-store.js';
import { SnapshotFile } from '../../dist/ratelimit/memory/snapshot-file.js';
import { CounterKey } from '../../dist/ratelimit/store/counter-key.js';
import { StoreClock } from '../../dist/ratelimit/store/store-clock.js';
import { SILENT_LISTENER } from '../../dist/ratelimit/store/store-listener.js';

const store = new MemoryStore({
  clock: new StoreClock({ wallMs: Date.now, monotonicMs: () => performance.now() }),
  listener: SILENT_LISTENER,
  random: Math.random,
});
const kept = await SnapshotFile.open({
  store,
  file: process.argv[2],
  onError: (error) => {
    throw error;
  },
});
const limit = { id: 'kept', algorithm: 'fixed', limit: 1_000_000, burst: 1, periodUs: 366 * 86_400_000_000, onStoreFailure: 'local' };
const use = (key) => ({ limit, key, kind: 'take', hits: 1, isShadow: false });
const counted = use(new CounterKey(Buffer.alloc(16, 7)));
// Enough others that a write takes its time.
for (let other = 0; other < 20_000; other += 1) store.take([use(new CounterKey(randomBytes(16)))]);
process.on('disconnect', () => process.exit(0));
for (;;) {
  store.take([counted]);
  const { used } = await store.read(counted);
  await kept.save();
  process.send({ used });
}
