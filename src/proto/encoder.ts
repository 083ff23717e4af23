// Checks a message against its type and Envoy's constraints and writes it, in one walk. Strict where protobuf libraries are lax: whatever
// would be dropped or changed in silence is a problem. Equal messages give equal bytes: fields by number, map keys sorted, fields with
// their default value left out (X17).
import { ByteWriter } from './byte-writer.ts';
import type { Check } from './constraint-rules.ts';
import type { Descriptors, EnumType, Field, MessageType } from './descriptors.ts';
import { checkForm, checkPresence, type PlainObject, presentFields, type ReportProblem } from './message-checks.ts';
import { describe, enumNumber, isDefaultScalar, quote, WIRE_DELIMITED, WIRE_VARINT, wireTypeOf, writeScalar } from './scalars.ts';
import { typeNameOf } from './type-urls.ts';

/** One thing that keeps a message from being encoded. */
export interface ProtoProblem {
  /** Steps from the message to the value: field names, indexes of lists, keys of maps. Goes through an Any as through a field. */
  readonly path: readonly (string | number)[];
  /** What is wrong with what stands there, without a subject and a final stop: `must not be empty`. */
  readonly message: string;
}

export type EncodeOutcome =
  | { readonly bytes: Buffer; readonly problems?: undefined }
  | { readonly bytes?: undefined; readonly problems: readonly ProtoProblem[] };

/** Messages that a resource may have thousands of and that stay the same objects when their neighbours change (P3). */
const FRAMED_TYPES: ReadonlySet<string> = new Set([
  'envoy.config.route.v3.Route',
  'envoy.config.route.v3.VirtualHost',
  'envoy.config.endpoint.v3.LocalityLbEndpoints',
]);
const ANY = 'google.protobuf.Any';
/** Protobuf parsers, Envoy's too, refuse deeper nesting. */
const MAX_DEPTH = 100;

/** Writes messages one after the other; remembers the bytes of framed messages as long as these live, so it must never be given a changed one. */
export class Encoder {
  readonly #descriptors: Descriptors;
  readonly #writer = new ByteWriter();
  readonly #frames = new WeakMap<object, { readonly type: MessageType; readonly bytes: Buffer }>();
  readonly #path: (string | number)[] = [];
  #problems: ProtoProblem[] = [];
  #depth = 0;
  /** Above 0 inside a field whose rules are skipped. */
  #unruled = 0;
  readonly #report: ReportProblem = (message, field) => {
    this.#problems.push({ path: field === undefined ? [...this.#path] : [...this.#path, field], message });
  };

  constructor(descriptors: Descriptors) {
    this.#descriptors = descriptors;
  }

  /** All problems at once, in the order of field numbers. */
  encode(type: MessageType, message: unknown): EncodeOutcome {
    this.#reset();
    this.#message(type, message);
    return this.#outcome();
  }

  /** As `encode`, within a google.protobuf.Any. */
  encodeAny(typeUrl: string, type: MessageType, message: unknown): EncodeOutcome {
    this.#reset();
    this.#message(type, message);
    this.#closeAny(typeUrl, 0);
    return this.#outcome();
  }

  #reset(): void {
    this.#writer.clear();
    this.#problems = [];
    this.#path.length = 0;
    this.#depth = 0;
    this.#unruled = 0;
  }

  #outcome(): EncodeOutcome {
    // The walk goes from the last field to the first.
    if (this.#problems.length > 0) return { problems: this.#problems.reverse() };
    return { bytes: this.#writer.copy(this.#writer.length) };
  }

  /** Writes the fields of a message, not its length; says whether it was a message at all. */
  #message(type: MessageType, message: unknown): boolean {
    if (typeof message !== 'object' || message === null || Array.isArray(message) || message instanceof Uint8Array) {
      this.#report(`must be a message of type ${type.name}, not ${describe(message)}`);
      return false;
    }
    const fields = message as PlainObject;
    if (FRAMED_TYPES.has(type.name)) this.#framed(type, fields);
    else if (type.name === ANY && '@type' in fields) this.#any(fields);
    else this.#body(type, fields, false);
    return true;
  }

  #framed(type: MessageType, message: PlainObject): void {
    const known = this.#frames.get(message);
    if (known?.type === type) {
      this.#writer.bytes(known.bytes);
      return;
    }
    const start = this.#writer.length;
    const problemsBefore = this.#problems.length;
    this.#body(type, message, false);
    if (this.#problems.length > problemsBefore) return;
    this.#frames.set(message, { type, bytes: this.#writer.copy(this.#writer.length - start) });
  }

  /** An Any with its message inside: the message is written, then its length and type. */
  #any(message: PlainObject): void {
    const typeUrl = message['@type'];
    const type = typeof typeUrl === 'string' ? this.#descriptors.messageType(typeNameOf(typeUrl)) : undefined;
    if (typeof typeUrl !== 'string' || type === undefined) {
      this.#report(`must be the URL of a type in Envoy's API, not ${quote(typeUrl)}`, '@type');
      return;
    }
    const start = this.#writer.length;
    this.#body(type, message, true);
    this.#closeAny(typeUrl, start);
  }

  #closeAny(typeUrl: string, start: number): void {
    if (this.#writer.length > start) this.#delimit(2, start);
    this.#writer.varint(this.#writer.text(typeUrl));
    this.#tag(1, WIRE_DELIMITED);
  }

  #body(type: MessageType, message: PlainObject, isInAny: boolean): void {
    if (this.#depth >= MAX_DEPTH) {
      this.#report(`must not be nested more than ${MAX_DEPTH} messages deep`);
      return;
    }
    this.#depth++;
    const present = presentFields(type, message, { isInAny, report: this.#report });
    for (let index = present.length - 1; index >= 0; index--) {
      const field = present[index];
      if (field !== undefined) this.#field(field, message[field.name]);
    }
    checkForm(type, message, { present, report: this.#report });
    if (this.#unruled === 0) checkPresence(type, message, { present, report: this.#report });
    this.#depth--;
  }

  #field(field: Field, value: unknown): void {
    this.#path.push(field.name);
    const isSkipped = field.checks?.isSkipped === true;
    if (isSkipped) this.#unruled++;
    if (field.shape === 'single') this.#single(field, value);
    else if (field.shape === 'list') this.#list(field, value);
    else this.#map(field, value);
    if (isSkipped) this.#unruled--;
    this.#path.pop();
  }

  #single(field: Field, value: unknown): void {
    // An arm of a oneof is present with its default value too; elsewhere proto3 cannot tell that from an absent field.
    if (field.oneof === undefined && isDefault(field, value)) {
      this.#check(field.checks?.whole, field.content.kind === 'enum' ? 0 : value);
      return;
    }
    if (this.#value(field, value, field.checks?.whole)) this.#tag(field.id, wireTypeOfField(field));
  }

  #list(field: Field, value: unknown): void {
    if (!Array.isArray(value)) {
      this.#report(`must be a list, not ${describe(value)}`);
      return;
    }
    const start = this.#writer.length;
    const wireType = wireTypeOfField(field);
    for (let index = value.length - 1; index >= 0; index--) {
      this.#path.push(index);
      const isWritten = this.#value(field, value[index], field.checks?.each);
      this.#path.pop();
      if (isWritten && wireType === WIRE_DELIMITED) this.#tag(field.id, WIRE_DELIMITED);
    }
    // Proto3 packs numbers, booleans and enums into one block.
    if (wireType !== WIRE_DELIMITED && value.length > 0) this.#delimit(field.id, start);
    this.#check(field.checks?.whole, value);
  }

  #map(field: Field, value: unknown): void {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      this.#report(`must be a map, not ${describe(value)}`);
      return;
    }
    const entries = value as PlainObject;
    for (const key of Object.keys(entries).sort().reverse()) {
      const start = this.#writer.length;
      this.#path.push(key);
      if (this.#value(field, entries[key], field.checks?.each)) this.#tag(2, wireTypeOfField(field));
      this.#mapKey(field, key);
      this.#path.pop();
      this.#delimit(field.id, start);
    }
    this.#check(field.checks?.whole, value);
  }

  #mapKey(field: Field, key: string): void {
    const problem = writeScalar(this.#writer, field.keyKind, mapKey(field, key)) ?? field.checks?.key?.(key);
    if (problem === undefined) this.#tag(1, wireTypeOf(field.keyKind));
    else this.#report(`has a wrong key: it ${problem}`);
  }

  /** Writes one value without its tag. False when there was nothing to write, which then is a problem. */
  #value(field: Field, value: unknown, check: Check | undefined): boolean {
    const content = field.content;
    if (content.kind === 'enum') return this.#enum(content.enumType, value, check);
    if (content.kind === 'message') {
      const start = this.#writer.length;
      if (!this.#message(content.messageType, value)) return false;
      this.#writer.varint(this.#writer.length - start);
    } else {
      const problem = writeScalar(this.#writer, content.scalar, value);
      if (problem !== undefined) {
        this.#report(problem);
        return false;
      }
    }
    this.#check(check, value);
    return true;
  }

  #enum(type: EnumType, value: unknown, check: Check | undefined): boolean {
    const number = enumNumber(type, value);
    if (number === undefined) {
      this.#report(`must be a value of ${type.name}, not ${quote(value)}`);
      return false;
    }
    this.#writer.varint64(number);
    this.#check(check, number);
    return true;
  }

  #check(check: Check | undefined, value: unknown): void {
    const problem = this.#unruled > 0 ? undefined : check?.(value);
    if (problem !== undefined) this.#report(problem);
  }

  #tag(id: number, wireType: number): void {
    this.#writer.varint(id * 8 + wireType);
  }

  /** Length and tag before all that was written since `start`. */
  #delimit(id: number, start: number): void {
    this.#writer.varint(this.#writer.length - start);
    this.#tag(id, WIRE_DELIMITED);
  }
}

function isDefault(field: Field, value: unknown): boolean {
  const content = field.content;
  if (content.kind === 'message') return false;
  return content.kind === 'enum' ? enumNumber(content.enumType, value) === 0 : isDefaultScalar(content.scalar, value);
}

function wireTypeOfField(field: Field): number {
  const content = field.content;
  if (content.kind === 'scalar') return wireTypeOf(content.scalar);
  return content.kind === 'enum' ? WIRE_VARINT : WIRE_DELIMITED;
}

/** Keys of JS objects are text; those of Envoy's maps are text or whole numbers. */
function mapKey(field: Field, key: string): unknown {
  return field.keyKind === 'string' || !/^-?\d+$/.test(key) ? key : BigInt(key);
}
