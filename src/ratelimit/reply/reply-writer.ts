// Writes one reply from its end to its start, so that the length of a nested message is known when its prefix is written, into memory that is
// used again for the next reply. Makes one buffer per reply and nothing else (R902). Knows wire types, no fields.

const FIRST_CAPACITY = 4_096;
/** A larger buffer is given back after the reply. */
const LARGEST_KEPT = 262_144;
const UINT32_MAX = 4_294_967_295;
/** Up to so many bytes, copying one by one costs less than the call that copies them. */
const SMALL = 24;
const NINE_DIGITS = 1_000_000_000;

export class ReplyWriter {
  #buffer: Buffer = Buffer.allocUnsafeSlow(FIRST_CAPACITY);
  #view = viewOf(this.#buffer);
  #at = FIRST_CAPACITY;

  /** Bytes written so far; `delimit` takes it as the place where a part began. */
  get length(): number {
    return this.#buffer.length - this.#at;
  }

  /** The whole reply; the writer is empty afterwards. */
  take(): Buffer {
    const size = this.length;
    const reply = Buffer.allocUnsafe(size);
    this.#buffer.copy(reply, 0, this.#at);
    if (this.#buffer.length > LARGEST_KEPT) this.#use(Buffer.allocUnsafeSlow(FIRST_CAPACITY));
    this.#at = this.#buffer.length;
    return reply;
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#buffer[this.#at] = value;
  }

  /** A whole number from 0 to 2^53 - 1. */
  varint(value: number): void {
    if (value < 0x80) this.byte(value);
    else if (value <= UINT32_MAX) this.#varint32(value);
    else this.#varint53(value);
  }

  /** Whole numbers of 32 bits are much cheaper to divide than doubles. */
  #varint32(value: number): void {
    const size = value < 0x4000 ? 2 : value < 0x20_0000 ? 3 : value < 0x1000_0000 ? 4 : 5;
    this.#reserve(size);
    let rest = value >>> 0;
    let at = this.#at;
    for (; rest > 0x7f; rest >>>= 7) this.#buffer[at++] = (rest & 0x7f) | 0x80;
    this.#buffer[at] = rest;
  }

  #varint53(value: number): void {
    let size = 1;
    for (let rest = value; rest > 0x7f; rest = Math.floor(rest / 128)) size += 1;
    this.#reserve(size);
    let rest = value;
    let at = this.#at;
    for (; rest > 0x7f; rest = Math.floor(rest / 128)) this.#buffer[at++] = (rest % 128) | 0x80;
    this.#buffer[at] = rest;
  }

  /** Bytes that are ready. */
  bytes(ready: Uint8Array): void {
    const size = ready.length;
    this.#reserve(size);
    if (size > SMALL) {
      this.#buffer.set(ready, this.#at);
      return;
    }
    const at = this.#at;
    for (let place = 0; place < size; place += 1) this.#buffer[at + place] = ready[place] ?? 0;
  }

  text(value: string): void {
    if (value.length <= SMALL && this.#ascii(value)) return;
    const size = Buffer.byteLength(value);
    this.#reserve(size);
    this.#buffer.write(value, this.#at, size, 'utf8');
  }

  /** False, and nothing is written, where the text holds anything else. */
  #ascii(value: string): boolean {
    const size = value.length;
    this.#reserve(size);
    const at = this.#at;
    for (let place = 0; place < size; place += 1) {
      const code = value.charCodeAt(place);
      if (code > 0x7f) {
        this.#at += size;
        return false;
      }
      this.#buffer[at + place] = code;
    }
    return true;
  }

  /** The digits of a whole number from 0 to 2^53 - 1. */
  digits(value: number): void {
    let rest = value;
    // Nine digits at a time are whole numbers of 32 bits, which are much cheaper to divide than doubles.
    while (rest >= NINE_DIGITS) {
      const above = Math.floor(rest / NINE_DIGITS);
      this.#digits(rest - above * NINE_DIGITS, 9);
      rest = above;
    }
    this.#digits(rest, 1);
  }

  #digits(value: number, atLeast: number): void {
    let rest = value | 0;
    for (let digits = 0; rest > 0 || digits < atLeast; digits += 1) {
      const above = (rest / 10) | 0;
      this.byte(48 + rest - above * 10);
      rest = above;
    }
  }

  double(value: number): void {
    this.#reserve(8);
    this.#view.setFloat64(this.#at, value, true);
  }

  /** Makes what was written since the writer had this length a field: length and tag. */
  delimit(tag: number, since: number): void {
    this.varint(this.length - since);
    this.byte(tag);
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
    this.#use(grown);
    this.#at = capacity - used;
  }

  #use(buffer: Buffer): void {
    this.#buffer = buffer;
    this.#view = viewOf(buffer);
  }
}

function viewOf(buffer: Buffer): DataView {
  return new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}
