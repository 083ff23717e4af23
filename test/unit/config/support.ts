// Files in memory and configurations made of text, for the tests of config/.
import path from 'node:path';
import type { ConfigFileSystem, FileKind } from '../../../src/config/config-file-system.ts';
import { type ConfigLoader, createConfigLoader, type LoadOutcome } from '../../../src/config/load.ts';
import type { Issue } from '../../../src/lib/issue.ts';

/** Where the files of a test lie. */
export const ROOT = '/etc/chancery';
export const HEAD = 'version: v1\ngateway: edge\n';

/** A file system of absolute paths; contents may be changed between loads. */
export class MemoryFiles implements ConfigFileSystem {
  readonly files: Map<string, string | Uint8Array>;
  readonly reads: string[] = [];

  constructor(files: Readonly<Record<string, string | Uint8Array>>) {
    this.files = new Map(Object.entries(files).map(([name, content]) => [path.resolve(ROOT, name), content]));
  }

  set(name: string, content: string | Uint8Array): void {
    this.files.set(path.resolve(ROOT, name), content);
  }

  async stat(file: string): Promise<{ kind: FileKind; size: number }> {
    const content = this.files.get(file);
    if (content !== undefined) return { kind: 'file', size: Buffer.byteLength(content) };
    if ([...this.files.keys()].some((each) => each.startsWith(`${file}/`))) return { kind: 'directory', size: 0 };
    throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
  }

  async read(file: string): Promise<Uint8Array> {
    this.reads.push(file);
    const content = this.files.get(file);
    if (content === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
    return Buffer.from(content);
  }

  async list(directory: string): Promise<readonly { name: string; kind: FileKind }[]> {
    if (this.files.has(directory)) throw Object.assign(new Error('not a directory'), { code: 'ENOTDIR' });
    const names = new Map<string, FileKind>();
    for (const file of this.files.keys()) {
      if (!file.startsWith(`${directory}/`)) continue;
      const [name = '', ...rest] = file.slice(directory.length + 1).split('/');
      names.set(name, rest.length > 0 ? 'directory' : 'file');
    }
    return [...names].map(([name, kind]) => ({ name, kind }));
  }
}

export interface TestLoader extends ConfigLoader {
  readonly files: MemoryFiles;
}

/** A loader of `gateway.yaml` among `files`. */
export function loaderOf(files: Readonly<Record<string, string | Uint8Array>>, env: Readonly<Record<string, string>> = {}): TestLoader {
  const memory = new MemoryFiles(files);
  const loader = createConfigLoader({ file: path.join(ROOT, 'gateway.yaml'), env, fs: memory });
  return { files: memory, load: () => loader.load() };
}

/** Loads one file. */
export function loadText(text: string | Uint8Array, env: Readonly<Record<string, string>> = {}): Promise<LoadOutcome> {
  return loaderOf({ 'gateway.yaml': text }, env).load();
}

/** `CH1108 routes.r.timeout: 3 has no unit` */
export function summary({ code, path: steps, message }: Issue): string {
  return `${code} ${steps.join('.')}: ${message}`;
}

/** `7:3` to `7:9`: where an issue is shown. */
export function placeOf({ issues, positions }: LoadOutcome, index = 0): string | undefined {
  const issue = issues[index];
  const place = issue && (issue.position ?? positions.find(issue.path, issue.at));
  return place && `${path.relative(ROOT, place.file)}:${place.line}:${place.column}+${place.length}`;
}
