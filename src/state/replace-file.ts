// Replaces a file so that a kill at any instruction, or a power cut, leaves the old or the new one. Readable by its owner only.
import { open, rename } from 'node:fs/promises';
import path from 'node:path';
import { makeDirectory } from './make-directory.ts';

/** When the promise resolves the bytes are on the disk. Two writes of one target must not overlap. */
export async function replaceFile(target: string, bytes: Buffer): Promise<void> {
  await makeDirectory(path.dirname(target));
  const unfinished = `${target}.${process.pid}.tmp`;
  const handle = await open(unfinished, 'w', 0o600);
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(unfinished, target);
  await syncDirectory(path.dirname(target));
}

/** The rename itself must reach the disk too. */
async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
