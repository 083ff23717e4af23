// Writes the parts of a CheckResponse, last part first, as ByteWriter does: an answer for a new identity is made on the way of a request, where
// the general encoder would take as long as half a signature.
import { ByteWriter } from '../proto/byte-writer.ts';
import type { ProtoStruct, ProtoValue } from './reply-metadata.ts';

const DELIMITED = 2;
const FIXED64 = 1;
/** Numbers of the fields of google.protobuf.Value, with their wire types. */
const VALUE = { number: 2 * 8 + FIXED64, string: 3, bool: 4 * 8, struct: 5, list: 6 } as const;

export class ReplyWriter {
  readonly #writer = new ByteWriter();

  /** Forgets what was written. */
  clear(): void {
    this.#writer.clear();
  }

  /** All that was written, as a copy of its own. */
  bytes(): Buffer {
    return this.#writer.copy(this.#writer.length);
  }

  /** A field with what `content` writes. */
  message(field: number, content: () => void): void {
    const before = this.begin();
    content();
    this.end(field, before);
  }

  /** What is written from here on until `end` is the content of a message. */
  begin(): number {
    return this.#writer.length;
  }

  /** `before`: what `begin` gave. */
  end(field: number, before: number): void {
    this.#writer.varint(this.#writer.length - before);
    this.#writer.varint(field * 8 + DELIMITED);
  }

  /** Fields as `bytes` gave them. */
  ready(fields: Uint8Array): void {
    this.#writer.bytes(fields);
  }

  text(field: number, value: string): void {
    this.#writer.varint(this.#writer.text(value));
    this.#writer.varint(field * 8 + DELIMITED);
  }

  /** A small number, such as an enum's. */
  number(field: number, value: number): void {
    this.#writer.varint(value);
    this.#writer.varint(field * 8);
  }

  /** The fields of a google.protobuf.Struct. */
  struct({ fields }: ProtoStruct): void {
    for (const [name, value] of Object.entries(fields)) {
      const entry = this.begin();
      const content = this.begin();
      this.#value(value);
      this.end(2, content);
      this.text(1, name);
      this.end(1, entry);
    }
  }

  #value(value: ProtoValue): void {
    if ('string_value' in value) this.text(VALUE.string, value.string_value);
    else if ('struct_value' in value) this.message(VALUE.struct, () => this.struct(value.struct_value));
    else if ('list_value' in value) this.message(VALUE.list, () => this.#list(value.list_value.values));
    else if ('bool_value' in value) {
      this.#writer.varint(value.bool_value ? 1 : 0);
      this.#writer.varint(VALUE.bool);
    } else {
      this.#writer.double(value.number_value);
      this.#writer.varint(VALUE.number);
    }
  }

  #list(values: readonly ProtoValue[]): void {
    for (const value of values.toReversed()) this.message(1, () => this.#value(value));
  }
}
