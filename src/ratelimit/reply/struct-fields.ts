// google.protobuf.Struct in bytes: fields made once and joined per reply, and whole values of JSON. Knows nothing of limits.
import { ReplyWriter } from './reply-writer.ts';

/** What JSON can say. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: JsonValue;
}

const FIELDS = 0x0a;
const MAP_KEY = 0x0a;
const MAP_VALUE = 0x12;
const NULL_VALUE = 0x08;
const NUMBER_VALUE = 0x11;
const STRING_VALUE = 0x1a;
const BOOL_VALUE = 0x20;
const STRUCT_VALUE = 0x2a;
const LIST_VALUE = 0x32;
const LIST_ITEMS = 0x0a;

/** One field of a Struct, ready to be joined with others. */
export function structField(key: string, value: JsonValue): Buffer {
  const writer = new ReplyWriter();
  writeField(writer, key, value);
  return writer.take();
}

/** The bytes of a Struct. */
export function structBytes(object: JsonObject): Buffer {
  const writer = new ReplyWriter();
  writeFields(writer, object);
  return writer.take();
}

/** A field whose number changes from reply to reply. */
export function writeNumberField(writer: ReplyWriter, key: Uint8Array, value: number): void {
  const since = writer.length;
  writer.double(value);
  writer.byte(NUMBER_VALUE);
  writer.byte(9);
  writer.byte(MAP_VALUE);
  writer.bytes(key);
  writer.byte(key.length);
  writer.byte(MAP_KEY);
  writer.delimit(FIELDS, since);
}

/** A field whose text changes from reply to reply. */
export function writeTextField(writer: ReplyWriter, key: Uint8Array, value: string): void {
  const since = writer.length;
  writer.text(value);
  writer.delimit(STRING_VALUE, since);
  writer.delimit(MAP_VALUE, since);
  const sinceKey = writer.length;
  writer.bytes(key);
  writer.delimit(MAP_KEY, sinceKey);
  writer.delimit(FIELDS, since);
}

export function writeField(writer: ReplyWriter, key: string, value: JsonValue): void {
  const since = writer.length;
  writeValue(writer, value);
  writer.delimit(MAP_VALUE, since);
  const sinceKey = writer.length;
  writer.text(key);
  writer.delimit(MAP_KEY, sinceKey);
  writer.delimit(FIELDS, since);
}

function writeFields(writer: ReplyWriter, object: JsonObject): void {
  for (const [key, value] of Object.entries(object).reverse()) writeField(writer, key, value);
}

function writeValue(writer: ReplyWriter, value: JsonValue): void {
  const since = writer.length;
  if (value === null) {
    writer.byte(0);
    writer.byte(NULL_VALUE);
  } else if (typeof value === 'boolean') {
    writer.byte(value ? 1 : 0);
    writer.byte(BOOL_VALUE);
  } else if (typeof value === 'number') {
    writer.double(value);
    writer.byte(NUMBER_VALUE);
  } else if (typeof value === 'string') {
    writer.text(value);
    writer.delimit(STRING_VALUE, since);
  } else if (isList(value)) {
    for (const item of value.toReversed()) {
      const sinceItem = writer.length;
      writeValue(writer, item);
      writer.delimit(LIST_ITEMS, sinceItem);
    }
    writer.delimit(LIST_VALUE, since);
  } else {
    writeFields(writer, value);
    writer.delimit(STRUCT_VALUE, since);
  }
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}
