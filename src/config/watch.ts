// Notices when any of a set of files or directories changes, however it was saved: written in place, replaced by rename, deleted and made
// again, or swapped behind a symbolic link as Kubernetes does. Compares what is there with what was there; reads no contents.
import { type FSWatcher, readdirSync, statSync, watch } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { createDebounce, type Debounce } from './debounce.ts';
import { inParallel } from './in-parallel.ts';

export interface WatchOptions {
  /** Called after a change, once per burst (D5). */
  readonly onChange: () => void;
  /** Quiet time that ends a burst, milliseconds. Default 50. */
  readonly quietMs?: number;
  /** Longest burst, milliseconds. Default 500. */
  readonly maxMs?: number;
  /** Pause between looks that need no event: a lost event delays a change, it never loses it. Milliseconds, default 1,000. */
  readonly pollMs?: number;
}

export interface FileWatcher {
  /**
   * Watches exactly these absolute paths from now on; a path need not exist. A directory changes when its list of names does. What changed
   * before the call is not noticed: who read a path before watching it for the first time reads it again after.
   */
  update(paths: readonly string[]): void;
  close(): void;
}

/** The watcher keeps no process alive. */
export function watchFiles(options: WatchOptions): FileWatcher {
  return new PathWatcher(options);
}

class PathWatcher implements FileWatcher {
  readonly #directories = new Map<string, FSWatcher>();
  readonly #debounce: Debounce;
  readonly #poll: NodeJS.Timeout;
  /** What was last seen at each path. */
  #seen: ReadonlyMap<string, string> = new Map();
  #looking: Promise<void> | undefined;
  #isOutdated = false;
  #isClosed = false;

  constructor({ onChange, quietMs = 50, maxMs = 500, pollMs = 1_000 }: WatchOptions) {
    this.#debounce = createDebounce({ quietMs, maxMs, onQuiet: onChange });
    this.#poll = setInterval(() => this.#look(), pollMs).unref();
  }

  update(paths: readonly string[]): void {
    // The first look is taken before this returns, so that every later change differs from it.
    this.#seen = new Map(paths.map((file) => [file, this.#seen.get(file) ?? fingerprintNow(file)]));
    this.#look();
  }

  close(): void {
    this.#isClosed = true;
    clearInterval(this.#poll);
    this.#debounce.cancel();
    for (const watcher of this.#directories.values()) watcher.close();
    this.#directories.clear();
  }

  #look(): void {
    this.#isOutdated = true;
    if (this.#looking !== undefined || this.#isClosed) return;
    this.#looking = this.#lookUntilCurrent().finally(() => {
      this.#looking = undefined;
    });
  }

  async #lookUntilCurrent(): Promise<void> {
    while (this.#isOutdated && !this.#isClosed) {
      this.#isOutdated = false;
      const paths = [...this.#seen.keys()];
      // Directories first: what changes after the look then raises an event.
      await this.#followDirectories(paths);
      const found = await inParallel(paths, async (file) => [file, await fingerprint(file)] as const);
      if (this.#isClosed) return;
      this.#compare(found);
    }
  }

  #compare(found: readonly (readonly [string, string])[]): void {
    const current = new Map(this.#seen);
    let isChanged = false;
    for (const [file, print] of found) {
      const before = current.get(file);
      if (before === undefined || before === print) continue;
      isChanged = true;
      current.set(file, print);
    }
    this.#seen = current;
    if (isChanged) this.#debounce.touch();
  }

  async #followDirectories(paths: readonly string[]): Promise<void> {
    const wanted = new Set((await inParallel(paths, directoriesOf)).flat());
    if (this.#isClosed) return;
    for (const [directory, watcher] of this.#directories) {
      if (wanted.has(directory)) continue;
      watcher.close();
      this.#directories.delete(directory);
    }
    for (const directory of wanted) {
      if (!this.#directories.has(directory)) this.#follow(directory);
    }
  }

  /** Where a directory cannot be watched (it does not exist, or the system's watches are used up), the poll serves alone. */
  #follow(directory: string): void {
    try {
      const watcher = watch(directory, { persistent: false }, (event, name) => {
        // Its own name: the directory itself was removed or renamed, so what is watched is no longer what stands at this path.
        if (event === 'rename' && name === path.basename(directory)) this.#forget(directory);
        this.#look();
      });
      watcher.on('error', () => this.#forget(directory));
      this.#directories.set(directory, watcher);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
    }
  }

  #forget(directory: string): void {
    this.#directories.get(directory)?.close();
    this.#directories.delete(directory);
  }
}

/** The directory that holds the path, the path itself (it may be one), and the directory that holds what a link leads to. */
async function directoriesOf(file: string): Promise<readonly string[]> {
  const real = await realpath(file).catch(() => undefined);
  const target = real === undefined ? [] : [path.dirname(real)];
  const own = (await stat(file).catch(() => undefined))?.isDirectory() === true ? [file] : [];
  return [path.dirname(file), ...own, ...target];
}

const ABSENT = 'absent';

/** Differs when the content can differ. */
async function fingerprint(file: string): Promise<string> {
  try {
    const found = await stat(file, { bigint: true });
    return found.isDirectory() ? listPrint(await readdir(file)) : filePrint(found);
  } catch {
    return ABSENT;
  }
}

function fingerprintNow(file: string): string {
  try {
    const found = statSync(file, { bigint: true });
    return found.isDirectory() ? listPrint(readdirSync(file)) : filePrint(found);
  } catch {
    return ABSENT;
  }
}

function listPrint(names: readonly string[]): string {
  return names.toSorted().join('\0');
}

interface FileStats {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly size: bigint;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
}

function filePrint({ dev, ino, size, mtimeNs, ctimeNs }: FileStats): string {
  return `${dev}:${ino}:${size}:${mtimeNs}:${ctimeNs}`;
}
