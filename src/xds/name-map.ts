// A persistent map from resource names: editing gives a new map that shares what did not change, so that one more name among
// thousands costs little and the protocol core can stay a set of pure functions. Also finds the one instance of equal name sets.

import { ByteIndex, type ByteSpan, bytesHash, wordsOf } from '../lib/byte-index.ts';
import type { CacheListener } from '../lib/cache-listener.ts';
import { textHash } from '../lib/text-hash.ts';
import { isCollection } from '../snapshot/resource-name.ts';

const BUCKETS = 256;
/** Up to this size one bucket is copied whole; above it the names are spread over `BUCKETS`. */
const SMALL = 32;

type Buckets<Value> = readonly ReadonlyMap<string, Value>[];

/** What a recipe of `NameMap.edit` changes; not to be kept after the recipe returns. */
export interface NameDraft<Value> {
  get(name: string): Value | undefined;
  has(name: string): boolean;
  set(name: string, value: Value): void;
  delete(name: string): void;
}

/** Immutable. */
export class NameMap<Value> {
  readonly size: number;
  /** Of the names alone, whatever their order: equal name sets have equal hashes. */
  readonly hash: number;
  readonly #buckets: Buckets<Value>;
  #index: ByteIndex | undefined;

  private constructor(buckets: Buckets<Value>, size: number, hash: number) {
    this.#buckets = buckets;
    this.size = size;
    this.hash = hash;
  }

  static empty<Value>(): NameMap<Value> {
    return new NameMap<Value>([new Map()], 0, 0);
  }

  get(name: string): Value | undefined {
    return bucketOf(this.#buckets, name)?.get(name);
  }

  has(name: string): boolean {
    return bucketOf(this.#buckets, name)?.has(name) ?? false;
  }

  /** Whether it has the ASCII name of these bytes, whose hash is given. The first call costs as much as all names. */
  hasBytes(hash: number, bytes: DataView, span: ByteSpan): boolean {
    this.#index ??= new ByteIndex([...this.keys()]);
    return this.#index.find(hash, bytes, span) >= 0;
  }

  *entries(): IterableIterator<[string, Value]> {
    for (const bucket of this.#buckets) yield* bucket;
  }

  *keys(): IterableIterator<string> {
    for (const bucket of this.#buckets) yield* bucket.keys();
  }

  /** The map as the recipe leaves it; this very map if the recipe changed nothing. */
  edit(recipe: (draft: NameDraft<Value>) => void): NameMap<Value> {
    const draft = new Draft(this.#buckets, this.size, this.hash);
    recipe(draft);
    return draft.isChanged ? new NameMap(draft.buckets(), draft.size, draft.hash) : this;
  }
}

export type NameSet = NameMap<true>;

export const NO_NAMES: NameSet = NameMap.empty<true>();

export function nameSet(names: Iterable<string>): NameSet {
  return addNames(NO_NAMES, names);
}

export function addNames(set: NameSet, names: Iterable<string>): NameSet {
  return set.edit((draft) => {
    for (const name of names) draft.set(name, true);
  });
}

const withCollections = new WeakMap<NameSet, boolean>();

/** Whether some of the names are collections; looked at once per set. */
export function hasCollection(set: NameSet): boolean {
  const known = withCollections.get(set) ?? [...set.keys()].some(isCollection);
  withCollections.set(set, known);
  return known;
}

export function sameNames(left: NameSet, right: NameSet): boolean {
  if (left === right) return true;
  if (left.size !== right.size || left.hash !== right.hash) return false;
  for (const name of left.keys()) if (!right.has(name)) return false;
  return true;
}

/** Gives the instance that it gave before for an equal set. */
export interface InternNames {
  (set: NameSet): NameSet;
  /** The set of exactly these ASCII names, if it is known; `places` are the start and end of each in `bytes`, in turn (P11). */
  readonly known: (bytes: Buffer, places: Uint32Array) => NameSet | undefined;
}

export interface NameInternerOptions {
  /** Of all remembered sets together. Default 200,000. */
  readonly maxNames?: number;
  readonly cache?: CacheListener;
}

/** Remembers the newest sets of up to `maxNames` names in all: every Envoy of a fleet names the same endpoints (S10). */
export function createNameInterner({ maxNames = 200_000, cache }: NameInternerOptions = {}): InternNames {
  const known = new Map<string, NameSet>();
  let names = 0;
  const intern = (set: NameSet): NameSet => {
    if (set.size === 0) return NO_NAMES;
    const key = `${set.size}:${set.hash}`;
    const found = known.get(key);
    if (found !== undefined && sameNames(found, set)) {
      cache?.hit();
      return found;
    }
    if (found === undefined) names += set.size;
    known.set(key, set);
    cache?.missed();
    for (const [oldKey, old] of known) {
      if (names <= maxNames || oldKey === key) break;
      known.delete(oldKey);
      names -= old.size;
      cache?.evicted(1);
    }
    cache?.holds(known.size, 0);
    return set;
  };
  return Object.assign(intern, { known: (bytes: Buffer, places: Uint32Array) => knownSet(known, bytes, places) });
}

function knownSet(known: ReadonlyMap<string, NameSet>, bytes: Buffer, places: Uint32Array): NameSet | undefined {
  const words = wordsOf(bytes);
  const hashes = new Uint32Array(places.length / 2);
  let sum = 0;
  for (let at = 0; at < places.length; at += 2) {
    const hash = bytesHash(words, places[at] ?? 0, places[at + 1] ?? 0);
    if (hash < 0) return undefined;
    hashes[at / 2] = hash;
    sum = (sum + hash) >>> 0;
  }
  const set = known.get(`${hashes.length}:${sum}`);
  if (set === undefined) return undefined;
  const span = { start: 0, end: 0 };
  for (const [index, hash] of hashes.entries()) {
    span.start = places[2 * index] ?? 0;
    span.end = places[2 * index + 1] ?? 0;
    if (!set.hasBytes(hash, words, span)) return undefined;
  }
  return set;
}

class Draft<Value> implements NameDraft<Value> {
  size: number;
  hash: number;
  isChanged = false;
  readonly #buckets: ReadonlyMap<string, Value>[];
  readonly #own = new Map<number, Map<string, Value>>();

  constructor(buckets: Buckets<Value>, size: number, hash: number) {
    this.#buckets = [...buckets];
    this.size = size;
    this.hash = hash;
  }

  get(name: string): Value | undefined {
    return bucketOf(this.#buckets, name)?.get(name);
  }

  has(name: string): boolean {
    return bucketOf(this.#buckets, name)?.has(name) ?? false;
  }

  set(name: string, value: Value): void {
    const hash = textHash(name);
    const known = this.#buckets[hash & (this.#buckets.length - 1)];
    const isNew = known?.has(name) !== true;
    if (!isNew && known?.get(name) === value) return;
    this.#writable(hash).set(name, value);
    this.isChanged = true;
    if (!isNew) return;
    this.size += 1;
    this.hash = (this.hash + hash) >>> 0;
    if (this.#buckets.length === 1 && this.size > SMALL) this.#spread();
  }

  delete(name: string): void {
    if (!this.has(name)) return;
    const hash = textHash(name);
    this.#writable(hash).delete(name);
    this.isChanged = true;
    this.size -= 1;
    this.hash = (this.hash - hash) >>> 0;
  }

  buckets(): Buckets<Value> {
    return this.#buckets;
  }

  #writable(hash: number): Map<string, Value> {
    const index = hash & (this.#buckets.length - 1);
    const own = this.#own.get(index) ?? new Map(this.#buckets[index]);
    this.#own.set(index, own);
    this.#buckets[index] = own;
    return own;
  }

  #spread(): void {
    const [all] = this.#buckets;
    this.#own.clear();
    for (let index = 0; index < BUCKETS; index += 1) {
      const bucket = new Map<string, Value>();
      this.#buckets[index] = bucket;
      this.#own.set(index, bucket);
    }
    for (const [name, value] of all ?? []) this.#own.get(textHash(name) & (BUCKETS - 1))?.set(name, value);
  }
}

function bucketOf<Value>(buckets: Buckets<Value>, name: string): ReadonlyMap<string, Value> | undefined {
  return buckets.length === 1 ? buckets[0] : buckets[textHash(name) & (buckets.length - 1)];
}
