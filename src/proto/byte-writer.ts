// Writes protobuf's wire format from the end to the start, so that the length of a nested message is known when its prefix is written and
// nothing is encoded twice or moved. Knows no message types.

const FIRST_CAPACITY = 64 * 1024;
/** A larger buffer is given back before the next message. */
const LARGEST_KEPT = 8 * 1024 * 1024;
/** Longest text that is copied character by character; beyond it a native call is cheaper. */
const SHORT_TEXT = 48;
const TWO_32 = 4_294_967_296;

export class ByteWriter {
  #buffer = Buffer.allocUnsafeSlow(FIRST_CAPACITY);
  #at = FIRST_CAPACITY;

  /** Bytes written so far. */
  get length(): number {
    return this.#buffer.length - this.#at;
  }

  clear(): void {
    if (this.#buffer.length > LARGEST_KEPT) this.#buffer = Buffer.allocUnsafeSlow(FIRST_CAPACITY);
    this.#at = this.#buffer.length;
  }

  /** The `length` bytes written last, as an exact copy that shares memory with nothing (P28). */
  copy(length: number): Buffer {
    const bytes = Buffer.allocUnsafeSlow(length);
    this.#buffer.copy(bytes, 0, this.#at, this.#at + length);
    return bytes;
  }

  /** An unsigned number up to 32 bits. */
  varint(value: number): void {
    if (value < 0x80) {
      this.#reserve(1);
      this.#buffer[this.#at] = value;
      return;
    }
    const size = value < 0x4000 ? 2 : value < 0x200000 ? 3 : value < 0x10000000 ? 4 : 5;
    this.#reserve(size);
    let rest = value;
    let at = this.#at;
    for (; rest > 0x7f; rest = Math.floor(rest / 128)) this.#buffer[at++] = (rest & 0x7f) | 0x80;
    this.#buffer[at] = rest;
  }

  /** Two's complement of 64 bits, as int32, int64 and uint64 are written. */
  varint64(value: number | bigint): void {
    if (typeof value === 'number' && value >= 0 && value < TWO_32) {
      this.varint(value);
      return;
    }
    let rest = BigInt.asUintN(64, BigInt(value));
    const groups: number[] = [];
    for (; rest > 0x7fn; rest >>= 7n) groups.push(Number(rest & 0x7fn) | 0x80);
    groups.push(Number(rest));
    this.bytes(Uint8Array.from(groups));
  }

  fixed32(value: number): void {
    this.#reserve(4);
    this.#buffer.writeInt32LE(value | 0, this.#at);
  }

  fixed64(value: number | bigint): void {
    this.#reserve(8);
    this.#buffer.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)), this.#at);
  }

  float(value: number): void {
    this.#reserve(4);
    this.#buffer.writeFloatLE(value, this.#at);
  }

  double(value: number): void {
    this.#reserve(8);
    this.#buffer.writeDoubleLE(value, this.#at);
  }

  bytes(value: Uint8Array): void {
    this.#reserve(value.length);
    this.#buffer.set(value, this.#at);
  }

  /** UTF-8 without its length, which is returned. */
  text(value: string): number {
    if (value.length <= SHORT_TEXT && this.#ascii(value)) return value.length;
    const size = Buffer.byteLength(value);
    this.#reserve(size);
    this.#buffer.write(value, this.#at, size, 'utf8');
    return size;
  }

  #ascii(value: string): boolean {
    const length = value.length;
    this.#reserve(length);
    const buffer = this.#buffer;
    const start = this.#at;
    for (let index = 0; index < length; index++) {
      const code = value.charCodeAt(index);
      if (code > 0x7f) {
        this.#at += length;
        return false;
      }
      buffer[start + index] = code;
    }
    return true;
  }

  #reserve(size: number): void {
    if (this.#at < size) this.#grow(size);
    this.#at -= size;
  }

  #grow(size: number): void {
    const used = this.length;
    const capacity = Math.max(this.#buffer.length * 2, used + size);
    const grown = Buffer.allocUnsafeSlow(capacity);
    this.#buffer.copy(grown, capacity - used, this.#at);
    this.#buffer = grown;
    this.#at = capacity - used;
  }
}
