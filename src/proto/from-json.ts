// Messages from proto3 JSON, as clients of REST services send it: field names of the .proto files or in camel case, durations as `3s`, wrappers
// bare, bytes in base64. Unknown fields are passed over. Checks no types: encoding the message does that.
import type { Descriptors, Field, FieldContent, MessageType } from './descriptors.ts';
import { typeNameOf } from './type-urls.ts';

type PlainObject = Readonly<Record<string, unknown>>;
type SpecialForm = (json: unknown) => unknown;

const WRAPPERS = ['Bool', 'String', 'Bytes', 'Double', 'Float', 'Int32', 'Int64', 'UInt32', 'UInt64'];

/** Messages that proto3 JSON does not write as objects of their fields. */
const SPECIAL_FORMS: Readonly<Record<string, SpecialForm>> = {
  'google.protobuf.Duration': durationOf,
  'google.protobuf.Timestamp': timestampOf,
  'google.protobuf.Struct': structOf,
  'google.protobuf.Value': valueOf,
  'google.protobuf.ListValue': (json) => ({ values: listOf(json).map(valueOf) }),
  'google.protobuf.FieldMask': (json) => ({ paths: textOf(json).split(',').filter(Boolean) }),
  ...Object.fromEntries(WRAPPERS.map((name) => [`google.protobuf.${name}Value`, (json: unknown) => ({ value: json })])),
};

/** The message in the form that `encode` takes. */
export function messageFromJson(type: MessageType, json: unknown, descriptors: Descriptors): unknown {
  const special = SPECIAL_FORMS[type.name];
  if (special !== undefined) return special(json);
  if (!isObject(json)) return json;
  if (type.name === 'google.protobuf.Any' && typeof json['@type'] === 'string') return anyOf(json['@type'], json, descriptors);
  const message: Record<string, unknown> = {};
  for (const field of type.fields.values()) {
    const value = json[field.name] ?? json[camelCase(field.name)];
    if (value !== undefined && value !== null) message[field.name] = fieldOf(field, value, descriptors);
  }
  return message;
}

/** Messages of a special form stand under `value`. */
function anyOf(typeUrl: string, json: PlainObject, descriptors: Descriptors): unknown {
  const type = descriptors.messageType(typeNameOf(typeUrl));
  if (type === undefined) return json;
  const inner = messageFromJson(type, SPECIAL_FORMS[type.name] === undefined ? json : json['value'], descriptors);
  return { '@type': typeUrl, ...(isObject(inner) ? inner : {}) };
}

function fieldOf(field: Field, json: unknown, descriptors: Descriptors): unknown {
  const { content } = field;
  if (field.shape === 'list' && Array.isArray(json)) return json.map((element) => contentOf(content, element, descriptors));
  if (field.shape === 'map' && isObject(json)) {
    return Object.fromEntries(Object.entries(json).map(([key, element]) => [key, contentOf(content, element, descriptors)]));
  }
  return contentOf(content, json, descriptors);
}

function contentOf(content: FieldContent, json: unknown, descriptors: Descriptors): unknown {
  if (content.kind === 'message') return messageFromJson(content.messageType, json, descriptors);
  if (content.kind === 'scalar' && content.scalar === 'bytes' && typeof json === 'string') return Buffer.from(json, 'base64');
  return json;
}

function camelCase(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_match, letter: string) => letter.toUpperCase());
}

function durationOf(json: unknown): unknown {
  const [, sign = '', seconds = '0', fraction = ''] = /^(-?)(\d+)(?:\.(\d{1,9}))?s$/.exec(textOf(json)) ?? [];
  const negative = sign === '-' ? -1 : 1;
  return { seconds: negative * Number(seconds), nanos: negative * Number(fraction.padEnd(9, '0')) };
}

function timestampOf(json: unknown): unknown {
  const atMs = Date.parse(textOf(json));
  return { seconds: Math.floor(atMs / 1000), nanos: (((atMs % 1000) + 1000) % 1000) * 1_000_000 };
}

function structOf(json: unknown): unknown {
  return { fields: Object.fromEntries(Object.entries(isObject(json) ? json : {}).map(([key, value]) => [key, valueOf(value)])) };
}

function valueOf(json: unknown): unknown {
  if (typeof json === 'string') return { string_value: json };
  if (typeof json === 'number') return { number_value: json };
  if (typeof json === 'boolean') return { bool_value: json };
  if (Array.isArray(json)) return { list_value: { values: json.map(valueOf) } };
  return isObject(json) ? { struct_value: structOf(json) } : { null_value: 'NULL_VALUE' };
}

function isObject(value: unknown): value is PlainObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
