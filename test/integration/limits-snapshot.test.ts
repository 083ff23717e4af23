// Counters in memory whose process is killed (ratelimit R603): what was written is found again, whenever it is killed, and nothing that never was.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { MemoryStore } from '../../src/ratelimit/memory/memory-store.ts';
import { restoreSnapshot } from '../../src/ratelimit/memory/snapshot.ts';
import { CounterKey } from '../../src/ratelimit/store/counter-key.ts';
import { StoreClock } from '../../src/ratelimit/store/store-clock.ts';
import { SILENT_LISTENER } from '../../src/ratelimit/store/store-listener.ts';
import { YEAR_US } from '../contract/ratelimit-store-contract.ts';
import { REPOSITORY } from '../support/envoy-binary.ts';
import { createWorkspace } from '../support/workspace.ts';
import { limitOf } from '../unit/ratelimit/store-limit.ts';

const KILLS = 4;

it('kill -9 in the middle of a write leaves the file of the write before: a restart counts on from there', async () => {
  const workspace = await createWorkspace({});
  const file = workspace.path('counters');
  let inFile = 0;
  for (let kill = 0; kill < KILLS; kill += 1) {
    const child = fork(path.join(REPOSITORY, 'test/support/snapshot-writer.mjs'), [file]);
    const ended = once(child, 'exit');
    const first = inFile;
    child.on('message', ({ used }: { readonly used: number }) => {
      inFile = used;
      // At another place of the next write each time.
      if (used >= first + 3) setTimeout(() => child.kill('SIGKILL'), kill * 7);
    });
    await ended;
    expect(inFile).toBeGreaterThanOrEqual(first + 3);
    const used = await usedIn(await readFile(file, 'utf8'));
    // A write may have ended that could not be told of any more.
    expect(used).toBeGreaterThanOrEqual(inFile);
    expect(used).toBeLessThanOrEqual(inFile + 2);
    inFile = used;
  }
  expect((await readdir(path.dirname(file))).filter((name) => name.startsWith('counters')).length).toBeLessThanOrEqual(2);
  await workspace.remove();
});

async function usedIn(text: string): Promise<number> {
  const store = new MemoryStore({
    clock: new StoreClock({ wallMs: Date.now, monotonicMs: () => performance.now() }),
    listener: SILENT_LISTENER,
    random: Math.random,
  });
  expect(restoreSnapshot(store, text)).toBe(true);
  const limit = limitOf({ id: 'kept', limit: 1_000_000, periodUs: YEAR_US });
  const { used } = await store.read({ limit, key: new CounterKey(Buffer.alloc(16, 7)) });
  await store.close();
  return used;
}
