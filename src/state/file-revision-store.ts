// Revisions in files (D3): for each source a directory with an append-only log, the snapshots that may be served again, and the texts of the
// files with secrets masked. Survives a kill at any instruction and a power cut; readable by its owner only.
import { createHash } from 'node:crypto';
import path from 'node:path';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { z } from 'zod';
import type {
  CompactBatch,
  KeptRevisions,
  KeptSnapshot,
  RevisionBatch,
  RevisionStore,
  SourceTexts,
  WriteOutcome,
} from '../delivery/revision-store.ts';
import { decodeKeptSnapshot, encodeKeptSnapshot } from './kept-snapshot.ts';
import { type DecodedLog, decodeLog, encodeHeader, encodeLine } from './revision-log.ts';
import { nodeStateFiles, type StateFiles } from './state-files.ts';

/** What is known of the log of a source. */
interface KnownLog {
  readonly position: number;
  /** Up to the end of the last good line. */
  readonly length: number;
  /** Of the file, with what was cut off behind that; undefined where there is none. */
  readonly size: number | undefined;
}

const LOG = 'log';
const SNAPSHOT = /^(\d+)\.snapshot$/;
const TEXTS = /^([0-9a-f]{64})\.texts\.gz$/;

/** `directory` is made when something is first written. */
export function createFileRevisionStore(directory: string, files: StateFiles = nodeStateFiles): RevisionStore {
  const known = new Map<string, KnownLog>();
  const open = (source: string): SourceDirectory => new SourceDirectory(path.join(directory, directoryName(source)), files);
  const write = async (
    source: string,
    after: number,
    task: (own: SourceDirectory, log: KnownLog) => Promise<KnownLog>,
  ): Promise<WriteOutcome> => {
    const own = open(source);
    const log = known.get(source) ?? knownLog(await own.log());
    // Another process that writes here too makes the log longer.
    if (log.position !== after || (await own.size()) !== log.size) {
      known.delete(source);
      return { kind: 'conflict' };
    }
    known.delete(source);
    const next = await task(own, log);
    known.set(source, next);
    return { kind: 'written', position: next.position };
  };
  return {
    load: async (source) => {
      const own = open(source);
      const log = await own.log();
      known.set(source, knownLog(log));
      return own.kept(log);
    },
    append: (source, batch) => write(source, batch.after, (own, log) => own.append(log, batch)),
    compact: (source, batch) => write(source, batch.after, (own, log) => own.compact(log, batch)),
    texts: (source, id) => open(source).texts(id),
  };
}

/** The source's base name for people, a hash of its whole path against clashes. */
function directoryName(source: string): string {
  const absolute = path.resolve(source);
  const base = path.basename(absolute, path.extname(absolute)).replaceAll(/[^\w.-]/g, '_');
  return `${base}-${createHash('sha256').update(absolute).digest('hex').slice(0, 12)}`;
}

type ReadLog = DecodedLog & { readonly size: number | undefined };

function knownLog({ position, length, size }: ReadLog): KnownLog {
  return { position, length, size };
}

class SourceDirectory {
  readonly #directory: string;
  readonly #files: StateFiles;

  constructor(directory: string, files: StateFiles) {
    this.#directory = directory;
    this.#files = files;
  }

  size(): Promise<number | undefined> {
    return this.#files.size(this.#path(LOG));
  }

  async log(): Promise<ReadLog> {
    const bytes = await this.#files.read(this.#path(LOG));
    return bytes === undefined ? { position: 0, entries: [], length: 0, size: undefined } : { ...decodeLog(bytes), size: bytes.length };
  }

  async kept({ position, entries, damage: ofLog }: ReadLog): Promise<KeptRevisions> {
    const names = await this.#files.list(this.#directory);
    await Promise.all(names.filter((name) => name.endsWith('.tmp')).map((name) => this.#files.remove(this.#path(name))));
    const damage = ofLog === undefined ? [] : [{ file: this.#path(LOG), reason: ofLog }];
    const snapshots: KeptSnapshot[] = [];
    for (const name of names.filter((each) => SNAPSHOT.test(each)).sort()) {
      const decoded = decodeKeptSnapshot((await this.#files.read(this.#path(name))) ?? Buffer.alloc(0));
      if (typeof decoded === 'string') damage.push({ file: this.#path(name), reason: decoded });
      else snapshots.push(decoded);
    }
    return { position, entries, snapshots, damage };
  }

  async append(log: KnownLog, { entries, snapshots = [], texts = [], keep }: RevisionBatch): Promise<KnownLog> {
    await this.#files.makeDirectory(this.#directory);
    for (const each of texts) await this.#writeTexts(each);
    for (const kept of snapshots) await this.#replace(`${kept.revision}.snapshot`, encodeKeptSnapshot(kept));
    const next = await this.#writeLine(log, Buffer.from(encodeLine(entries)));
    if (keep !== undefined) await this.#removeSnapshots(new Set([...keep, ...snapshots.map(({ revision }) => revision)]));
    return next;
  }

  async compact({ position }: KnownLog, { entries, texts }: CompactBatch): Promise<KnownLog> {
    await this.#files.makeDirectory(this.#directory);
    const bytes = Buffer.from(`${encodeHeader(position)}${encodeLine(entries)}`);
    await this.#replace(LOG, bytes);
    for (const name of await this.#files.list(this.#directory)) {
      const id = TEXTS.exec(name)?.[1];
      if (id !== undefined && !texts.has(id)) await this.#files.remove(this.#path(name));
    }
    return { position: position + 1, length: bytes.length, size: bytes.length };
  }

  async texts(id: string): Promise<SourceTexts | undefined> {
    const packed = TEXTS.test(textsName(id)) ? await this.#files.read(this.#path(textsName(id))) : undefined;
    return packed === undefined ? undefined : unpackTexts(id, packed);
  }

  async #writeLine({ position, length, size }: KnownLog, line: Buffer): Promise<KnownLog> {
    // A log that cannot be understood from its first line on is begun anew.
    if (size === undefined || length === 0) {
      const bytes = Buffer.concat([Buffer.from(encodeHeader(position)), line]);
      await this.#replace(LOG, bytes);
      return { position: position + 1, length: bytes.length, size: bytes.length };
    }
    await this.#files.append(this.#path(LOG), length, line);
    return { position: position + 1, length: length + line.length, size: length + line.length };
  }

  async #writeTexts({ id, files }: SourceTexts): Promise<void> {
    if ((await this.#files.size(this.#path(textsName(id)))) !== undefined) return;
    await this.#replace(textsName(id), await promisify(gzip)(JSON.stringify(files)));
  }

  async #removeSnapshots(keep: ReadonlySet<number>): Promise<void> {
    for (const name of await this.#files.list(this.#directory)) {
      const number = SNAPSHOT.exec(name)?.[1];
      if (number !== undefined && !keep.has(Number(number))) await this.#files.remove(this.#path(name));
    }
  }

  async #replace(name: string, bytes: Buffer): Promise<void> {
    const unfinished = `${this.#path(name)}.tmp`;
    await this.#files.write(unfinished, bytes);
    await this.#files.rename(unfinished, this.#path(name));
    await this.#files.sync(this.#directory);
  }

  #path(name: string): string {
    return path.join(this.#directory, name);
  }
}

function textsName(id: string): string {
  return `${id}.texts.gz`;
}

const textsSchema = z.array(z.strictObject({ file: z.string(), text: z.string() }));

async function unpackTexts(id: string, packed: Buffer): Promise<SourceTexts | undefined> {
  try {
    const parsed = textsSchema.safeParse(JSON.parse((await promisify(gunzip)(packed)).toString('utf8')));
    return parsed.success ? { id, files: parsed.data } : undefined;
  } catch {
    return undefined;
  }
}
