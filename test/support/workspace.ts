// A temporary folder with files, and the ways in which editors and Kubernetes replace a file. Removed by `remove()`.
import { mkdir, mkdtemp, open, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** `truncate`: open, cut, write in place. `rename`: write a new file beside it and move it over. `backup`: move the old away, write anew (vim). */
export type SavePattern = 'truncate' | 'rename' | 'backup';

export interface Workspace {
  readonly root: string;
  /** Absolute path of a name inside. */
  path(name: string): string;
  write(name: string, content: string): Promise<string>;
  save(name: string, content: string, pattern: SavePattern): Promise<void>;
  /** A volume as Kubernetes mounts a ConfigMap or Secret: `folder/name` → `..data/name` → a folder with a time stamp; each call swaps `..data` at once. */
  mount(folder: string, files: Readonly<Record<string, string>>): Promise<void>;
  remove(): Promise<void>;
}

export async function createWorkspace(files: Readonly<Record<string, string>> = {}): Promise<Workspace> {
  const root = await mkdtemp(path.join(tmpdir(), 'chancery-test-'));
  let count = 0;
  const at = (name: string): string => path.join(root, name);
  const write = async (name: string, content: string): Promise<string> => {
    await mkdir(path.dirname(at(name)), { recursive: true });
    await writeFile(at(name), content);
    return at(name);
  };
  for (const [name, content] of Object.entries(files)) await write(name, content);
  return {
    root,
    path: at,
    write,
    save: (name, content, pattern) => saveAs(pattern, at(name), content),
    mount: (folder, content) => swapVolume(at(folder), content, (count += 1)),
    // A process that was killed a moment ago may have its last file on its way.
    remove: () => rm(root, { recursive: true, force: true, maxRetries: 5 }),
  };
}

async function saveAs(pattern: SavePattern, file: string, content: string): Promise<void> {
  switch (pattern) {
    case 'truncate':
      return truncateAndWrite(file, content);
    case 'rename':
      await writeFile(`${file}.tmp`, content);
      return rename(`${file}.tmp`, file);
    case 'backup':
      await rename(file, `${file}~`);
      await writeFile(file, content);
      return rm(`${file}~`);
    default:
      pattern satisfies never;
  }
}

/** In two writes, so that a reader can see an empty and a half-written file. */
async function truncateAndWrite(file: string, content: string): Promise<void> {
  const handle = await open(file, 'w');
  try {
    await handle.write(content.slice(0, content.length / 2));
    await handle.sync();
    await handle.write(content.slice(content.length / 2));
  } finally {
    await handle.close();
  }
}

async function swapVolume(folder: string, files: Readonly<Record<string, string>>, generation: number): Promise<void> {
  const stamp = `..2026_11_22_${generation}`;
  await mkdir(path.join(folder, stamp), { recursive: true });
  for (const [name, content] of Object.entries(files)) await writeFile(path.join(folder, stamp, name), content);
  const before = await readlink(path.join(folder, '..data')).catch(() => undefined);
  await symlink(stamp, path.join(folder, '..data_tmp'));
  await rename(path.join(folder, '..data_tmp'), path.join(folder, '..data'));
  if (before === undefined) for (const name of Object.keys(files)) await symlink(path.join('..data', name), path.join(folder, name));
  else await rm(path.join(folder, before), { recursive: true });
}
