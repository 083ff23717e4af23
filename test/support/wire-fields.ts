// Changes single fields of encoded protobuf messages and leaves all other bytes as they are. For tests that change resources on their way.

interface Varint {
  readonly value: number;
  readonly end: number;
}

/** The message with every length-delimited field of that number replaced by what `change` makes of it. */
export function mapDelimited(message: Buffer, field: number, change: (value: Buffer) => Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < message.length; ) {
    const tag = readVarint(message, at);
    const end = endOfField(message, tag);
    if (tag.value === field * 8 + 2) {
      const changed = change(message.subarray(readVarint(message, tag.end).end, end));
      parts.push(message.subarray(at, tag.end), varint(changed.length), changed);
    } else {
      parts.push(message.subarray(at, end));
    }
    at = end;
  }
  return Buffer.concat(parts);
}

/** Texts of the length-delimited fields of that number. */
export function textsOf(message: Buffer, field: number): readonly string[] {
  const texts: string[] = [];
  mapDelimited(message, field, (value) => {
    texts.push(value.toString('utf8'));
    return value;
  });
  return texts;
}

function endOfField(message: Buffer, tag: Varint): number {
  switch (tag.value & 7) {
    case 0:
      return readVarint(message, tag.end).end;
    case 1:
      return tag.end + 8;
    case 2: {
      const length = readVarint(message, tag.end);
      return length.end + length.value;
    }
    case 5:
      return tag.end + 4;
    default:
      throw new Error(`wire type ${tag.value & 7} is none of ours`);
  }
}

function readVarint(message: Buffer, start: number): Varint {
  let value = 0;
  let factor = 1;
  for (let at = start; at < message.length; at += 1) {
    const byte = message[at] ?? 0;
    value += (byte & 0x7f) * factor;
    if (byte < 0x80) return { value, end: at + 1 };
    factor *= 0x80;
  }
  throw new Error('the message ends in a number');
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return Buffer.from([...bytes, rest]);
}
