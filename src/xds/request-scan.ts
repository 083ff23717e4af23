// The bulk of a discovery request, found in its bytes: the names asked for and the versions held, as places in the buffer. Makes no strings
// and no objects per name (P11); everything else of the request is left to the decoder.

const NAMES_TAG = (3 << 3) | 2;
const VERSIONS_TAG = (5 << 3) | 2;
const KEY_TAG = (1 << 3) | 2;
const VALUE_TAG = (2 << 3) | 2;

/** Of a request of either form; a state-of-the-world one has no versions, and something else in their field. */
export interface RequestScan {
  /** Start and end of each name, in turn. */
  readonly names: Uint32Array;
  /** Start and end of each name held and of its version, in turn. */
  readonly versions: Uint32Array;
  /** The request without the one, the other, or both. */
  without(bulk: { readonly names: boolean; readonly versions: boolean }): Buffer;
}

/** Undefined if the bytes are no message. */
export function scanRequest(bytes: Buffer, hasVersions: boolean): RequestScan | undefined {
  const scan = new Scan(bytes, hasVersions);
  if (!scan.run()) return undefined;
  return { names: scan.names.taken(), versions: scan.versions.taken(), without: (bulk) => scan.without(bulk) };
}

type Kind = 'names' | 'versions' | 'rest';

/** Numbers that come one by one. */
class Places {
  #list = new Uint32Array(64);
  #length = 0;

  add(start: number, end: number): void {
    if (this.#length + 2 > this.#list.length) {
      const longer = new Uint32Array(this.#list.length * 4);
      longer.set(this.#list);
      this.#list = longer;
    }
    this.#list[this.#length++] = start;
    this.#list[this.#length++] = end;
  }

  taken(): Uint32Array {
    return this.#list.subarray(0, this.#length);
  }
}

class Scan {
  readonly names = new Places();
  readonly versions = new Places();
  readonly #bytes: Buffer;
  readonly #hasVersions: boolean;
  /** Fields of one kind that stand together. */
  readonly #runs: { readonly kind: Kind; readonly start: number; end: number }[] = [];
  #at = 0;

  constructor(bytes: Buffer, hasVersions: boolean) {
    this.#bytes = bytes;
    this.#hasVersions = hasVersions;
  }

  without(bulk: { readonly names: boolean; readonly versions: boolean }): Buffer {
    const kept = this.#runs.filter(({ kind }) => kind === 'rest' || !bulk[kind]);
    return Buffer.concat(kept.map(({ start, end }) => this.#bytes.subarray(start, end)));
  }

  run(): boolean {
    const { length } = this.#bytes;
    while (this.#at < length) {
      const from = this.#at;
      const tag = this.#varint();
      const kind = this.#kindOf(tag);
      const size = kind === 'rest' ? 0 : this.#varint();
      const end = kind === 'rest' ? this.#skip(tag) : this.#at + size;
      if (tag < 0 || size < 0 || end < 0 || end > length) return false;
      if (kind === 'names') this.names.add(this.#at, end);
      if (kind === 'versions' && !this.#entry(end)) return false;
      this.#add(kind, from, end);
      this.#at = end;
    }
    return true;
  }

  #kindOf(tag: number): Kind {
    if (tag === NAMES_TAG) return 'names';
    return tag === VERSIONS_TAG && this.#hasVersions ? 'versions' : 'rest';
  }

  #add(kind: Kind, start: number, end: number): void {
    const last = this.#runs.at(-1);
    if (last?.kind === kind) last.end = end;
    else this.#runs.push({ kind, start, end });
  }

  /** A map entry that ends at `end`: name and version, in either order, both of which may be missing. */
  #entry(end: number): boolean {
    let [nameStart, nameEnd, versionStart, versionEnd] = [this.#at, this.#at, this.#at, this.#at];
    while (this.#at < end) {
      const tag = this.#varint();
      const isDelimited = tag === KEY_TAG || tag === VALUE_TAG;
      const size = isDelimited ? this.#varint() : 0;
      const start = this.#at;
      const fieldEnd = isDelimited ? start + size : this.#skip(tag);
      if (tag < 0 || size < 0 || fieldEnd < 0 || fieldEnd > end) return false;
      if (tag === KEY_TAG) [nameStart, nameEnd] = [start, fieldEnd];
      if (tag === VALUE_TAG) [versionStart, versionEnd] = [start, fieldEnd];
      this.#at = fieldEnd;
    }
    this.versions.add(nameStart, nameEnd);
    this.versions.add(versionStart, versionEnd);
    return true;
  }

  /** Where the field of this tag ends whose value begins here; -1 if there is no such value. */
  #skip(tag: number): number {
    switch (tag & 7) {
      case 0:
        return this.#varint() < 0 ? -1 : this.#at;
      case 1:
        return this.#at + 8;
      case 2: {
        const size = this.#varint();
        return size < 0 ? -1 : this.#at + size;
      }
      case 5:
        return this.#at + 4;
      default:
        return -1;
    }
  }

  /** -1 if there is none. */
  #varint(): number {
    const first = this.#bytes[this.#at];
    if (first === undefined) return -1;
    if (first < 0x80) {
      this.#at += 1;
      return first;
    }
    let value = 0;
    for (let index = 0; index < 10; index += 1) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) return -1;
      value += (byte & 0x7f) * 2 ** (7 * index);
      if (byte < 0x80) return value;
    }
    return -1;
  }
}
