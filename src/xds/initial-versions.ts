// What a client that comes back says it holds, compared entry by entry with a view and never built into a map (P11, X58).
import { bytesHash, wordsOf } from '../lib/byte-index.ts';
import type { SnapshotResource, TypeView } from '../snapshot/types.ts';
import type { ByteEntry } from '../snapshot/versioned-map.ts';
import { typeView } from '../snapshot/view.ts';
import { isSendable } from './views.ts';

export type Held = readonly [name: string, version: string];

/** Name → version. Of a name that comes twice the last version should count; here both may. */
export interface InitialVersions extends Iterable<Held> {
  readonly size: number;
  /** Without it the entries are compared one by one. */
  readonly comparedWith?: (view: TypeView) => Comparison;
}

export interface Comparison {
  /** How many are in the view at an equal version. */
  readonly equal: number;
  /** In the view, in another version. */
  readonly differing: readonly Held[];
  readonly absent: readonly Held[];
  /** In the view by name and version only, equal or not. */
  readonly unsendable: readonly Held[];
}

export function compareVersions(versions: InitialVersions, view: TypeView): Comparison {
  if (versions.comparedWith !== undefined) return versions.comparedWith(view);
  const comparison = new Comparing();
  for (const held of versions) {
    const resource = view.resources.get(held[0]);
    if (resource === undefined) comparison.absent.push(held);
    else {
      if (resource.version === held[1]) comparison.equal += 1;
      else comparison.differing.push(held);
      if (!isSendable(resource)) comparison.unsendable.push(held);
    }
  }
  return comparison;
}

/**
 * What a client holds beyond the target; undefined if that is nothing. Resources that `recent` still has are as they are there; of the
 * others only name and version are known, and they are never sent.
 */
export function heldBeyond(versions: InitialVersions, target: TypeView, recent: TypeView | undefined): TypeView | undefined {
  const { typeUrl } = target;
  const { absent } = compareVersions(versions, target);
  if (absent.length === 0) return undefined;
  return typeView(
    typeUrl,
    absent.map(([name, version]) => recent?.resources.get(name) ?? { typeUrl, name, version, any: NO_BYTES }),
  );
}

const NO_BYTES = Buffer.alloc(0);

class Comparing implements Comparison {
  equal = 0;
  readonly differing: Held[] = [];
  readonly absent: Held[] = [];
  readonly unsendable: Held[] = [];
}

/** Versions that stand in the bytes of a request. */
export class ScannedVersions implements InitialVersions {
  readonly size: number;
  readonly #bytes: Buffer;
  readonly #places: Uint32Array;
  #last: { readonly view: TypeView; readonly comparison: Comparison } | undefined;

  /** `places`: start and end of each name and of its version, in turn. */
  constructor(bytes: Buffer, places: Uint32Array) {
    this.#bytes = bytes;
    this.#places = places;
    this.size = places.length / 4;
  }

  *[Symbol.iterator](): Iterator<Held> {
    for (let at = 0; at < this.#places.length; at += 4) yield this.#held(at);
  }

  /** Asked twice for the same view in a row, it compares once. */
  readonly comparedWith = (view: TypeView): Comparison => {
    if (this.#last?.view !== view) this.#last = { view, comparison: this.#compare(view) };
    return this.#last.comparison;
  };

  #compare({ resources }: TypeView): Comparison {
    const words = wordsOf(this.#bytes);
    const places = this.#places;
    const [differing, absent, unsendable]: [Held[], Held[], Held[]] = [[], [], []];
    let equal = 0;
    // One object each for all entries.
    const name = { start: 0, end: 0 };
    const version = { start: 0, end: 0 };
    const entry = { name, version, isEqual: false };
    for (let at = 0; at < places.length; at += 4) {
      name.start = places[at] ?? 0;
      name.end = places[at + 1] ?? 0;
      version.start = places[at + 2] ?? 0;
      version.end = places[at + 3] ?? 0;
      const hash = bytesHash(words, name.start, name.end);
      const resource = hash < 0 ? this.#byText(resources, at, entry) : resources.find(hash, words, entry);
      if (resource === undefined) {
        absent.push(this.#held(at));
        continue;
      }
      if (entry.isEqual) equal += 1;
      else differing.push(this.#held(at));
      if (!isSendable(resource)) unsendable.push(this.#held(at));
    }
    return { equal, differing, absent, unsendable };
  }

  /** A name that is not ASCII. */
  #byText(resources: TypeView['resources'], at: number, entry: ByteEntry): SnapshotResource | undefined {
    const resource = resources.get(this.#text(at));
    entry.isEqual = resource?.version === this.#text(at + 2);
    return resource;
  }

  #held(at: number): Held {
    return [this.#text(at), this.#text(at + 2)];
  }

  #text(at: number): string {
    return this.#bytes.toString('utf8', this.#places[at], this.#places[at + 1]);
  }
}
