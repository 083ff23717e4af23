// Just enough of protobuf's wire format to join ready pieces into a response and to find names in ready resources. No message types
// beyond the fields named here; everything else goes through the Envoy API.
const WIRE_DELIMITED = 2;

/** Bytes, text, a nested message, or a whole number that is not negative. */
export type WirePart = Buffer | string | number | WireMessage;

/** A field with its number. */
export type WireField = readonly [field: number, value: WirePart];

/** A message with its size counted beforehand, so that everything is written once, into one buffer. */
export interface WireMessage {
  readonly size: number;
  readonly fields: readonly WireField[];
}

export function wireMessage(fields: readonly WireField[]): WireMessage {
  let size = 0;
  for (const [, value] of fields) {
    if (typeof value === 'number') {
      size += 1 + varintSize(value);
      continue;
    }
    const length = sizeOf(value);
    size += 1 + varintSize(length) + length;
  }
  return { size, fields };
}

/** Writes the fields in their order from `offset` on and returns where they end. Field numbers are below 16. */
export function writeMessage(target: Buffer, message: WireMessage, offset: number): number {
  let at = offset;
  for (const [field, value] of message.fields) {
    if (typeof value === 'number') {
      target[at] = field << 3;
      at = writeVarint(target, value, at + 1);
      continue;
    }
    target[at] = (field << 3) | WIRE_DELIMITED;
    at = writeVarint(target, sizeOf(value), at + 1);
    if (typeof value === 'string') at += target.write(value, at, 'utf8');
    else if (Buffer.isBuffer(value)) at += value.copy(target, at);
    else at = writeMessage(target, value, at);
  }
  return at;
}

/** The bytes that protobuf writes for a text: its length, then the text. Where they occur, the text is very likely a value. */
export function delimitedText(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const bytes = Buffer.allocUnsafeSlow(varintSize(length) + length);
  bytes.write(text, writeVarint(bytes, length, 0), 'utf8');
  return bytes;
}

/** The first length-delimited field of that number in a message; undefined if there is none or the bytes are no message. */
export function readDelimited(message: Buffer, field: number): Buffer | undefined {
  for (const [number, value] of delimitedFields(message)) if (number === field) return value;
  return undefined;
}

/** The length-delimited fields of a message in their order; ends early where the bytes are no message. */
export function* delimitedFields(message: Buffer): Generator<readonly [field: number, value: Buffer]> {
  let at = 0;
  while (at < message.length) {
    const tag = readVarint(message, at);
    const payload = tag && payloadOf(message, tag.value & 7, tag.end);
    if (tag === undefined || payload === undefined) return;
    if ((tag.value & 7) === WIRE_DELIMITED) yield [Math.floor(tag.value / 8), message.subarray(payload.start, payload.end)];
    at = payload.end;
  }
}

interface Span {
  readonly start: number;
  readonly end: number;
}

function payloadOf(message: Buffer, wireType: number, at: number): Span | undefined {
  if (wireType === 1) return { start: at, end: at + 8 };
  if (wireType === 5) return { start: at, end: at + 4 };
  const varint = readVarint(message, at);
  if (varint === undefined) return undefined;
  if (wireType === 0) return { start: at, end: varint.end };
  const end = varint.end + varint.value;
  return wireType === WIRE_DELIMITED && end <= message.length ? { start: varint.end, end } : undefined;
}

function readVarint(message: Buffer, at: number): { readonly value: number; readonly end: number } | undefined {
  let value = 0;
  for (let index = 0; index < 10; index += 1) {
    const byte = message[at + index];
    if (byte === undefined) return undefined;
    value += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return { value, end: at + index + 1 };
  }
  return undefined;
}

function sizeOf(value: Exclude<WirePart, number>): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  return Buffer.isBuffer(value) ? value.length : value.size;
}

function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest > 0x7f; rest = Math.floor(rest / 128)) size += 1;
  return size;
}

function writeVarint(target: Buffer, value: number, offset: number): number {
  let at = offset;
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) target[at++] = (rest & 0x7f) | 0x80;
  target[at] = rest;
  return at + 1;
}
