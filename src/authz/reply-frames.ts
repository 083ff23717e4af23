// Small protobuf parts that are appended to ready answers (P18): messages merge, so a later part adds to an earlier one.

/** A delimited field: tag, length, content. `field` below 16. */
export function frame(field: number, content: Uint8Array): Buffer {
  const size = lengthSize(content.length);
  const bytes = Buffer.allocUnsafe(1 + size + content.length);
  bytes[0] = field * 8 + 2;
  let rest = content.length;
  for (let at = 1; at < size; at++) {
    bytes[at] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  bytes[size] = rest;
  bytes.set(content, 1 + size);
  return bytes;
}

function lengthSize(length: number): number {
  return length < 0x80 ? 1 : length < 0x4000 ? 2 : length < 0x200000 ? 3 : 4;
}
