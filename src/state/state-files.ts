// The few things that are done to files of the state directory, each as safe as the file system can make it; an argument of the stores, so that tests
// can let it fail at every step. Files and directories are readable by their owner only.
import { open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { makeDirectory } from './make-directory.ts';

/** Every write is on the disk when its promise resolves. */
export interface StateFiles {
  /** Undefined where there is none. */
  read(file: string): Promise<Buffer | undefined>;
  /** In bytes; undefined where there is none. */
  size(file: string): Promise<number | undefined>;
  /** Names; empty where there is no such directory. */
  list(directory: string): Promise<readonly string[]>;
  makeDirectory(directory: string): Promise<void>;
  /** A new file, or in the place of what was in it; a kill leaves some of it. */
  write(file: string, bytes: Buffer): Promise<void>;
  /** Behind the first `offset` bytes; what followed them is gone. */
  append(file: string, offset: number, bytes: Buffer): Promise<void>;
  /** Replaces `to` at once. */
  rename(from: string, to: string): Promise<void>;
  /** Names in the directory reach the disk too. */
  sync(directory: string): Promise<void>;
  /** Nothing happens where there is none. */
  remove(file: string): Promise<void>;
}

export const nodeStateFiles: StateFiles = {
  read: (file) => ifThere(readFile(file)),
  size: async (file) => (await ifThere(stat(file)))?.size,
  list: async (directory) => (await ifThere(readdir(directory))) ?? [],
  makeDirectory,
  write: (file, bytes) => withFile(file, 'w', async (handle) => handle.writeFile(bytes)),
  append: (file, offset, bytes) =>
    withFile(file, 'r+', async (handle) => {
      await handle.truncate(offset);
      await handle.write(bytes, 0, bytes.length, offset);
    }),
  rename,
  sync: async (directory) => {
    const handle = await open(directory, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
  remove: (file) => rm(file, { force: true }),
};

type Handle = Awaited<ReturnType<typeof open>>;

async function withFile(file: string, flags: string, use: (handle: Handle) => Promise<void>): Promise<void> {
  const handle = await open(file, flags, 0o600);
  try {
    await use(handle);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function ifThere<Value>(found: Promise<Value>): Promise<Value | undefined> {
  try {
    return await found;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
