import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll } from 'vitest';
import { createFileRevisionStore } from '../../../src/state/file-revision-store.ts';
import { createMemoryRevisionStore } from '../../support/memory-revision-store.ts';
import { describeRevisionStore } from '../../support/revision-store-contract.ts';

const directories: string[] = [];
afterAll(() => {
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});

describeRevisionStore('in files', async () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'chancery-revisions-'));
  directories.push(directory);
  const open = () => createFileRevisionStore(path.join(directory, 'below', 'revisions'));
  return { store: open(), reopen: open };
});

describeRevisionStore('in memory, as tests use it', async () => {
  const store = createMemoryRevisionStore();
  return { store, reopen: () => store };
});
