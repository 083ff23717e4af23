// Makes a directory and those above it. Not by mkdir's `recursive`: where a parent cannot be made (below /proc, on some network mounts) Node
// then tries for ever on a thread that nothing ends.
import { mkdir, stat } from 'node:fs/promises';
import path from 'node:path';

/** Directories that it makes are readable by their owner only. Rejects where one cannot be made; one that exists is left as it is. */
export async function makeDirectory(directory: string): Promise<void> {
  if (await isDirectory(directory)) return;
  const parent = path.dirname(directory);
  if (parent !== directory) await makeDirectory(parent);
  try {
    await mkdir(directory, { mode: 0o700 });
  } catch (error) {
    // Another process may have made it meanwhile.
    if (!(await isDirectory(directory))) throw error;
  }
}

async function isDirectory(directory: string): Promise<boolean> {
  return stat(directory).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
