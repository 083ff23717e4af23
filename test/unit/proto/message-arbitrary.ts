// Random messages of any type of the API, for comparing codecs. Constraints are not kept; each field has the right JS type.
import fc from 'fast-check';
import type { Descriptors, Field, FieldContent, MessageType, ScalarKind } from '../../../src/proto/descriptors.ts';

type Message = Record<string, unknown>;

const TYPES_IN_ANY = [
  'envoy.extensions.filters.http.router.v3.Router',
  'envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
  'envoy.config.route.v3.Route',
  'google.protobuf.UInt32Value',
];

/** Values other than the default: other encoders write an explicit default, ours leaves it out. */
const SCALARS: Readonly<Record<ScalarKind, fc.Arbitrary<unknown>>> = {
  double: fc.double({ noNaN: true, noDefaultInfinity: true }).filter((value) => value !== 0),
  float: fc.float({ noNaN: true, noDefaultInfinity: true }).filter((value) => value !== 0),
  int32: fc.integer().filter((value) => value !== 0),
  sint32: fc.integer().filter((value) => value !== 0),
  sfixed32: fc.integer().filter((value) => value !== 0),
  uint32: fc.integer({ min: 1, max: 2 ** 32 - 1 }),
  fixed32: fc.integer({ min: 1, max: 2 ** 32 - 1 }),
  int64: fc.maxSafeInteger().filter((value) => value !== 0),
  sint64: fc.maxSafeInteger().filter((value) => value !== 0),
  sfixed64: fc.maxSafeInteger().filter((value) => value !== 0),
  uint64: fc.maxSafeNat().filter((value) => value !== 0),
  fixed64: fc.maxSafeNat().filter((value) => value !== 0),
  bool: fc.constant(true),
  string: fc.oneof(
    { weight: 20, arbitrary: fc.string({ minLength: 1, maxLength: 60 }) },
    { weight: 9, arbitrary: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }) },
    // Longer than what the writer keeps room for.
    { weight: 1, arbitrary: fc.constant('x'.repeat(70_000)) },
  ),
  bytes: fc.uint8Array({ minLength: 1, maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
};

export function messageArbitrary(descriptors: Descriptors, typeName: string, depth = 5): fc.Arbitrary<Message> {
  const type = descriptors.messageType(typeName);
  if (type === undefined) throw new Error(`no type ${typeName}`);
  return ofType(descriptors, type, depth);
}

function ofType(descriptors: Descriptors, type: MessageType, depth: number): fc.Arbitrary<Message> {
  if (type.name === 'google.protobuf.Any') return anyOf(descriptors, depth);
  if (type.name === 'google.protobuf.Duration') return durations;
  const fields = [...type.fields.values()].filter((field) => depth > 0 || field.content.kind !== 'message');
  if (fields.length === 0) return fc.constant({});
  // Chosen names first: generating all of a hundred fields and dropping most would take most of the time.
  return fc
    .subarray(fields, { maxLength: Math.min(fields.length, 6) })
    .map(firstArmOnly)
    .chain((chosen) => fc.record(Object.fromEntries(chosen.map((field) => [field.name, ofField(descriptors, field, depth - 1)]))));
}

const durations = fc.oneof(
  fc.record({ seconds: fc.integer({ min: 1, max: 1_000_000 }), nanos: fc.integer({ min: 1, max: 999_999_999 }) }),
  fc.record({ seconds: fc.integer({ min: -1_000_000, max: -1 }) }),
);

function anyOf(descriptors: Descriptors, depth: number): fc.Arbitrary<Message> {
  return fc
    .constantFrom(...TYPES_IN_ANY)
    .chain((name) =>
      messageArbitrary(descriptors, name, depth - 1).map((message) => ({ '@type': `type.googleapis.com/${name}`, ...message })),
    )
    .filter((message) => Object.keys(message).length > 1);
}

function firstArmOnly(fields: readonly Field[]): readonly Field[] {
  const taken = new Set<string>();
  return fields.filter(({ oneof }) => {
    if (oneof === undefined) return true;
    const isFirst = !taken.has(oneof);
    taken.add(oneof);
    return isFirst;
  });
}

function ofField(descriptors: Descriptors, field: Field, depth: number): fc.Arbitrary<unknown> {
  const value = ofContent(descriptors, field.content, depth);
  if (field.shape === 'single') return value;
  if (field.shape === 'list') return fc.array(value, { maxLength: 3, minLength: 1 });
  const key =
    field.keyKind === 'string'
      ? fc.string({ minLength: 1, unit: fc.constantFrom('a', 'b', 'c', 'ä', '-', '_', '.') })
      : fc.integer({ min: 1, max: 99 }).map(String);
  // Others write maps in the order of insertion.
  return fc
    .uniqueArray(fc.tuple(key, value), { selector: ([name]) => name, minLength: 1, maxLength: 3 })
    .map((entries) => Object.fromEntries(entries.sort(([left], [right]) => (left < right ? -1 : 1))));
}

function ofContent(descriptors: Descriptors, content: FieldContent, depth: number): fc.Arbitrary<unknown> {
  if (content.kind === 'scalar') return SCALARS[content.scalar];
  if (content.kind === 'message') return ofType(descriptors, content.messageType, depth);
  const names = [...content.enumType.names].filter(([number]) => number !== 0).map(([, name]) => name);
  return names.length === 0 ? fc.constantFrom(...content.enumType.names.values()) : fc.constantFrom(...names);
}
