// Writes one reply from its end to its start, so that the length of a nested message is known when its prefix is written, into memory that is
// used again for the next reply. Makes one buffer per reply and nothing else (R902). Knows wire types, no fields.

const FIRST_CAPACITY = 4_096;
/** A larger buffer is given back after the reply. */
const LARGEST_KEPT = 262_144;

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
    if (value < 0x80) {
      this.byte(value);
      return;
    }
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
    this.#reserve(ready.length);
    this.#buffer.set(ready, this.#at);
  }

  text(value: string): void {
    const size = Buffer.byteLength(value);
    this.#reserve(size);
    this.#buffer.write(value, this.#at, size, 'utf8');
  }

  /** The digits of a whole number from 0 to 2^53 - 1. */
  digits(value: number): void {
    let rest = value;
    do {
      this.byte(48 + (rest % 10));
      rest = Math.floor(rest / 10);
    } while (rest > 0);
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
