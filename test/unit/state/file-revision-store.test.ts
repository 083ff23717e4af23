import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CompactBatch, RevisionBatch } from '../../../src/delivery/revision-store.ts';
import { createFileRevisionStore } from '../../../src/state/file-revision-store.ts';
import { nodeStateFiles, type StateFiles } from '../../../src/state/state-files.ts';
import { everyEntry, keptOf, newRevision, SOURCE } from '../../support/revision-store-contract.ts';

/** The process dies at the `at`-th change: half of the bytes, or nothing, and nothing after it. */
function dyingAt(at: number): { readonly files: StateFiles; readonly changes: () => number } {
  let changes = 0;
  const change = async (whole: () => Promise<void>, half: () => Promise<void> = async () => undefined): Promise<void> => {
    changes += 1;
    if (changes > at) throw new Error('dead');
    if (changes < at) return whole();
    await half();
    throw new Error('killed');
  };
  const files: StateFiles = {
    ...nodeStateFiles,
    makeDirectory: (directory) => change(() => nodeStateFiles.makeDirectory(directory)),
    write: (file, bytes) =>
      change(
        () => nodeStateFiles.write(file, bytes),
        () => nodeStateFiles.write(file, bytes.subarray(0, bytes.length / 2)),
      ),
    append: (file, offset, bytes) =>
      change(
        () => nodeStateFiles.append(file, offset, bytes),
        () => nodeStateFiles.append(file, offset, bytes.subarray(0, bytes.length / 2)),
      ),
    rename: (from, to) => change(() => nodeStateFiles.rename(from, to)),
    sync: (directory) => change(() => nodeStateFiles.sync(directory)),
    remove: (file) => change(() => nodeStateFiles.remove(file)),
  };
  return { files, changes: () => changes };
}

describe('revisions in files', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(path.join(tmpdir(), 'chancery-revisions-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  const fileOf = (name: string): string => path.join(directory, readdirSync(directory)[0] ?? '', name);

  /** Two writes that stand, then one more that is cut off at each of its changes in turn. */
  async function cutEverywhere(kind: 'append' | 'compact', batch: RevisionBatch & CompactBatch): Promise<void> {
    for (let at = 1; ; at += 1) {
      rmSync(directory, { recursive: true, force: true });
      const before = createFileRevisionStore(directory);
      await before.append(SOURCE, { after: 0, entries: everyEntry(1), snapshots: [keptOf(1)], keep: new Set([1]) });
      const { files, changes } = dyingAt(at);
      const dying = createFileRevisionStore(directory, files);
      const isWhole = await dying[kind](SOURCE, batch).then(
        () => true,
        () => false,
      );
      const after = createFileRevisionStore(directory);
      const kept = await after.load(SOURCE);
      expect(kept.damage).toEqual([]);
      const wanted = kind === 'append' ? [...everyEntry(1), ...batch.entries] : batch.entries;
      const allowed = isWhole ? [wanted] : [everyEntry(1), wanted];
      expect(allowed).toContainEqual(kept.entries);
      // Whatever the entries say was accepted has its snapshot, and the good one of before stays until something else is in force.
      const numbers = kept.snapshots.map(({ revision }) => revision);
      expect(numbers).toContain(1);
      if (kept.entries.length > everyEntry(1).length) expect(numbers).toContain(2);
      expect(await after.append(SOURCE, { after: kept.position, entries: [{ kind: 'released', atMs: 9 }] })).toMatchObject({
        kind: 'written',
      });
      expect((await createFileRevisionStore(directory).load(SOURCE)).entries).toEqual([...kept.entries, { kind: 'released', atMs: 9 }]);
      if (isWhole) {
        expect(changes()).toBeGreaterThan(3);
        return;
      }
    }
  }

  it('are as before or complete when a write is cut off at any of its steps (D3, D25)', async () => {
    const texts = [{ id: 'c'.repeat(64), files: [{ file: SOURCE, text: 'gateway: edge' }] }];
    const entries = [{ kind: 'accepted', revision: newRevision(2) }, ...everyEntry(2).slice(1, 3)] as const;
    await cutEverywhere('append', { after: 1, entries, snapshots: [keptOf(2)], keep: new Set([1]), texts } as never);
  });

  it('are as before or short when making them short is cut off at any of its steps (D3)', async () => {
    const history = { revisions: [], quarantine: { entries: [] } };
    await cutEverywhere('compact', { after: 1, entries: [{ kind: 'base', history }], texts: new Set() } as never);
  });

  it('are readable by their owner only, for the snapshots hold private keys', async () => {
    await createFileRevisionStore(directory).append(SOURCE, { after: 0, entries: everyEntry(1), snapshots: [keptOf(1)] });
    expect(statSync(fileOf('log')).mode & 0o077).toBe(0);
    expect(statSync(fileOf('1.snapshot')).mode & 0o077).toBe(0);
  });

  it('are read on behind a line that was changed on the disk, and it is told', async () => {
    const store = createFileRevisionStore(directory);
    await store.append(SOURCE, { after: 0, entries: [{ kind: 'released', atMs: 1 }] });
    await store.append(SOURCE, { after: 1, entries: [{ kind: 'released', atMs: 2 }] });
    await store.append(SOURCE, { after: 2, entries: [{ kind: 'released', atMs: 3 }] });
    writeFileSync(fileOf('log'), readFileSync(fileOf('log'), 'utf8').replace('"atMs":2', '"atMs":7'));
    const kept = await createFileRevisionStore(directory).load(SOURCE);
    expect(kept.entries).toEqual([
      { kind: 'released', atMs: 1 },
      { kind: 'released', atMs: 3 },
    ]);
    expect(kept.damage).toMatchObject([{ reason: expect.stringContaining('1 of its lines') }]);
  });

  it('are begun anew where the log is another program’s, and it is told', async () => {
    const store = createFileRevisionStore(directory);
    await store.append(SOURCE, { after: 0, entries: everyEntry(1), snapshots: [keptOf(1)] });
    writeFileSync(fileOf('log'), 'something else\n');
    const again = createFileRevisionStore(directory);
    const kept = await again.load(SOURCE);
    expect(kept).toMatchObject({ entries: [], damage: [{ reason: expect.stringContaining('does not begin') }] });
    await again.append(SOURCE, { after: kept.position, entries: [{ kind: 'released', atMs: 1 }] });
    expect(await createFileRevisionStore(directory).load(SOURCE)).toMatchObject({ entries: [{ kind: 'released' }], damage: [] });
  });

  it('pass over a snapshot that is cut off or changed, and tell it', async () => {
    await createFileRevisionStore(directory).append(SOURCE, { after: 0, entries: everyEntry(1), snapshots: [keptOf(1)] });
    const whole = readFileSync(fileOf('1.snapshot'));
    for (const bytes of [
      Buffer.alloc(0),
      whole.subarray(0, whole.length - 1),
      Buffer.concat([whole.subarray(0, 120), whole.subarray(121)]),
    ]) {
      writeFileSync(fileOf('1.snapshot'), bytes);
      const kept = await createFileRevisionStore(directory).load(SOURCE);
      expect(kept.snapshots).toEqual([]);
      expect(kept.damage).toHaveLength(1);
    }
  });
});
