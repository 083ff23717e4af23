// A message as proto3 JSON that Envoy takes in its YAML and JSON files: field names of the .proto files, durations as `3s`, wrappers bare,
// bytes in base64, Anys with their message inside. Fields whose value is a default are kept as they were written.
import { decodeMessage } from './decoder.ts';
import type { Descriptors, Field, FieldContent, MessageType } from './descriptors.ts';
import { formatDuration } from './duration.ts';
import { typeNameOf } from './type-urls.ts';

type PlainObject = Readonly<Record<string, unknown>>;
type SpecialForm = (message: PlainObject, type: MessageType, descriptors: Descriptors) => unknown;

const MS_PER_SECOND = 1000;

/** Messages that proto3 JSON does not write as objects of their fields. */
const SPECIAL_FORMS: Readonly<Record<string, SpecialForm>> = {
  'google.protobuf.Any': anyToJson,
  'google.protobuf.Duration': (message) => formatDuration(Number(message['seconds'] ?? 0), Number(message['nanos'] ?? 0)),
  'google.protobuf.Timestamp': timestampToJson,
  'google.protobuf.FieldMask': (message) => listOf(message['paths']).join(','),
  'google.protobuf.Struct': structToJson,
  'google.protobuf.ListValue': (message) => listOf(message['values']).map(valueToJson),
  'google.protobuf.Value': valueToJson,
  'google.protobuf.BoolValue': (message) => message['value'] ?? false,
  'google.protobuf.StringValue': (message) => message['value'] ?? '',
  'google.protobuf.BytesValue': (message) => scalarToJson(message['value'] ?? Buffer.alloc(0)),
  'google.protobuf.DoubleValue': (message) => message['value'] ?? 0,
  'google.protobuf.FloatValue': (message) => message['value'] ?? 0,
  'google.protobuf.Int32Value': (message) => message['value'] ?? 0,
  'google.protobuf.Int64Value': (message) => scalarToJson(message['value'] ?? 0),
  'google.protobuf.UInt32Value': (message) => message['value'] ?? 0,
  'google.protobuf.UInt64Value': (message) => scalarToJson(message['value'] ?? 0),
};

/** The message must be one that encodes; of another the JSON is unspecified. */
export function messageToJson(type: MessageType, message: unknown, descriptors: Descriptors): unknown {
  const fields = message as PlainObject;
  const special = SPECIAL_FORMS[type.name];
  return special === undefined ? fieldsToJson(type, fields, descriptors) : special(fields, type, descriptors);
}

function fieldsToJson(type: MessageType, message: PlainObject, descriptors: Descriptors): Record<string, unknown> {
  const json: Record<string, unknown> = {};
  for (const field of type.fields.values()) {
    const value = message[field.name];
    if (value !== undefined && value !== null) json[field.name] = fieldToJson(field, value, descriptors);
  }
  return json;
}

function fieldToJson(field: Field, value: unknown, descriptors: Descriptors): unknown {
  const content = field.content;
  if (field.shape === 'list') return listOf(value).map((element) => valueOf(content, element, descriptors));
  if (field.shape === 'single') return valueOf(content, value, descriptors);
  const sorted = Object.entries(value as PlainObject).sort(([left], [right]) => (left < right ? -1 : 1));
  return Object.fromEntries(sorted.map(([key, element]) => [key, valueOf(content, element, descriptors)]));
}

function valueOf(content: FieldContent, value: unknown, descriptors: Descriptors): unknown {
  if (content.kind === 'message') return messageToJson(content.messageType, value, descriptors);
  if (content.kind === 'enum') return typeof value === 'number' ? (content.enumType.names.get(value) ?? value) : value;
  return scalarToJson(value);
}

function scalarToJson(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
  return typeof value === 'bigint' ? String(value) : value;
}

/** An Any of bytes is opened when its type is known; else it stays as type and bytes. */
function anyToJson(message: PlainObject, _type: MessageType, descriptors: Descriptors): unknown {
  const typeUrl = (message['@type'] ?? message['type_url'] ?? '') as string;
  const type = descriptors.messageType(typeNameOf(typeUrl));
  // One that holds nothing at all is {} in JSON, and Envoy reads it so.
  if (typeUrl === '') return {};
  if (type === undefined) return { type_url: typeUrl, value: scalarToJson(message['value'] ?? Buffer.alloc(0)) };
  const inner = '@type' in message ? message : decodeMessage(type, (message['value'] ?? Buffer.alloc(0)) as Uint8Array);
  const json = messageToJson(type, inner, descriptors);
  return SPECIAL_FORMS[type.name] === undefined ? { '@type': typeUrl, ...(json as PlainObject) } : { '@type': typeUrl, value: json };
}

function timestampToJson(message: PlainObject): string {
  const whole = new Date(Number(message['seconds'] ?? 0) * MS_PER_SECOND).toISOString().slice(0, 19);
  return `${whole}${formatDuration(0, Number(message['nanos'] ?? 0)).slice(1, -1)}Z`;
}

function structToJson(message: PlainObject): unknown {
  const entries = Object.entries((message['fields'] ?? {}) as PlainObject);
  return Object.fromEntries(entries.sort(([left], [right]) => (left < right ? -1 : 1)).map(([key, value]) => [key, valueToJson(value)]));
}

function valueToJson(value: unknown): unknown {
  const arms = value as PlainObject;
  if (arms['struct_value'] !== undefined && arms['struct_value'] !== null) return structToJson(arms['struct_value'] as PlainObject);
  if (arms['list_value'] !== undefined && arms['list_value'] !== null)
    return listOf((arms['list_value'] as PlainObject)['values']).map(valueToJson);
  return arms['string_value'] ?? arms['number_value'] ?? arms['bool_value'] ?? null;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
