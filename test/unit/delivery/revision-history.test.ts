import { describe, expect, it } from 'vitest';
import { foldEntries, NO_HISTORY } from '../../../src/delivery/fold-revisions.ts';
import { createRevisionHistory, type RevisionHistory } from '../../../src/delivery/revision-history.ts';
import type { RevisionStore } from '../../../src/delivery/revision-store.ts';
import { createMemoryRevisionStore } from '../../support/memory-revision-store.ts';
import { everyEntry, keptOf, newRevision, SOURCE } from '../../support/revision-store-contract.ts';

function open(store: RevisionStore, options: { readonly limit?: number; readonly failures?: unknown[] } = {}): RevisionHistory {
  const { limit, failures } = options;
  return createRevisionHistory({
    source: SOURCE,
    store,
    onUnwritable: (error) => failures?.push(error),
    ...(limit === undefined ? {} : { limit }),
  });
}

/** Revision `number` as it is accepted, and becomes good. */
function accept(history: RevisionHistory, number: number): void {
  const kept = keptOf(number);
  history.accepted({ ...newRevision(number), version: kept.snapshot.version }, kept);
  history.record({ kind: 'good', number, atMs: number });
}

describe('the history of a gateway', () => {
  it('numbers what is new, and calls the same contents by the same number (D2)', async () => {
    const history = open(createMemoryRevisionStore());
    await history.open();
    const { snapshot } = keptOf(1);
    expect(history.numberOf(snapshot)).toEqual({ number: 1, isNew: true });
    accept(history, 1);
    expect(history.numberOf(snapshot)).toEqual({ number: 1, isNew: false });
    accept(history, 2);
    expect(history.numberOf(keptOf(3).snapshot)).toEqual({ number: 3, isNew: true });
    expect(history.numberOf({ ...keptOf(2).snapshot, gateway: 'renamed' })).toMatchObject({ isNew: true });
  });

  it('is a new revision when an old content comes back: that is a rollback (D4)', async () => {
    const history = open(createMemoryRevisionStore());
    await history.open();
    for (const number of [1, 2, 3]) accept(history, number);
    expect(history.numberOf(keptOf(1).snapshot)).toEqual({ number: 4, isNew: true });
  });

  it('goes on with its numbers, its good revision and its newer one after a restart (B54, D25)', async () => {
    const store = createMemoryRevisionStore();
    const before = open(store);
    await before.open();
    accept(before, 1);
    before.accepted({ ...newRevision(2), version: keptOf(2).snapshot.version }, keptOf(2));
    await before.written();
    const after = open(store);
    const { serving } = await after.open();
    expect(serving).toMatchObject({ good: { revision: 1 }, head: { revision: 2 } });
    expect(after.history).toEqual(before.history);
    expect(after.numberOf(keptOf(2).snapshot)).toEqual({ number: 2, isNew: false });
    expect(after.numberOf(keptOf(3).snapshot)).toEqual({ number: 3, isNew: true });
  });

  it('does not serve again what was withdrawn, nor anything whose snapshot is another one (B55)', async () => {
    const store = createMemoryRevisionStore();
    const before = open(store);
    await before.open();
    accept(before, 1);
    before.accepted({ ...newRevision(2), version: keptOf(2).snapshot.version }, keptOf(2));
    before.record({ kind: 'withdrawn', number: 2, reason: { kind: 'nacks', nodes: 1 }, backTo: 1, atMs: 3 });
    await before.written();
    const { serving } = await open(store).open();
    expect(serving).toMatchObject({ good: { revision: 1 } });
    expect(serving.head).toBeUndefined();
    await store.append(SOURCE, { after: (await store.load(SOURCE)).position, entries: [], snapshots: [keptOf(1, 'another')] });
    expect((await open(store).open()).serving).toEqual({});
  });

  it('remembers 50 revisions, or as many as it is told, and the good one however old it is (D3, P27)', async () => {
    const [store, small] = [createMemoryRevisionStore(), open(createMemoryRevisionStore(), { limit: 3 })];
    const history = open(store);
    await Promise.all([history.open(), small.open()]);
    accept(small, 1);
    for (let number = 2; number <= 9; number += 1) small.accepted(newRevision(number), keptOf(number));
    expect(small.history.revisions.map(({ number }) => number)).toEqual([1, 7, 8, 9]);
    for (let number = 1; number <= 400; number += 1) {
      accept(history, number);
      if (number % 40 === 0) await history.written();
    }
    await history.written();
    expect(history.history.revisions).toHaveLength(50);
    const again = open(store);
    await again.open();
    expect(again.history).toEqual(history.history);
    expect((await store.load(SOURCE)).entries.length).toBeLessThan(1_200);
  });

  it('writes what happens in one turn at once', async () => {
    const store = createMemoryRevisionStore();
    const history = open(store);
    await history.open();
    accept(history, 1);
    history.record(...everyEntry(1).slice(2, 5));
    await history.written();
    expect(await store.load(SOURCE)).toMatchObject({ position: 1, entries: { length: 5 } });
  });

  it('holds nobody up where it cannot be written, tells it once, and has lost nothing when it can again', async () => {
    const store = createMemoryRevisionStore();
    const failures: unknown[] = [];
    let isFull = true;
    const append: RevisionStore['append'] = (source, batch) =>
      isFull ? Promise.reject(new Error('disk full')) : store.append(source, batch);
    const history = open({ ...store, append }, { failures });
    await history.open();
    for (const number of [1, 2]) {
      accept(history, number);
      await history.written();
    }
    expect(failures).toHaveLength(1);
    isFull = false;
    accept(history, 3);
    await history.written();
    const again = open(store);
    expect((await again.open()).serving).toMatchObject({ good: { revision: 3 } });
    expect(again.history).toEqual(history.history);
  });

  it('leaves the history alone that another process writes into the same directory, and tells it once', async () => {
    const store = createMemoryRevisionStore();
    const failures: unknown[] = [];
    const [history, other] = [open(store, { failures }), open(store)];
    await Promise.all([history.open(), other.open()]);
    accept(other, 1);
    await other.written();
    for (const number of [1, 2]) {
      accept(history, number);
      await history.written();
    }
    expect(failures.map(String)).toEqual([expect.stringContaining('another process')]);
    const again = open(store);
    await again.open();
    expect(again.history).toEqual(other.history);
    expect(history.history.revisions).toHaveLength(2);
  });

  it('takes over the last words of a process that ends while it begins', async () => {
    const store = createMemoryRevisionStore();
    const failures: unknown[] = [];
    const ending = open(store);
    await ending.open();
    accept(ending, 1);
    await ending.written();
    const beginning = open(store, { failures });
    await beginning.open();
    ending.record({ kind: 'live', number: 1, nodes: 3, durationMs: 5, atMs: 9 });
    await ending.written();
    accept(beginning, 2);
    await beginning.written();
    expect(failures).toEqual([]);
    const again = open(store);
    await again.open();
    expect(again.history.revisions).toMatchObject([{ number: 1, live: { nodes: 3 } }, { number: 2 }]);
  });

  it('is nothing but its entries, in whatever groups they are folded', () => {
    const entries = [1, 2, 3].flatMap(everyEntry);
    const whole = foldEntries(NO_HISTORY, entries);
    const short = foldEntries(NO_HISTORY, [{ kind: 'base', history: foldEntries(NO_HISTORY, entries.slice(0, 14)) }]);
    expect(foldEntries(short, entries.slice(14))).toEqual(whole);
    expect(whole.revisions.map(({ state }) => state)).toEqual(['withdrawn', 'withdrawn', 'withdrawn']);
  });
});
