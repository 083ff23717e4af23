// Keeps the last good snapshot of each gateway file on disk (D17, D25), so that a restart over a broken file serves what ran before.
// The files hold private keys: they are readable by their owner only. Decides nothing about when to use them.
import { createHash } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import type { Snapshot, SnapshotResource, TypeUrl, TypeView } from '../snapshot/types.ts';
import { VersionedMap } from '../snapshot/versioned-map.ts';
import { replaceFile } from './replace-file.ts';

export interface LastGood {
  readonly snapshot: Snapshot;
  /** Hash of the configuration files that the snapshot was made from. */
  readonly contentHash: string;
  /** When it was accepted, in milliseconds since the epoch. */
  readonly acceptedAtMs: number;
  /** What snapshots shortly before it had and it lacks: proxies that were not switched to it yet may use them (D25). Default: nothing. */
  readonly dropped?: ReadonlyMap<TypeUrl, TypeView>;
}

export type LastGoodRead =
  | { readonly kind: 'found'; readonly lastGood: LastGood }
  | { readonly kind: 'absent' }
  /** There is a file, but not one that we wrote completely; it is never served. */
  | { readonly kind: 'damaged'; readonly file: string; readonly reason: string };

export interface LastGoodStore {
  /** What was kept for this root file of a gateway. Throws only where the directory cannot be read. */
  read(rootFile: string): Promise<LastGoodRead>;
  /**
   * Replaces what is kept for this root file. When the promise resolves it survives a power cut; a kill at any instruction leaves
   * the old or the new one. Writes of one root file follow each other; of several that wait only the newest is written.
   */
  write(rootFile: string, lastGood: LastGood): Promise<void>;
}

const MAGIC = 'chancery-last-good 1';

const viewsSchema = z.array(
  z.strictObject({
    typeUrl: z.string(),
    version: z.string(),
    resources: z.array(z.strictObject({ name: z.string(), version: z.string(), bytes: z.int().nonnegative() })),
  }),
);

const headerSchema = z.strictObject({
  gateway: z.string(),
  version: z.string(),
  contentHash: z.string(),
  acceptedAtMs: z.number(),
  views: viewsSchema,
  /** Absent where nothing was dropped, and in files of earlier versions. */
  dropped: viewsSchema.exactOptional(),
});

type Header = z.output<typeof headerSchema>;
type ViewHeaders = z.output<typeof viewsSchema>;

interface Writing {
  done: Promise<void>;
  next?: LastGood;
}

/** `directory` is made when something is first written. */
export function createLastGoodStore(directory: string): LastGoodStore {
  const writing = new Map<string, Writing>();
  const fileOf = (rootFile: string): string => path.join(directory, `${fileStem(rootFile)}.snapshot`);

  async function writeAll(target: string, state: Writing): Promise<void> {
    while (state.next !== undefined) {
      const lastGood = state.next;
      delete state.next;
      await replaceFile(target, encodeLastGood(lastGood));
    }
  }

  return {
    read: (rootFile) => readLastGood(fileOf(rootFile)),
    write: (rootFile, lastGood) => {
      const target = fileOf(rootFile);
      const current = writing.get(target);
      if (current !== undefined) {
        current.next = lastGood;
        return current.done;
      }
      const state: Writing = { done: Promise.resolve(), next: lastGood };
      state.done = writeAll(target, state).finally(() => writing.delete(target));
      writing.set(target, state);
      return state.done;
    },
  };
}

/** The root file's base name for people, a hash of its whole path against clashes. */
function fileStem(rootFile: string): string {
  const absolute = path.resolve(rootFile);
  const base = path.basename(absolute, path.extname(absolute)).replaceAll(/[^\w.-]/g, '_');
  return `${base}-${createHash('sha256').update(absolute).digest('hex').slice(0, 12)}`;
}

/** A checksum line, a JSON header line, then the resources' bytes in the header's order. */
export function encodeLastGood({ snapshot, contentHash, acceptedAtMs, dropped = new Map() }: LastGood): Buffer {
  const views = [...snapshot.views.values()];
  const gone = [...dropped.values()];
  const header: Header = {
    gateway: snapshot.gateway,
    version: snapshot.version,
    contentHash,
    acceptedAtMs,
    views: views.map(viewHeader),
    ...(gone.length === 0 ? {} : { dropped: gone.map(viewHeader) }),
  };
  const bodies = [...views, ...gone].flatMap((view) => [...view.resources.values()].map((resource) => resource.any));
  const rest = Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), ...bodies]);
  return Buffer.concat([Buffer.from(`${MAGIC} ${sha256(rest)}\n`), rest]);
}

function viewHeader({ typeUrl, version, resources }: TypeView): ViewHeaders[number] {
  return { typeUrl, version, resources: [...resources.values()].map(({ name, version, any }) => ({ name, version, bytes: any.length })) };
}

/** The inverse of `encodeLastGood`, or the reason why these bytes are not what it wrote. */
export function decodeLastGood(bytes: Buffer): LastGood | string {
  const firstEnd = bytes.indexOf(0x0a);
  const [first, rest] = [bytes.subarray(0, Math.max(firstEnd, 0)).toString('latin1'), bytes.subarray(firstEnd + 1)];
  if (!first.startsWith(`${MAGIC} `)) return 'it does not begin as a file of this version does';
  if (first.slice(MAGIC.length + 1) !== sha256(rest)) return 'its checksum does not fit: it is cut off or changed';
  const headerEnd = rest.indexOf(0x0a);
  const header = headerSchema.safeParse(JSON.parse(rest.subarray(0, headerEnd).toString('utf8')));
  if (!header.success) return 'its header is not understood';
  const { gateway, version, contentHash, acceptedAtMs } = header.data;
  const bodies = new Bodies(rest.subarray(headerEnd + 1));
  const snapshot = { gateway, version, views: decodeViews(header.data.views, bodies) };
  const dropped = header.data.dropped && decodeViews(header.data.dropped, bodies);
  return { snapshot, contentHash, acceptedAtMs, ...(dropped === undefined ? {} : { dropped }) };
}

/** The resources' bytes, one after the other. */
class Bodies {
  readonly #bytes: Buffer;
  #offset = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  next(length: number): Buffer {
    this.#offset += length;
    return this.#bytes.subarray(this.#offset - length, this.#offset);
  }
}

function decodeViews(headers: ViewHeaders, bodies: Bodies): ReadonlyMap<string, TypeView> {
  const views = new Map<string, TypeView>();
  for (const { typeUrl, version, resources } of headers) {
    const decoded: SnapshotResource[] = [];
    for (const { name, version: resourceVersion, bytes } of resources) {
      decoded.push(Object.freeze({ typeUrl, name, version: resourceVersion, any: bodies.next(bytes) }));
    }
    views.set(typeUrl, { typeUrl, version, resources: VersionedMap.of(decoded) });
  }
  return views;
}

async function readLastGood(file: string): Promise<LastGoodRead> {
  await removeLeftovers(file);
  const bytes = await readIfThere(file);
  if (bytes === undefined) return { kind: 'absent' };
  const decoded = decodeLastGood(bytes);
  return typeof decoded === 'string' ? { kind: 'damaged', file, reason: decoded } : { kind: 'found', lastGood: decoded };
}

async function readIfThere(file: string): Promise<Buffer | undefined> {
  try {
    return await readFile(file);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** A process that was killed while it wrote leaves its unfinished file. */
async function removeLeftovers(file: string): Promise<void> {
  try {
    const names = await readdir(path.dirname(file));
    const leftovers = names.filter((name) => name.startsWith(`${path.basename(file)}.`) && name.endsWith('.tmp'));
    await Promise.all(leftovers.map((name) => rm(path.join(path.dirname(file), name), { force: true })));
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
