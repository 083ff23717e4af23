// Reads protobuf's wire format into plain objects as proto-loader gives them: field names of the .proto files, enums by name, 64-bit numbers
// as numbers, absent fields absent, each set oneof with the name of its arm. Reads what peers sent: it bounds depth and trusts no length.
import type { Field, FieldContent, MessageType, ScalarKind } from './descriptors.ts';
import { WIRE_DELIMITED, WIRE_FIXED32, WIRE_FIXED64, WIRE_VARINT, wireTypeOf } from './scalars.ts';

/** Protobuf's usual bound for messages within messages. */
const MAX_DEPTH = 100;
const WIRE_GROUP = 3;
const WIRE_GROUP_END = 4;

type MutableMessage = Record<string, unknown>;

/** Throws an Error with a short reason when `bytes` are no message of this type. Fields unknown to the API are skipped. */
export function decodeMessage(type: MessageType, bytes: Uint8Array): Record<string, unknown> {
  const reader = new Reader(bytes);
  return reader.message(type, {}, bytes.length);
}

class Reader {
  readonly #bytes: Buffer;
  #at = 0;
  #depth = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  message(type: MessageType, into: MutableMessage, end: number): MutableMessage {
    if (++this.#depth > MAX_DEPTH) throw new Error(`messages are nested more than ${MAX_DEPTH} deep`);
    while (this.#at < end) {
      const tag = this.#varint32(end);
      const wireType = tag & 7;
      const field = type.fieldsById.get(tag >>> 3);
      if (field === undefined || !fits(field, wireType)) {
        this.#skip(tag, end);
      } else if (field.shape === 'single') {
        if (field.oneof !== undefined) chooseArm(type, field.oneof, { name: field.name, into });
        into[field.name] = this.#value(field.content, end, into[field.name]);
      } else if (field.shape === 'list') {
        this.#list(field, into, { wireType, end });
      } else {
        this.#mapEntry(field, into, this.#delimited(end));
      }
    }
    this.#depth--;
    return into;
  }

  #list(field: Field, into: MutableMessage, { wireType, end }: { readonly wireType: number; readonly end: number }): void {
    const list = (into[field.name] ??= []) as unknown[];
    if (wireType === wireTypeOfContent(field.content)) {
      list.push(this.#value(field.content, end, undefined));
      return;
    }
    const stop = this.#delimited(end);
    while (this.#at < stop) list.push(this.#value(field.content, stop, undefined));
  }

  #mapEntry(field: Field, into: MutableMessage, end: number): void {
    const map = (into[field.name] ??= {}) as MutableMessage;
    let key: unknown;
    let value: unknown;
    while (this.#at < end) {
      const tag = this.#varint32(end);
      if (tag === 8 + wireTypeOf(field.keyKind)) key = this.#scalar(field.keyKind, end);
      else if (tag === 16 + wireTypeOfContent(field.content)) value = this.#value(field.content, end, value);
      else this.#skip(tag, end);
    }
    const name = String(key ?? zeroOf(field.keyKind));
    const content = value ?? defaultOf(field.content);
    // A peer may choose the key `__proto__`, which must not be assigned.
    if (name === '__proto__') Object.defineProperty(map, name, { value: content, enumerable: true, configurable: true, writable: true });
    else map[name] = content;
  }

  /** `earlier` is what the same field had before: messages merge, other values replace. */
  #value(content: FieldContent, end: number, earlier: unknown): unknown {
    switch (content.kind) {
      case 'message':
        return this.message(content.messageType, (earlier ?? {}) as MutableMessage, this.#delimited(end));
      case 'enum': {
        const number = Number(BigInt.asIntN(32, BigInt(this.#varint64(end))));
        return content.enumType.names.get(number) ?? number;
      }
      case 'scalar':
        return this.#scalar(content.scalar, end);
      default:
        return content satisfies never;
    }
  }

  #scalar(kind: ScalarKind, end: number): unknown {
    switch (kind) {
      case 'string':
        return this.#text(this.#delimited(end));
      case 'bytes':
        return this.#copy(this.#delimited(end));
      case 'bool':
        return this.#varint64(end) !== 0;
      case 'uint32':
        return this.#varint32(end);
      case 'int32':
        return this.#varint32(end) | 0;
      case 'sint32':
        return unzigzag(BigInt(this.#varint32(end)));
      case 'uint64':
        return Number(this.#varint64(end));
      case 'int64':
        return Number(BigInt.asIntN(64, BigInt(this.#varint64(end))));
      case 'sint64':
        return unzigzag(BigInt(this.#varint64(end)));
      case 'double':
        return this.#bytes.readDoubleLE(this.#take(8, end));
      case 'float':
        return this.#bytes.readFloatLE(this.#take(4, end));
      case 'fixed32':
        return this.#bytes.readUInt32LE(this.#take(4, end));
      case 'sfixed32':
        return this.#bytes.readInt32LE(this.#take(4, end));
      case 'fixed64':
        return Number(this.#bytes.readBigUInt64LE(this.#take(8, end)));
      case 'sfixed64':
        return Number(this.#bytes.readBigInt64LE(this.#take(8, end)));
      default:
        return kind satisfies never;
    }
  }

  #text(end: number): string {
    const start = this.#at;
    this.#at = end;
    return this.#bytes.toString('utf8', start, end);
  }

  /** Copied, so that what is kept of a request does not keep the request (P28). */
  #copy(end: number): Buffer {
    const start = this.#at;
    this.#at = end;
    return Buffer.from(this.#bytes.subarray(start, end));
  }

  /** Reads a length and gives the place where the delimited part ends. */
  #delimited(end: number): number {
    const length = this.#varint32(end);
    if (length > end - this.#at) throw new Error('a length points beyond the end');
    return this.#at + length;
  }

  #take(size: number, end: number): number {
    const start = this.#at;
    if (size > end - start) throw new Error('it ends within a value');
    this.#at = start + size;
    return start;
  }

  /** The low 32 bits of a varint, unsigned. */
  #varint32(end: number): number {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.#bytes[this.#take(1, end)] ?? 0;
      if (shift < 32) value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
    throw new Error('a number has more than 10 bytes');
  }

  /** All 64 bits: a number below 2^53, else a bigint. */
  #varint64(end: number): number | bigint {
    let low = 0;
    let high = 0n;
    for (let index = 0; index < 10; index++) {
      const byte = this.#bytes[this.#take(1, end)] ?? 0;
      if (index < 7) low += (byte & 0x7f) * 2 ** (7 * index);
      else high |= BigInt(byte & 0x7f) << BigInt(7 * index);
      if (byte < 0x80) return high === 0n ? low : BigInt.asUintN(64, high | BigInt(low));
    }
    throw new Error('a number has more than 10 bytes');
  }

  #skip(tag: number, end: number): void {
    if (tag < 8) throw new Error('a field has the number 0');
    switch (tag & 7) {
      case WIRE_VARINT:
        this.#varint32(end);
        return;
      case WIRE_FIXED64:
        this.#take(8, end);
        return;
      case WIRE_DELIMITED:
        this.#at = this.#delimited(end);
        return;
      case WIRE_FIXED32:
        this.#take(4, end);
        return;
      case WIRE_GROUP:
        this.#skipGroup(tag >>> 3, end);
        return;
      default:
        throw new Error(`a field has the wire type ${tag & 7}, which does not exist`);
    }
  }

  #skipGroup(id: number, end: number): void {
    if (++this.#depth > MAX_DEPTH) throw new Error(`messages are nested more than ${MAX_DEPTH} deep`);
    for (;;) {
      const tag = this.#varint32(end);
      if (tag === id * 8 + WIRE_GROUP_END) break;
      this.#skip(tag, end);
    }
    this.#depth--;
  }
}

/** The arm read last is the one that is set. */
function chooseArm(type: MessageType, oneof: string, { name, into }: { readonly name: string; readonly into: MutableMessage }): void {
  if (into[oneof] === name) return;
  for (const arm of type.oneofs.get(oneof) ?? []) delete into[arm];
  into[oneof] = name;
}

function wireTypeOfContent(content: FieldContent): number {
  if (content.kind === 'scalar') return wireTypeOf(content.scalar);
  return content.kind === 'enum' ? WIRE_VARINT : WIRE_DELIMITED;
}

/** A field that comes with another wire type than its own is treated as unknown; lists of numbers come packed or not. */
function fits(field: Field, wireType: number): boolean {
  if (field.shape === 'map') return wireType === WIRE_DELIMITED;
  return wireType === wireTypeOfContent(field.content) || (field.shape === 'list' && wireType === WIRE_DELIMITED);
}

function unzigzag(value: bigint): number {
  return Number(value & 1n ? -(value >> 1n) - 1n : value >> 1n);
}

function zeroOf(kind: ScalarKind): unknown {
  if (kind === 'string') return '';
  if (kind === 'bytes') return Buffer.alloc(0);
  return kind === 'bool' ? false : 0;
}

function defaultOf(content: FieldContent): unknown {
  if (content.kind === 'message') return {};
  return content.kind === 'enum' ? (content.enumType.names.get(0) ?? 0) : zeroOf(content.scalar);
}
