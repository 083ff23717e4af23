// R603: keeps a snapshot of memory in a file: each 10 s, and at the end; a reader sees the old one or the new one, never a part. A kill loses 10 s.
import { open, readFile, rename, rm } from 'node:fs/promises';
import type { MemoryStore } from './memory-store.ts';
import { restoreSnapshot, snapshotLines } from './snapshot.ts';

const EVERY_MS = 10_000;

export interface SnapshotFileOptions {
  readonly store: MemoryStore;
  readonly file: string;
  /** The file could not be written or read: told each time; counting goes on. */
  readonly onError: (error: unknown) => void;
}

export class SnapshotFile {
  readonly #options: SnapshotFileOptions;
  readonly #timer: NodeJS.Timeout;
  #writing: Promise<void> = Promise.resolve();

  private constructor(options: SnapshotFileOptions) {
    this.#options = options;
    this.#timer = setInterval(() => void this.save(), EVERY_MS).unref();
  }

  /** Restores what the file holds, then keeps it. A file that is not there, or not ours, is no error: counting begins anew. */
  static async open(options: SnapshotFileOptions): Promise<SnapshotFile> {
    try {
      restoreSnapshot(options.store, await readFile(options.file, 'utf8'));
    } catch (error) {
      if (!isMissing(error)) options.onError(error);
    }
    return new SnapshotFile(options);
  }

  /** Writes now, after what is being written. Rejects never. */
  save(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#write());
    return this.#writing;
  }

  /** Writes a last time. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.save();
  }

  async #write(): Promise<void> {
    const { file, store, onError } = this.#options;
    const partial = `${file}.tmp`;
    try {
      const handle = await open(partial, 'w', 0o600);
      try {
        for await (const line of snapshotLines(store)) await handle.write(line);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(partial, file);
    } catch (error) {
      onError(error);
      await rm(partial, { force: true }).catch(() => undefined);
    }
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
