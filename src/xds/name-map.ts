// A persistent map from resource names: editing gives a new map that shares what did not change, so that one more name among
// thousands costs little and the protocol core can stay a set of pure functions. Also finds the one instance of equal name sets.
import { textHash } from '../lib/text-hash.ts';

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

export function sameNames(left: NameSet, right: NameSet): boolean {
  if (left === right) return true;
  if (left.size !== right.size || left.hash !== right.hash) return false;
  for (const name of left.keys()) if (!right.has(name)) return false;
  return true;
}

/** Gives the instance that it gave before for an equal set. */
export type InternNames = (set: NameSet) => NameSet;

/** Remembers the newest sets of up to `maxNames` names in all: every Envoy of a fleet names the same endpoints (S10). */
export function createNameInterner(maxNames = 200_000): InternNames {
  const known = new Map<string, NameSet>();
  let names = 0;
  return (set) => {
    if (set.size === 0) return NO_NAMES;
    const key = `${set.size}:${set.hash}`;
    const found = known.get(key);
    if (found !== undefined && sameNames(found, set)) return found;
    if (found === undefined) names += set.size;
    known.set(key, set);
    for (const [oldKey, old] of known) {
      if (names <= maxNames || oldKey === key) break;
      known.delete(oldKey);
      names -= old.size;
    }
    return set;
  };
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
