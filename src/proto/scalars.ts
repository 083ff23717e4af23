// Single protobuf values: which JS values each kind takes, how they are written, and what is their default. Knows no fields.
import type { ByteWriter } from './byte-writer.ts';
import type { EnumType, ScalarKind } from './descriptors.ts';

export const WIRE_VARINT = 0;
export const WIRE_FIXED64 = 1;
export const WIRE_DELIMITED = 2;
export const WIRE_FIXED32 = 5;

type IntegerKind = Exclude<ScalarKind, 'string' | 'bool' | 'bytes' | 'double' | 'float'>;
type IntegerWriter = (writer: ByteWriter, value: number | bigint) => void;

const WIRE_TYPES: Readonly<Record<ScalarKind, number>> = {
  double: WIRE_FIXED64,
  float: WIRE_FIXED32,
  int32: WIRE_VARINT,
  int64: WIRE_VARINT,
  uint32: WIRE_VARINT,
  uint64: WIRE_VARINT,
  sint32: WIRE_VARINT,
  sint64: WIRE_VARINT,
  fixed32: WIRE_FIXED32,
  fixed64: WIRE_FIXED64,
  sfixed32: WIRE_FIXED32,
  sfixed64: WIRE_FIXED64,
  bool: WIRE_VARINT,
  string: WIRE_DELIMITED,
  bytes: WIRE_DELIMITED,
};

const varint64: IntegerWriter = (writer, value) => writer.varint64(value);
const zigzag: IntegerWriter = (writer, value) => writer.varint64(value >= 0 ? BigInt(value) * 2n : BigInt(value) * -2n - 1n);
const fixed32: IntegerWriter = (writer, value) => writer.fixed32(Number(value));
const fixed64: IntegerWriter = (writer, value) => writer.fixed64(value);

const INTEGER_WRITERS: Readonly<Record<IntegerKind, IntegerWriter>> = {
  int32: varint64,
  int64: varint64,
  uint32: varint64,
  uint64: varint64,
  sint32: zigzag,
  sint64: zigzag,
  fixed32,
  fixed64,
  sfixed32: fixed32,
  sfixed64: fixed64,
};

const SIGNED_32 = { min: -(2n ** 31n), max: 2n ** 31n - 1n, is64: false };
const UNSIGNED_32 = { min: 0n, max: 2n ** 32n - 1n, is64: false };
const SIGNED_64 = { min: -(2n ** 63n), max: 2n ** 63n - 1n, is64: true };
const UNSIGNED_64 = { min: 0n, max: 2n ** 64n - 1n, is64: true };

const RANGES: Readonly<Record<IntegerKind, typeof SIGNED_32>> = {
  int32: SIGNED_32,
  sint32: SIGNED_32,
  sfixed32: SIGNED_32,
  uint32: UNSIGNED_32,
  fixed32: UNSIGNED_32,
  int64: SIGNED_64,
  sint64: SIGNED_64,
  sfixed64: SIGNED_64,
  uint64: UNSIGNED_64,
  fixed64: UNSIGNED_64,
};

const LARGEST_FLOAT = (2 - 2 ** -23) * 2 ** 127;
const LONE_SURROGATE = /\p{Surrogate}/u;
const LONGEST_QUOTE = 60;

export function wireTypeOf(kind: ScalarKind): number {
  return WIRE_TYPES[kind];
}

/** Writes the value (text and bytes with their length), or says why it is no value of this kind; what is written then does not count. */
export function writeScalar(writer: ByteWriter, kind: ScalarKind, value: unknown): string | undefined {
  if (kind === 'string') return writeText(writer, value);
  if (kind === 'bytes') return writeBytes(writer, value);
  if (kind === 'double' || kind === 'float') return writeReal(writer, kind, value);
  if (kind === 'bool') {
    if (typeof value !== 'boolean') return `must be true or false, not ${describe(value)}`;
    writer.varint(value ? 1 : 0);
    return undefined;
  }
  return writeInteger(writer, kind, value);
}

/** The value that proto3 does not tell from an absent one. */
export function isDefaultScalar(kind: ScalarKind, value: unknown): boolean {
  if (kind === 'string') return value === '';
  if (kind === 'bytes') return value instanceof Uint8Array && value.length === 0;
  if (kind === 'bool') return value === false;
  return value === 0 || value === 0n;
}

/** The number of an enum value that is given by name or number; undefined when the enum has no such value. */
export function enumNumber(type: EnumType, value: unknown): number | undefined {
  if (typeof value === 'string') return type.numbers.get(value);
  return typeof value === 'number' && type.names.has(value) ? value : undefined;
}

/** A value as problems name it. Never shows text: what stands in the wrong place may be a key or a password (B60). */
export function describe(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (value instanceof Uint8Array) return 'bytes';
  if (typeof value === 'string') return 'text';
  if (typeof value === 'number' || typeof value === 'bigint') return `the number ${value}`;
  if (typeof value === 'boolean' || value === null || value === undefined) return String(value);
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** As `describe`, but shows short text: for places where a name is chosen from a known set. */
export function quote(value: unknown): string {
  if (typeof value !== 'string') return describe(value);
  return JSON.stringify(value.length > LONGEST_QUOTE ? `${value.slice(0, LONGEST_QUOTE)}…` : value);
}

function writeText(writer: ByteWriter, value: unknown): string | undefined {
  if (typeof value !== 'string') return `must be text, not ${describe(value)}`;
  const size = writer.text(value);
  // Only text with other than ASCII characters can be ill-formed; a parser would refuse the whole message.
  if (size !== value.length && LONE_SURROGATE.test(value)) return 'must be well-formed Unicode';
  writer.varint(size);
  return undefined;
}

function writeBytes(writer: ByteWriter, value: unknown): string | undefined {
  if (!(value instanceof Uint8Array)) return `must be a Buffer, not ${describe(value)}`;
  writer.bytes(value);
  writer.varint(value.length);
  return undefined;
}

function writeReal(writer: ByteWriter, kind: 'double' | 'float', value: unknown): string | undefined {
  if (typeof value !== 'number' || !Number.isFinite(value)) return `must be a number, not ${describe(value)}`;
  if (kind === 'double') writer.double(value);
  else if (Math.abs(value) <= LARGEST_FLOAT) writer.float(value);
  else return `must fit 32 bits, not ${describe(value)}`;
  return undefined;
}

function writeInteger(writer: ByteWriter, kind: IntegerKind, value: unknown): string | undefined {
  const isPlain = typeof value === 'number' && value >= 0 && value <= 0x7fffffff && Number.isInteger(value);
  if (isPlain && WIRE_TYPES[kind] === WIRE_VARINT && kind !== 'sint32' && kind !== 'sint64') {
    writer.varint(value);
    return undefined;
  }
  const integer = integerOf(kind, value);
  if (typeof integer === 'string') return integer;
  INTEGER_WRITERS[kind](writer, integer);
  return undefined;
}

/** The integer, or what is wrong with it. */
function integerOf(kind: IntegerKind, value: unknown): number | bigint | string {
  const { min, max, is64 } = RANGES[kind];
  const isInteger = typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value));
  if (!isInteger) return `must be a whole number, not ${describe(value)}`;
  if (value < min || value > max) return `must be from ${min} to ${max}, not ${value}`;
  return is64 && typeof value === 'number' && !Number.isSafeInteger(value) ? `must be a bigint to be exact, not ${describe(value)}` : value;
}
