// The files that the configuration is read from: what the loader needs of a file system, and Node's form of it.
import { readdir, readFile, stat } from 'node:fs/promises';

export type FileKind = 'file' | 'directory' | 'other';

export interface ConfigFileSystem {
  /** Follows links. Throws what Node throws (`code: 'ENOENT'` …). */
  stat(path: string): Promise<{ readonly kind: FileKind; readonly size: number }>;
  read(path: string): Promise<Uint8Array>;
  /** Names in a directory, links not followed. */
  list(path: string): Promise<readonly { readonly name: string; readonly kind: FileKind }[]>;
}

export const nodeFileSystem: ConfigFileSystem = {
  async stat(path) {
    const found = await stat(path);
    return { kind: kindOf(found), size: found.size };
  },
  read: (path) => readFile(path),
  async list(path) {
    const entries = await readdir(path, { withFileTypes: true });
    return entries.map((entry) => ({ name: entry.name, kind: kindOf(entry) }));
  },
};

function kindOf(entry: { isFile(): boolean; isDirectory(): boolean }): FileKind {
  if (entry.isFile()) return 'file';
  return entry.isDirectory() ? 'directory' : 'other';
}

/** Why a file could not be read, as the end of a sentence. */
export function readFailure(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'it does not exist';
  if (code === 'EACCES' || code === 'EPERM') return 'its permissions do not allow it';
  if (code === 'EISDIR') return 'it is a directory';
  if (code === 'ELOOP') return 'its links lead in a circle';
  return typeof code === 'string' ? `reading it failed (${code})` : 'reading it failed';
}
