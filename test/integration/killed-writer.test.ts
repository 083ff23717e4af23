// A process that writes revisions is killed again and again, at random moments: what it said was written is there, and nothing is half there (D3, D25).
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFileRevisionStore } from '../../src/state/file-revision-store.ts';
import { startChild } from '../support/child.ts';
import { REPOSITORY } from '../support/envoy-binary.ts';
import { SOURCE } from '../support/revision-store-contract.ts';

// Node starts no TypeScript.
const COMPILED = path.join(REPOSITORY, 'dist/state/file-revision-store.js');
if (!existsSync(COMPILED)) throw new Error('dist/state/file-revision-store.js is missing: run `npm run build` first');

/** Writes one after the other, now and then in the short form, and says after each what is there for sure. */
const WRITER = `
  const [compiled, directory, source] = process.argv.slice(1);
  const { createFileRevisionStore } = await import(compiled);
  const store = createFileRevisionStore(directory);
  let { position, entries } = await store.load(source);
  let count = entries.reduce((sum, entry) => entry.kind === 'released' ? entry.atMs : sum, 0);
  for (;;) {
    count += 1;
    const entry = { kind: 'released', atMs: count };
    const texts = [{ id: String(count % 7).repeat(64), files: [{ file: source, text: 'x'.repeat(count % 1000) }] }];
    const write = count % 20 === 0
      ? store.compact(source, { after: position, entries: [entry], texts: new Set() })
      : store.append(source, { after: position, entries: [entry], texts });
    const outcome = await write;
    if (outcome.kind !== 'written') throw new Error('conflict');
    position = outcome.position;
    process.stdout.write('written ' + count + '\\n');
  }
`;

const KILLS = 25;

describe('revisions in files whose writer is killed', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(path.join(tmpdir(), 'chancery-killed-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it(`are whole after each of ${KILLS} kills, with everything that was said to be written (D3, D25)`, async () => {
    let last = 0;
    for (let kill = 0; kill < KILLS; kill += 1) {
      const writer = startChild(process.execPath, [
        '--input-type=module',
        '--eval',
        WRITER,
        pathToFileURL(COMPILED).href,
        directory,
        SOURCE,
      ]);
      await writer.waitFor(/written \d+/);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 30));
      writer.signal('SIGKILL');
      await writer.exited;
      const told = [...writer.stdout().matchAll(/^written (\d+)$/gm)].map(([, count]) => Number(count));
      const { entries, damage } = await createFileRevisionStore(directory).load(SOURCE);
      expect(damage).toEqual([]);
      const counts = entries.flatMap((entry) => (entry.kind === 'released' ? [entry.atMs] : []));
      const newest = counts.at(-1) ?? 0;
      expect(newest).toBeGreaterThanOrEqual(Math.max(last, ...told));
      expect(newest).toBeLessThanOrEqual(Math.max(last, ...told) + 1);
      expect(counts).toEqual(counts.map((_, index) => (counts[0] ?? 0) + index));
      last = newest;
    }
  });
});
