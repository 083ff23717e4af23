// A cursor over protobuf's wire format for scanners: numbers, lengths, what to pass over. Knows no message types; never reads beyond its end.
// It is stricter than protobuf asks: tags and lengths of more than five bytes, numbers spelt longer than needed and groups are refused.

/** The bytes are no protobuf message, or not one that Envoy would send. */
export class WireError extends Error {
  constructor(problem: string) {
    super(problem);
    this.name = 'WireError';
  }
}

const EMPTY = Buffer.alloc(0);

export class WireReader {
  bytes: Buffer = EMPTY;
  at = 0;

  reset(bytes: Uint8Array): void {
    this.bytes = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = 0;
  }

  /** Of a tag or a length: at most 32 bits, in the fewest bytes. */
  uint32(end: number): number {
    const first = this.at < end ? (this.bytes[this.at] ?? 0) : 0x80;
    if (first < 0x80) {
      this.at++;
      return first;
    }
    return this.#longUint32(end);
  }

  /** Reads a length and gives the place where the delimited part ends. */
  delimited(end: number): number {
    const length = this.uint32(end);
    if (length > end - this.at) throw new WireError('a length points beyond the end');
    return this.at + length;
  }

  /** Passes over the value of a field that nobody needs. */
  skip(tag: number, end: number): void {
    if (tag < 8) throw new WireError('a field has the number 0');
    switch (tag & 7) {
      case 0:
        this.#skipNumber(end);
        return;
      case 1:
        this.#take(8, end);
        return;
      case 2:
        this.at = this.delimited(end);
        return;
      case 5:
        this.#take(4, end);
        return;
      default:
        throw new WireError('a group, or a wire type that does not exist');
    }
  }

  #longUint32(end: number): number {
    let value = 0;
    for (let index = 0; index < 5; index++) {
      if (this.at >= end) throw new WireError('it ends within a number');
      const byte = this.bytes[this.at++] ?? 0;
      value += (byte & 0x7f) * 2 ** (7 * index);
      if (byte >= 0x80) continue;
      if (byte === 0 || value > 0xffffffff) throw new WireError('a number is spelt too long');
      return value;
    }
    throw new WireError('a number is too long');
  }

  #skipNumber(end: number): void {
    for (let index = 0; index < 10; index++) {
      if (this.at >= end) throw new WireError('it ends within a number');
      if ((this.bytes[this.at++] ?? 0) < 0x80) return;
    }
    throw new WireError('a number is too long');
  }

  #take(size: number, end: number): void {
    if (size > end - this.at) throw new WireError('it ends within a value');
    this.at += size;
  }
}
