// Finds texts by their UTF-8 bytes inside a larger buffer, without making strings: for requests that name thousands of things which are
// known already (P11). Only ASCII texts are found; of others the caller makes a string.
import { textHash } from './text-hash.ts';

/** What `textHash` gives for the text of these bytes; -1 if they are not all ASCII. */
export function bytesHash(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let index = start; index < end; index += 1) {
    const byte = bytes[index] ?? 0;
    if (byte > 0x7f) return -1;
    hash = Math.imul(hash ^ byte, 0x01000193);
  }
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x2c1b3c6d);
  return (hash ^ (hash >>> 13)) >>> 0;
}

/** Whether these bytes are the ASCII text. */
export function isText(bytes: Uint8Array, span: { readonly start: number; readonly end: number }, text: string): boolean {
  const { start, end } = span;
  if (end - start !== text.length) return false;
  for (let index = start; index < end; index += 1) if (bytes[index] !== text.charCodeAt(index - start)) return false;
  return true;
}

/** Immutable. */
export class ByteIndex {
  readonly #texts: readonly string[];
  /** Place of a text plus one, by hash; open addressing. */
  readonly #slots: Uint32Array;

  constructor(texts: readonly string[]) {
    this.#texts = texts;
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
  find(hash: number, bytes: Uint8Array, span: { readonly start: number; readonly end: number }): number {
    const mask = this.#slots.length - 1;
    for (let slot = startOf(hash) & mask; ; slot = (slot + 1) & mask) {
      const place = this.#slots[slot] ?? 0;
      if (place === 0) return -1;
      if (isText(bytes, span, this.#texts[place - 1] ?? '')) return place - 1;
    }
  }
}

/** The low bits tell buckets apart that have an index each. */
function startOf(hash: number): number {
  return hash >>> 8;
}
