// Reads protobuf's wire format in place: numbers and places in the buffer, no objects and no texts (P18). Knows no message types. Trusts no
// length: whatever is malformed sets `isBroken` once and for all, and what is read after that means nothing.

const WIRE_VARINT = 0;
const WIRE_FIXED64 = 1;
const WIRE_DELIMITED = 2;
const WIRE_GROUP = 3;
const WIRE_GROUP_END = 4;
const WIRE_FIXED32 = 5;
/** As the decoder bounds it. */
const MAX_GROUPS = 100;
const EMPTY = new Uint8Array(0);

export class WireReader {
  /** Where the next byte stands. */
  at = 0;
  isBroken = false;
  #bytes: Uint8Array = EMPTY;

  /** Begins anew at the first of these bytes. They are not copied. */
  reset(bytes: Uint8Array): void {
    this.#bytes = bytes;
    this.at = 0;
    this.isBroken = false;
  }

  /** Whether a value or a tag is to be read before `end`. */
  isBefore(end: number): boolean {
    return this.at < end && !this.isBroken;
  }

  /** The low 32 bits of a varint, unsigned. */
  varint32(end: number): number {
    const first = this.#bytes[this.at];
    if (first !== undefined && first < 0x80 && this.at < end) {
      this.at += 1;
      return first;
    }
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.#next(end);
      if (shift < 32) value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
    return this.#broken();
  }

  /** All 64 bits as a number that is never above 2^53 - 1: larger ones saturate. */
  varint53(end: number): number {
    let value = 0;
    for (let index = 0; index < 10; index += 1) {
      const byte = this.#next(end);
      // The tenth byte carries one bit of the 64.
      value += (index === 9 ? byte & 1 : byte & 0x7f) * 2 ** (7 * index);
      if (byte < 0x80) return Math.min(value, Number.MAX_SAFE_INTEGER);
    }
    return this.#broken();
  }

  /** Reads a length and gives the place where the delimited part ends. */
  delimited(end: number): number {
    const length = this.varint32(end);
    if (length <= end - this.at) return this.at + length;
    return this.#broken();
  }

  /** Passes over the value of a field with this tag. */
  skip(tag: number, end: number): void {
    this.#skip(tag, end, 0);
  }

  #skip(tag: number, end: number, depth: number): void {
    if (tag < 8 || depth > MAX_GROUPS) {
      this.#broken();
      return;
    }
    switch (tag & 7) {
      case WIRE_VARINT:
        this.varint32(end);
        return;
      case WIRE_FIXED64:
        this.#pass(8, end);
        return;
      case WIRE_DELIMITED:
        this.at = this.delimited(end);
        return;
      case WIRE_FIXED32:
        this.#pass(4, end);
        return;
      case WIRE_GROUP:
        this.#skipGroup(tag >>> 3, end, depth + 1);
        return;
      default:
        this.#broken();
    }
  }

  #skipGroup(id: number, end: number, depth: number): void {
    while (!this.isBroken) {
      const tag = this.varint32(end);
      if (tag === id * 8 + WIRE_GROUP_END) return;
      this.#skip(tag, end, depth);
    }
  }

  #pass(size: number, end: number): void {
    if (size > end - this.at) this.#broken();
    else this.at += size;
  }

  #next(end: number): number {
    const byte = this.#bytes[this.at];
    if (byte === undefined || this.at >= end) return this.#broken();
    this.at += 1;
    return byte;
  }

  #broken(): number {
    this.isBroken = true;
    return 0;
  }
}
