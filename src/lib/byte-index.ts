// Finds texts by their UTF-8 bytes inside a larger buffer, without making strings: for requests that name thousands of things which are
// known already (P11). Works on words of four bytes. Only ASCII texts are found; of others the caller makes a string.
import { textHash } from './text-hash.ts';

/** A part of a buffer. */
export interface ByteSpan {
  readonly start: number;
  readonly end: number;
}

/** The bytes as words can be read from them. */
export function wordsOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** What `textHash` gives for the text of these bytes; -1 if they are not all ASCII. */
export function bytesHash(bytes: DataView, start: number, end: number): number {
  let hash = 0x811c9dc5;
  let all = 0;
  let at = start;
  for (; at + 4 <= end; at += 4) {
    const word = bytes.getInt32(at, true);
    all |= word;
    hash = Math.imul(hash ^ word, 0x01000193);
  }
  for (; at < end; at += 1) {
    const byte = bytes.getUint8(at);
    all |= byte;
    hash = Math.imul(hash ^ byte, 0x01000193);
  }
  if ((all & 0x80808080) !== 0) return -1;
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x2c1b3c6d);
  return (hash ^ (hash >>> 13)) >>> 0;
}

/** Texts whose bytes stand after each other, to be compared with those of others. Immutable. */
export class TextBytes {
  readonly #words: DataView;
  /** Where each text begins, and where the last one ends. */
  readonly #starts: Uint32Array;

  constructor(texts: readonly string[]) {
    const parts = texts.map((text) => Buffer.from(text));
    this.#words = wordsOf(Buffer.concat(parts));
    this.#starts = new Uint32Array(parts.length + 1);
    for (const [place, { length }] of parts.entries()) this.#starts[place + 1] = (this.#starts[place] ?? 0) + length;
  }

  /** Whether these bytes are those of the text at a place. */
  isAt(place: number, bytes: DataView, { start, end }: ByteSpan): boolean {
    const own = this.#starts[place] ?? 0;
    const length = end - start;
    if ((this.#starts[place + 1] ?? 0) - own !== length) return false;
    let at = 0;
    for (; at + 4 <= length; at += 4) if (bytes.getInt32(start + at) !== this.#words.getInt32(own + at)) return false;
    for (; at < length; at += 1) if (bytes.getUint8(start + at) !== this.#words.getUint8(own + at)) return false;
    return true;
  }
}

/** Immutable. */
export class ByteIndex {
  readonly #texts: TextBytes;
  /** Place of a text plus one, by hash; open addressing. */
  readonly #slots: Uint32Array;

  constructor(texts: readonly string[]) {
    this.#texts = new TextBytes(texts);
    let size = 8;
    while (size < texts.length * 2) size *= 2;
    this.#slots = new Uint32Array(size);
    for (const [place, text] of texts.entries()) {
      let slot = startOf(textHash(text)) & (size - 1);
      while (this.#slots[slot] !== 0) slot = (slot + 1) & (size - 1);
      this.#slots[slot] = place + 1;
    }
  }

  /** The place in `texts` of the text of these bytes, whose hash is given; -1 if it is not there. */
  find(hash: number, bytes: DataView, span: ByteSpan): number {
    const mask = this.#slots.length - 1;
    for (let slot = startOf(hash) & mask; ; slot = (slot + 1) & mask) {
      const place = this.#slots[slot] ?? 0;
      if (place === 0) return -1;
      if (this.#texts.isAt(place - 1, bytes, span)) return place - 1;
    }
  }
}

/** The low bits tell buckets apart that have an index each. */
function startOf(hash: number): number {
  return hash >>> 8;
}
