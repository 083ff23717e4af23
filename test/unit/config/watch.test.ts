// A real file system and short times; every wait is for an event.
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FileWatcher, watchFiles } from '../../../src/config/watch.ts';

let directory: string;
let watchers: FileWatcher[] = [];

beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'chancery-watch-'));
});
afterEach(() => {
  for (const watcher of watchers) watcher.close();
  watchers = [];
  rmSync(directory, { recursive: true, force: true });
});

interface Watched {
  readonly watcher: FileWatcher;
  readonly count: () => number;
  /** Resolves at the next call of `onChange`. */
  next(): Promise<void>;
}

function watched(names: readonly string[], pollMs = 20): Watched {
  let count = 0;
  let wake: (() => void)[] = [];
  const watcher = watchFiles({
    quietMs: 5,
    maxMs: 50,
    pollMs,
    onChange: () => {
      count += 1;
      for (const resolve of wake) resolve();
      wake = [];
    },
  });
  watchers.push(watcher);
  watcher.update(names.map((name) => path.join(directory, name)));
  return { watcher, count: () => count, next: () => new Promise((resolve) => wake.push(resolve)) };
}

function write(name: string, text: string): void {
  mkdirSync(path.dirname(path.join(directory, name)), { recursive: true });
  writeFileSync(path.join(directory, name), text);
}

/** Changes something else that is watched and waits for it: what came before would have been noticed by then. */
async function settled(watch: Watched, name: string): Promise<void> {
  const next = watch.next();
  write(name, `${name} ${watch.count()} ${process.hrtime.bigint()}`);
  await next;
}

describe('watchFiles', () => {
  it('notices a file that is written in place', async () => {
    write('a.yaml', 'one');
    const { next } = watched(['a.yaml']);
    const change = next();
    write('a.yaml', 'two');
    await change;
  });

  it('notices a file that is truncated and written again', async () => {
    write('a.yaml', 'one');
    const { next } = watched(['a.yaml']);
    const change = next();
    write('a.yaml', '');
    write('a.yaml', 'two');
    await change;
  });

  it('notices a file that is replaced by rename, again and again', async () => {
    write('a.yaml', 'one');
    const { next } = watched(['a.yaml']);
    for (const text of ['two', 'three', 'four']) {
      const change = next();
      write('a.yaml.tmp', text);
      renameSync(path.join(directory, 'a.yaml.tmp'), path.join(directory, 'a.yaml'));
      await change;
    }
  });

  it('notices a file that is saved by moving the old one away', async () => {
    write('a.yaml', 'one');
    const { next } = watched(['a.yaml']);
    for (const text of ['two', 'three']) {
      const change = next();
      renameSync(path.join(directory, 'a.yaml'), path.join(directory, 'a.yaml~'));
      write('a.yaml', text);
      await change;
    }
  });

  it('notices a file that is deleted and made again', async () => {
    write('a.yaml', 'one');
    const { next } = watched(['a.yaml']);
    const gone = next();
    unlinkSync(path.join(directory, 'a.yaml'));
    await gone;
    const back = next();
    write('a.yaml', 'two');
    await back;
  });

  it('notices a swap behind symbolic links, as Kubernetes mounts do it', async () => {
    write('..1/a.yaml', 'one');
    symlinkSync('..1', path.join(directory, '..data'));
    symlinkSync('..data/a.yaml', path.join(directory, 'a.yaml'));
    const { next } = watched(['a.yaml']);
    for (const version of ['..2', '..3']) {
      const change = next();
      write(`${version}/a.yaml`, version);
      symlinkSync(version, path.join(directory, '..data_tmp'));
      renameSync(path.join(directory, '..data_tmp'), path.join(directory, '..data'));
      await change;
    }
  });

  it('notices a change of what a link in another folder leads to', async () => {
    write('real/a.yaml', 'one');
    mkdirSync(path.join(directory, 'links'));
    symlinkSync('../real/a.yaml', path.join(directory, 'links/a.yaml'));
    const { next } = watched(['links/a.yaml']);
    const change = next();
    write('real/a.yaml', 'two');
    await change;
  });

  it('notices files that come to a folder and leave it', async () => {
    mkdirSync(path.join(directory, 'teams'));
    const { next } = watched(['teams']);
    const come = next();
    write('teams/a.yaml', 'one');
    await come;
    const leave = next();
    unlinkSync(path.join(directory, 'teams/a.yaml'));
    await leave;
  });

  it('notices a file in a folder that does not exist yet, or is removed and made again', async () => {
    const { next } = watched(['later/a.yaml']);
    const come = next();
    write('later/a.yaml', 'one');
    await come;
    const leave = next();
    rmSync(path.join(directory, 'later'), { recursive: true });
    await leave;
    const again = next();
    write('later/a.yaml', 'two');
    await again;
  });

  it('does not call for other files in the same folder, or for reading', async () => {
    write('a.yaml', 'one');
    write('b.yaml', 'one');
    const watch = watched(['a.yaml', 'b.yaml']);
    write('other.log', 'x');
    write('.a.yaml.swp', 'x');
    await settled(watch, 'b.yaml');
    expect(watch.count()).toBe(1);
  });

  it('watches what it is told last', async () => {
    write('a.yaml', 'one');
    write('b.yaml', 'one');
    const watch = watched(['a.yaml']);
    watch.watcher.update([path.join(directory, 'b.yaml')]);
    write('a.yaml', 'two');
    await settled(watch, 'b.yaml');
    expect(watch.count()).toBe(1);
  });

  it('notices a change that follows at once on being told of the file', async () => {
    write('a.yaml', 'one');
    write('b.yaml', 'one');
    const { watcher, next } = watched(['a.yaml']);
    const change = next();
    watcher.update([path.join(directory, 'a.yaml'), path.join(directory, 'b.yaml')]);
    write('b.yaml', 'two and more');
    await change;
  });

  it('does not call after it is closed', async () => {
    write('a.yaml', 'one');
    const closed = watched(['a.yaml']);
    const other = watched(['a.yaml']);
    closed.watcher.close();
    await settled(other, 'a.yaml');
    expect(closed.count()).toBe(0);
  });
});
