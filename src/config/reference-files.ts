// Which files below a directory hold limits (ratelimit R320): all whose names and directories begin with no dot, so that the `..data` of a
// mounted ConfigMap is read once, by the links beside it. Lists names; reads no contents.
import path from 'node:path';
import { type ConfigFileSystem, readFailure } from './config-file-system.ts';

/** Links may lead in circles. */
const MAX_DEPTH = 16;

export interface FoundFiles {
  /** Absolute, sorted. */
  readonly files: readonly string[];
  /** All that was listed: a file that comes to one of them is to be read. */
  readonly directories: readonly string[];
  /** A directory that could not be listed, and why, as the end of a sentence. */
  readonly failures: readonly { readonly path: string; readonly message: string }[];
}

export async function findFiles(fs: ConfigFileSystem, root: string): Promise<FoundFiles> {
  const files: string[] = [];
  const directories: string[] = [];
  const failures: { readonly path: string; readonly message: string }[] = [];
  const list = async (directory: string, depth: number): Promise<void> => {
    directories.push(directory);
    const entries = await fs.list(directory);
    for (const { name } of entries.toSorted((left, right) => (left.name < right.name ? -1 : 1))) {
      if (!name.startsWith('.')) await look(path.join(directory, name), depth + 1);
    }
  };
  const look = async (entry: string, depth: number): Promise<void> => {
    try {
      const { kind } = await fs.stat(entry);
      if (kind === 'file') files.push(entry);
      else if (kind === 'directory' && depth <= MAX_DEPTH) await list(entry, depth);
    } catch (error) {
      failures.push({ path: entry, message: readFailure(error) });
    }
  };
  try {
    await list(root, 0);
  } catch (error) {
    failures.push({
      path: root,
      message: (await isFile(fs, root)) ? 'it is a file; name the directory that holds it' : readFailure(error),
    });
  }
  return { files: files.sort(), directories, failures };
}

async function isFile(fs: ConfigFileSystem, entry: string): Promise<boolean> {
  try {
    return (await fs.stat(entry)).kind === 'file';
  } catch {
    return false;
  }
}
