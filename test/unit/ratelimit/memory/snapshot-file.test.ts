import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MemoryStore } from '../../../../src/ratelimit/memory/memory-store.ts';
import { SnapshotFile } from '../../../../src/ratelimit/memory/snapshot-file.ts';
import { StoreClock } from '../../../../src/ratelimit/store/store-clock.ts';
import { SILENT_LISTENER } from '../../../../src/ratelimit/store/store-listener.ts';
import { use, yearly } from '../../../contract/ratelimit-store-contract.ts';
import { eventually } from '../../../support/eventually.ts';
import { createWorkspace, type Workspace } from '../../../support/workspace.ts';
import { limitOf } from '../store-limit.ts';

const createStore = (): MemoryStore =>
  new MemoryStore({
    clock: new StoreClock({ wallMs: Date.now, monotonicMs: () => performance.now() }),
    listener: SILENT_LISTENER,
    random: Math.random,
  });

describe('a snapshot of memory (ratelimit R603)', () => {
  let workspace: Workspace;
  let file: string;
  const errors: unknown[] = [];
  const open = (store: MemoryStore): Promise<SnapshotFile> => SnapshotFile.open({ store, file, onError: (error) => errors.push(error) });

  beforeEach(async () => {
    workspace = await createWorkspace({});
    file = workspace.path('counters');
    errors.length = 0;
  });
  afterEach(async () => {
    await workspace.remove();
  });

  it('keeps long windows of every algorithm across a restart, and no short ones', async () => {
    const long = (['fixed', 'sliding', 'slidingExact', 'bucket'] as const).map((algorithm) => use(yearly(algorithm, 10), { hits: 3 }));
    const short = use(limitOf({ id: 'short' }));
    const before = createStore();
    const kept = await open(before);
    for (const one of [...long, short]) before.take([one]);
    await kept.close();
    await before.close();

    const after = createStore();
    const again = await open(after);
    for (const one of long) expect((await after.read(one)).used).toBe(3);
    expect((await after.read(short)).used).toBe(0);
    expect(long.map((one) => after.take([{ ...one, hits: 8 }]).isOver)).toEqual([true, true, true, true]);
    expect(errors).toEqual([]);
    await again.close();
    await after.close();
  });

  it('is written each 10 s: a process that is killed loses no more', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const store = createStore();
    const kept = await open(store);
    const one = use(yearly('fixed', 10));
    try {
      store.take([one]);
      await vi.advanceTimersByTimeAsync(9_999);
      expect(existsSync(file)).toBe(false);
      await vi.advanceTimersByTimeAsync(1);
      await eventually(() => readFileSync(file, 'utf8').split('\n').length === 3);
    } finally {
      vi.useRealTimers();
    }
    // As after kill -9: nothing was closed.
    const after = createStore();
    const again = await open(after);
    expect((await after.read(one)).used).toBe(1);
    for (const end of [kept, again]) await end.close();
    for (const end of [store, after]) await end.close();
  });

  it('a file that is no snapshot counts as none, and is written anew', async () => {
    writeFileSync(file, '{"form":"something else"}\n[[0]]\nnonsense');
    const store = createStore();
    const kept = await open(store);
    store.take([use(yearly('fixed', 10))]);
    await kept.close();
    await store.close();
    expect(readFileSync(file, 'utf8').split('\n')[0]).toContain('chancery-counters-1');
    expect(errors).toEqual([]);
  });

  it('a folder that cannot be written is told, and counting goes on', async () => {
    file = workspace.path('missing/counters');
    const store = createStore();
    const kept = await open(store);
    await kept.save();
    expect(errors).toHaveLength(1);
    expect(store.take([use(yearly('fixed', 10))]).isOver).toBe(false);
    await kept.close();
    await store.close();
  });
});
