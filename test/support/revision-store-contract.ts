// What every store of revisions must hold (D3), whatever it keeps them in.
import { describe, expect, it } from 'vitest';
import { foldEntries, NO_HISTORY } from '../../src/delivery/fold-revisions.ts';
import type { NewRevision, RevisionEntry } from '../../src/delivery/revision.ts';
import type { KeptSnapshot, RevisionStore } from '../../src/delivery/revision-store.ts';
import { DEFAULT_ROLLOUT } from '../../src/model/defaults.ts';
import { testSnapshot } from './snapshots.ts';

export const SOURCE = '/etc/chancery/edge.yaml';

export interface StoreUnderTest {
  readonly store: RevisionStore;
  /** As another process sees it, or this one after a restart. */
  reopen(): RevisionStore;
}

export function newRevision(number: number): NewRevision {
  const common = { gateway: 'edge', author: 'ada', message: '', files: [SOURCE] };
  return { ...common, number, version: `v${number}`, contentHash: `hash ${number}`, acceptedAtMs: number };
}

export function keptOf(revision: number, content = `content ${revision}`): KeptSnapshot {
  const snapshot = testSnapshot('edge', { Cluster: { orders: content }, Secret: { key: content } });
  const shape = { listeners: ['http'], services: ['orders'], hosts: { '*': ['orders'] } };
  return { revision, snapshot, contentHash: `hash ${revision}`, acceptedAtMs: revision, settings: DEFAULT_ROLLOUT, shape };
}

/** One of each kind. */
export function everyEntry(number: number): readonly RevisionEntry[] {
  const nack = {
    nodeId: 'n1',
    typeUrl: 'type',
    resources: [{ name: 'orders', version: 'x' }],
    message: 'no',
    place: 'edge.yaml:3',
    atMs: 1,
  };
  return [
    { kind: 'accepted', revision: newRevision(number) },
    { kind: 'texts', number, texts: 'a'.repeat(64) },
    { kind: 'wave', number, wave: { step: 1, asked: 1, isEveryone: false, atMs: 1 } },
    { kind: 'stale', number, nodes: ['n2'] },
    { kind: 'nack', number, nack },
    { kind: 'good', number, atMs: 2 },
    { kind: 'live', number, nodes: 3, durationMs: 40, atMs: 2 },
    { kind: 'superseded', number, by: number + 1, atMs: 3 },
    { kind: 'withdrawn', number, reason: { kind: 'error5xx', percent: 12.5, requests: 80 }, backTo: 1, atMs: 4 },
    { kind: 'quarantined', entries: [{ ...nack, revision: number }] },
    { kind: 'released', atMs: 5 },
  ];
}

export function describeRevisionStore(name: string, create: () => Promise<StoreUnderTest>): void {
  describe(`revisions kept ${name} (D3)`, () => {
    it('are nothing at first', async () => {
      const { store } = await create();
      expect(await store.load(SOURCE)).toMatchObject({ entries: [], snapshots: [], damage: [] });
    });

    it('come back as they were written, after a restart too', async () => {
      const { store, reopen } = await create();
      const entries = everyEntry(1);
      const { position } = await store.load(SOURCE);
      expect(await store.append(SOURCE, { after: position, entries, snapshots: [keptOf(1)] })).toMatchObject({ kind: 'written' });
      const kept = await reopen().load(SOURCE);
      expect(kept.entries).toEqual(entries);
      expect(kept.damage).toEqual([]);
      const [snapshot] = kept.snapshots;
      expect(snapshot).toMatchObject({ revision: 1, contentHash: 'hash 1', settings: DEFAULT_ROLLOUT, shape: keptOf(1).shape });
      for (const [typeUrl, { version, resources }] of keptOf(1).snapshot.views) {
        const view = snapshot?.snapshot.views.get(typeUrl);
        expect(view?.version).toBe(version);
        expect([...(view?.resources.values() ?? [])]).toEqual([...resources.values()]);
      }
    });

    it('are kept apart by source', async () => {
      const { store } = await create();
      await store.append(SOURCE, { after: 0, entries: everyEntry(1) });
      expect((await store.load('/etc/other/edge.yaml')).entries).toEqual([]);
    });

    it('let only the snapshots stay that are wanted', async () => {
      const { store, reopen } = await create();
      await store.append(SOURCE, { after: 0, entries: [], snapshots: [keptOf(1)], keep: new Set() });
      await store.append(SOURCE, { after: 1, entries: [], snapshots: [keptOf(2)], keep: new Set([1]) });
      await store.append(SOURCE, { after: 2, entries: [], snapshots: [keptOf(3)], keep: new Set([2]) });
      expect(new Set((await reopen().load(SOURCE)).snapshots.map(({ revision }) => revision))).toEqual(new Set([2, 3]));
    });

    it('keep the texts of files by their id as long as they are wanted', async () => {
      const { store, reopen } = await create();
      const texts = ['a', 'b'].map((letter) => ({ id: letter.repeat(64), files: [{ file: SOURCE, text: `gateway: ${letter}` }] }));
      await store.append(SOURCE, { after: 0, entries: [], texts });
      expect(await reopen().texts(SOURCE, 'a'.repeat(64))).toEqual(texts[0]);
      await store.compact(SOURCE, { after: 1, entries: [], texts: new Set(['b'.repeat(64)]) });
      expect(await reopen().texts(SOURCE, 'a'.repeat(64))).toBeUndefined();
      expect(await reopen().texts(SOURCE, 'b'.repeat(64))).toEqual(texts[1]);
    });

    it('are made short without losing what they say', async () => {
      const { store, reopen } = await create();
      await store.append(SOURCE, { after: 0, entries: everyEntry(1), snapshots: [keptOf(1)] });
      const history = foldEntries(NO_HISTORY, everyEntry(1));
      expect(await store.compact(SOURCE, { after: 1, entries: [{ kind: 'base', history }], texts: new Set() })).toEqual({
        kind: 'written',
        position: 2,
      });
      await store.append(SOURCE, { after: 2, entries: [{ kind: 'accepted', revision: newRevision(2) }] });
      const kept = await reopen().load(SOURCE);
      expect(kept).toMatchObject({ position: 3, damage: [], snapshots: [{ revision: 1 }] });
      expect(foldEntries(NO_HISTORY, kept.entries).revisions.map(({ number }) => number)).toEqual([1, 2]);
    });

    it('take no write of one who has not seen the newest: two writers never interleave', async () => {
      const { store, reopen } = await create();
      const other = reopen();
      await Promise.all([store.load(SOURCE), other.load(SOURCE)]);
      expect(await store.append(SOURCE, { after: 0, entries: everyEntry(1) })).toEqual({ kind: 'written', position: 1 });
      expect(await other.append(SOURCE, { after: 0, entries: everyEntry(9) })).toEqual({ kind: 'conflict' });
      expect(await other.compact(SOURCE, { after: 0, entries: [], texts: new Set() })).toEqual({ kind: 'conflict' });
      expect((await other.load(SOURCE)).entries).toEqual(everyEntry(1));
      expect(await other.append(SOURCE, { after: 1, entries: everyEntry(2) })).toEqual({ kind: 'written', position: 2 });
    });
  });
}
