// A persistent map of named, versioned things: editing gives a new map that shares all buckets but the edited ones, so that one changed
// resource of ten thousand costs one bucket to publish, to version and to compare (P15). Reads like any map, in the order of names.
import { hash } from 'node:crypto';
import { ByteIndex, type ByteSpan, TextBytes } from '../lib/byte-index.ts';
import { textHash } from '../lib/text-hash.ts';

export interface Versioned {
  readonly name: string;
  /** Changes if and only if the contents do. */
  readonly version: string;
}

const BUCKETS = 256;
/** Up to this many edits keep a sorted copy up to date; more are sorted anew. */
const FEW_EDITS = 64;

/** Where name and version stand in bytes. One object serves for many entries, so that none is made for each. */
export interface ByteEntry {
  readonly name: ByteSpan;
  readonly version: ByteSpan;
  /** Of the last entry that was found. */
  isEqual: boolean;
}

/** Immutable. */
export class VersionedMap<Item extends Versioned> implements ReadonlyMap<string, Item> {
  readonly size: number;
  readonly #buckets: readonly Bucket<Item>[];
  /** By name; made when first read. */
  #sorted: readonly Item[] | undefined;
  #digest: string | undefined;

  private constructor(buckets: readonly Bucket<Item>[], size: number, sorted: readonly Item[] | undefined) {
    this.#buckets = buckets;
    this.size = size;
    this.#sorted = sorted;
  }

  /** Of items with the same name the last one counts. */
  static of<Item extends Versioned>(items: Iterable<Item>): VersionedMap<Item> {
    const empty = new Bucket<Item>(new Map());
    return new VersionedMap<Item>(
      Array.from({ length: BUCKETS }, () => empty),
      0,
      [],
    ).edit(items);
  }

  /** 32 hexadecimal digits of names and versions: equal for equal contents, however they came about, in every process (X16, X17). */
  get digest(): string {
    this.#digest ??= digestOf(this.#buckets.map((bucket) => bucket.digest));
    return this.#digest;
  }

  get(name: string): Item | undefined {
    return this.#buckets[bucketIndex(name)]?.items.get(name);
  }

  has(name: string): boolean {
    return this.#buckets[bucketIndex(name)]?.items.has(name) ?? false;
  }

  /** As `get`, by the bytes of an ASCII name, whose hash is given (see `bytesHash`); says in `entry` whether the version is that one too. */
  find(hash: number, bytes: DataView, entry: ByteEntry): Item | undefined {
    return this.#buckets[hash & (BUCKETS - 1)]?.find(hash, bytes, entry);
  }

  /** With the given items and without the names of `remove`; this very map if nothing differs. An item of an equal version stays the old one. */
  edit(set: Iterable<Item>, remove: Iterable<string> = []): VersionedMap<Item> {
    const edited = new Map<number, Map<string, Item>>();
    const changes = new Map<string, Item | undefined>();
    let { size } = this;
    const editable = (index: number): Map<string, Item> => {
      const items = edited.get(index) ?? new Map(this.#buckets[index]?.items);
      edited.set(index, items);
      return items;
    };
    for (const item of set) {
      const index = bucketIndex(item.name);
      const known = (edited.get(index) ?? this.#buckets[index]?.items)?.get(item.name);
      if (known?.version === item.version) continue;
      if (known === undefined) size += 1;
      editable(index).set(item.name, item);
      changes.set(item.name, item);
    }
    for (const name of remove) {
      const index = bucketIndex(name);
      if ((edited.get(index) ?? this.#buckets[index]?.items)?.has(name) !== true) continue;
      size -= 1;
      editable(index).delete(name);
      changes.set(name, undefined);
    }
    if (edited.size === 0) return this;
    const buckets = this.#buckets.map((bucket, index) => {
      const items = edited.get(index);
      return items === undefined ? bucket : new Bucket(items);
    });
    return new VersionedMap(buckets, size, changes.size > FEW_EDITS ? undefined : this.#sorted && editSorted(this.#sorted, changes));
  }

  /** Names that `newer` has and this map has not, or in another version; and names that only this map has. Sorted. */
  diff(newer: VersionedMap<Item>): { readonly changed: readonly string[]; readonly removed: readonly string[] } {
    const changed: string[] = [];
    const removed: string[] = [];
    for (const [index, bucket] of newer.#buckets.entries()) {
      const older = this.#buckets[index];
      if (older === undefined || older === bucket) continue;
      for (const { name, version } of bucket.items.values()) if (older.items.get(name)?.version !== version) changed.push(name);
      for (const name of older.items.keys()) if (!bucket.items.has(name)) removed.push(name);
    }
    return { changed: changed.sort(), removed: removed.sort() };
  }

  /** What of this map `other` has not, whatever the versions; in no order. */
  without(other: VersionedMap<Item>): readonly Item[] {
    return this.#buckets.flatMap((bucket, index) => {
      const theirs = other.#buckets[index];
      if (theirs === bucket) return [];
      return [...bucket.items.values()].filter(({ name }) => theirs?.items.has(name) !== true);
    });
  }

  forEach(each: (item: Item, name: string, map: ReadonlyMap<string, Item>) => void): void {
    for (const item of this.#list()) each(item, item.name, this);
  }

  keys(): MapIterator<string> {
    return this.#list()
      .map(({ name }) => name)
      .values();
  }

  values(): MapIterator<Item> {
    return this.#list().values();
  }

  entries(): MapIterator<[string, Item]> {
    return this.#list()
      .map((item): [string, Item] => [item.name, item])
      .values();
  }

  [Symbol.iterator](): MapIterator<[string, Item]> {
    return this.entries();
  }

  #list(): readonly Item[] {
    this.#sorted ??= this.#buckets.flatMap(({ items }) => [...items.values()]).sort(byName);
    return this.#sorted;
  }
}

class Bucket<Item extends Versioned> {
  readonly items: ReadonlyMap<string, Item>;
  #digest: string | undefined;
  #list: readonly Item[] = [];
  #index: ByteIndex | undefined;
  #versions: TextBytes | undefined;

  constructor(items: ReadonlyMap<string, Item>) {
    this.items = items;
  }

  find(hash: number, bytes: DataView, entry: ByteEntry): Item | undefined {
    if (this.#index === undefined || this.#versions === undefined) {
      this.#list = [...this.items.values()];
      this.#index = new ByteIndex([...this.items.keys()]);
      this.#versions = new TextBytes(this.#list.map(({ version }) => version));
    }
    const place = this.#index.find(hash, bytes, entry.name);
    entry.isEqual = place >= 0 && this.#versions.isAt(place, bytes, entry.version);
    return this.#list[place];
  }

  /** Empty if there is nothing. */
  get digest(): string {
    if (this.items.size === 0) return '';
    this.#digest ??= digestOf([...this.items.values()].sort(byName).map(({ name, version }) => `${name}\0${version}`));
    return this.#digest;
  }
}

function bucketIndex(name: string): number {
  return textHash(name) & (BUCKETS - 1);
}

function digestOf(lines: readonly string[]): string {
  return hash('sha256', lines.join('\n'), 'hex').slice(0, 32);
}

/** By UTF-16 code units, as `sort` without a comparison does. */
function byName(left: Versioned, right: Versioned): number {
  if (left.name === right.name) return 0;
  return left.name < right.name ? -1 : 1;
}

/** A change to undefined removes. */
function editSorted<Item extends Versioned>(sorted: readonly Item[], changes: ReadonlyMap<string, Item | undefined>): readonly Item[] {
  const list = [...sorted];
  for (const [name, item] of changes) {
    const at = placeOf(list, name);
    const isThere = list[at]?.name === name;
    if (item === undefined) list.splice(at, isThere ? 1 : 0);
    else list.splice(at, isThere ? 1 : 0, item);
  }
  return list;
}

/** Where the name stands, or would. */
function placeOf(sorted: readonly Versioned[], name: string): number {
  let from = 0;
  let to = sorted.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if ((sorted[middle]?.name ?? '') < name) from = middle + 1;
    else to = middle;
  }
  return from;
}
