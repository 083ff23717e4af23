// File patterns of `include`: `*` and `?` inside a name, `**` for any folders. Names with a leading dot only match a pattern that has the dot too,
// so the hidden folders of a Kubernetes mount are never entered.
import { join, resolve } from 'node:path';
import type { ConfigFileSystem } from './config-file-system.ts';

export interface GlobOutcome {
  /** Absolute paths of files, sorted by code units. */
  readonly files: readonly string[];
  /** Directories whose changes can change `files`; those that do not exist included. */
  readonly directories: readonly string[];
}

/** Folders deeper than this are not searched. */
const MAX_FOLDERS = 32;

export function isPattern(path: string): boolean {
  return /[*?]/.test(path);
}

/** Finds the files that `pattern`, relative to `base`, names. What cannot be read is taken as empty. */
export async function findFiles(fs: ConfigFileSystem, base: string, pattern: string): Promise<GlobOutcome> {
  const files = new Set<string>();
  const directories = new Set<string>();
  const segments = pattern.split('/').filter((segment) => segment !== '' && segment !== '.');
  await descend({ fs, files, directories }, { directory: pattern.startsWith('/') ? '/' : resolve(base), depth: 0 }, segments);
  return { files: [...files].toSorted(), directories: [...directories].toSorted() };
}

interface Search {
  readonly fs: ConfigFileSystem;
  readonly files: Set<string>;
  readonly directories: Set<string>;
}

interface Place {
  readonly directory: string;
  /** Folders below the base. */
  readonly depth: number;
}

async function descend(search: Search, { directory, depth }: Place, segments: readonly string[]): Promise<void> {
  const [segment, ...rest] = segments;
  if (segment === undefined || depth > MAX_FOLDERS) return;
  if (!isPattern(segment)) {
    const path = join(directory, segment);
    if (rest.length > 0) await descend(search, { directory: path, depth: depth + 1 }, rest);
    else if ((await kindAt(search.fs, path)) === 'file') search.files.add(path);
    return;
  }
  search.directories.add(directory);
  const isAnyDepth = segment === '**';
  if (isAnyDepth) await descend(search, { directory, depth }, rest.length === 0 ? ['*'] : rest);
  const matcher = isAnyDepth ? /^[^.]/ : toRegExp(segment);
  for (const { name, kind } of await namesIn(search.fs, directory)) {
    if (!matcher.test(name)) continue;
    const path = join(directory, name);
    // `**` does not follow links to directories: they could lead in a circle.
    const found = kind === 'other' && !isAnyDepth ? await kindAt(search.fs, path) : kind;
    if (found === 'directory' && (isAnyDepth || rest.length > 0)) {
      await descend(search, { directory: path, depth: depth + 1 }, isAnyDepth ? segments : rest);
    } else if (found === 'file' && !isAnyDepth && rest.length === 0) search.files.add(path);
  }
}

async function namesIn(fs: ConfigFileSystem, directory: string): ReturnType<ConfigFileSystem['list']> {
  try {
    return await fs.list(directory);
  } catch {
    return [];
  }
}

async function kindAt(fs: ConfigFileSystem, path: string): Promise<'file' | 'directory' | 'other' | undefined> {
  try {
    return (await fs.stat(path)).kind;
  } catch {
    return undefined;
  }
}

function toRegExp(segment: string): RegExp {
  const body = segment
    .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll(/\*+/g, '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${segment.startsWith('.') ? '' : '(?!\\.)'}${body}$`, 'su');
}
