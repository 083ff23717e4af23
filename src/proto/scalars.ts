// Single protobuf values: which JS values each kind takes, and how they are written and told from the default. Knows no fields.
import type { ByteWriter } from './byte-writer.ts';
import type { EnumType, ScalarKind } from './descriptors.ts';

export const WIRE_VARINT = 0;
export const WIRE_FIXED64 = 1;
export const WIRE_DELIMITED = 2;
export const WIRE_FIXED32 = 5;

export function wireTypeOf(kind: ScalarKind): number {
  switch (kind) {
    case 'string':
    case 'bytes':
      return WIRE_DELIMITED;
    case 'double':
    case 'fixed64':
    case 'sfixed64':
      return WIRE_FIXED64;
    case 'float':
    case 'fixed32':
    case 'sfixed32':
      return WIRE_FIXED32;
    case 'int32':
    case 'int64':
    case 'uint32':
    case 'uint64':
    case 'sint32':
    case 'sint64':
    case 'bool':
      return WIRE_VARINT;
    default:
      return kind satisfies never;
  }
}

/** Writes the value (text and bytes with their length), or says why it is no value of this kind and writes nothing. */
export function writeScalar(writer: ByteWriter, kind: ScalarKind, value: unknown): string | undefined {
  switch (kind) {
    case 'string':
      return writeText(writer, value);
    case 'bool':
      if (typeof value !== 'boolean') return `must be true or false, not ${describe(value)}`;
      writer.varint(value ? 1 : 0);
      return undefined;
    case 'bytes':
      if (!(value instanceof Uint8Array)) return `must be a Buffer, not ${describe(value)}`;
      writer.bytes(value);
      writer.varint(value.length);
      return undefined;
    case 'double':
    case 'float':
      if (typeof value !== 'number' || !Number.isFinite(value)) return `must be a number, not ${describe(value)}`;
      if (kind === 'double') writer.double(value);
      else writer.float(value);
      return undefined;
    default:
      return writeInteger(writer, kind, value);
  }
}

/** Whether a value equals the default of its kind, which proto3 leaves out. */
export function isDefaultScalar(kind: ScalarKind, value: unknown): boolean {
  switch (kind) {
    case 'string':
      return value === '';
    case 'bool':
      return value === false;
    case 'bytes':
      return value instanceof Uint8Array && value.length === 0;
    default:
      return value === 0 || value === 0n;
  }
}

/** The number of an enum value given by name or number; undefined when the enum has no such value. */
export function enumNumber(type: EnumType, value: unknown): number | undefined {
  if (typeof value === 'string') return type.numbers.get(value);
  return typeof value === 'number' && type.names.has(value) ? value : undefined;
}

/** A value as problems name it: short, and with its type where that is what is wrong. */
export function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return value instanceof Uint8Array ? 'bytes' : 'an object';
  if (typeof value === 'string') return `the text ${JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value)}`;
  return typeof value === 'symbol' || typeof value === 'function' ? `a ${typeof value}` : `the ${typeof value} ${value}`;
}

type IntegerKind = Exclude<ScalarKind, 'string' | 'bool' | 'bytes' | 'double' | 'float'>;

const RANGES: Readonly<Record<IntegerKind, { readonly min: bigint; readonly max: bigint; readonly is64: boolean }>> = {
  int32: { min: -(2n ** 31n), max: 2n ** 31n - 1n, is64: false },
  sint32: { min: -(2n ** 31n), max: 2n ** 31n - 1n, is64: false },
  sfixed32: { min: -(2n ** 31n), max: 2n ** 31n - 1n, is64: false },
  uint32: { min: 0n, max: 2n ** 32n - 1n, is64: false },
  fixed32: { min: 0n, max: 2n ** 32n - 1n, is64: false },
  int64: { min: -(2n ** 63n), max: 2n ** 63n - 1n, is64: true },
  sint64: { min: -(2n ** 63n), max: 2n ** 63n - 1n, is64: true },
  sfixed64: { min: -(2n ** 63n), max: 2n ** 63n - 1n, is64: true },
  uint64: { min: 0n, max: 2n ** 64n - 1n, is64: true },
  fixed64: { min: 0n, max: 2n ** 64n - 1n, is64: true },
};

function writeInteger(writer: ByteWriter, kind: IntegerKind, value: unknown): string | undefined {
  const isSmall = typeof value === 'number' && value >= 0 && value <= 0x7fffffff && Number.isInteger(value);
  const problem = isSmall ? undefined : integerProblem(kind, value);
  if (problem !== undefined) return problem;
  const integer = value as number | bigint;
  switch (kind) {
    case 'uint32':
      writer.varint(Number(integer));
      return undefined;
    case 'int32':
    case 'int64':
    case 'uint64':
      writer.varint64(integer);
      return undefined;
    case 'sint32':
    case 'sint64':
      writer.varint64(zigzag(BigInt(integer)));
      return undefined;
    case 'fixed32':
    case 'sfixed32':
      writer.fixed32(Number(integer));
      return undefined;
    case 'fixed64':
    case 'sfixed64':
      writer.fixed64(integer);
      return undefined;
    default:
      return kind satisfies never;
  }
}

function integerProblem(kind: IntegerKind, value: unknown): string | undefined {
  const { min, max, is64 } = RANGES[kind];
  const isInteger = typeof value === 'number' ? Number.isInteger(value) : typeof value === 'bigint';
  if (!isInteger) return `must be a whole number, not ${describe(value)}`;
  if (is64 && typeof value === 'number' && !Number.isSafeInteger(value)) return `must be a bigint to be exact, not ${describe(value)}`;
  const integer = BigInt(value as number | bigint);
  return integer < min || integer > max ? `must be from ${min} to ${max}, not ${integer}` : undefined;
}

function zigzag(value: bigint): bigint {
  return value >= 0n ? value * 2n : -value * 2n - 1n;
}

const LONE_SURROGATE = /\p{Surrogate}/u;

function writeText(writer: ByteWriter, value: unknown): string | undefined {
  if (typeof value !== 'string') return `must be text, not ${describe(value)}`;
  const size = writer.text(value);
  // Only text with other than ASCII characters can be ill-formed; a parser would refuse the whole message.
  if (size !== value.length && LONE_SURROGATE.test(value)) return 'must be well-formed Unicode';
  writer.varint(size);
  return undefined;
}
