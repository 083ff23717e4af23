// Reads the few needed fields of an envoy.service.auth.v3.CheckRequest from its bytes (P2): places, not copies. One scan at a time: what is
// still needed after the next `read` must be taken as text before. Fields that nobody needs are passed over unread.
import { WireError, WireReader } from './wire-reader.ts';

/** Names of single fields; each is the index of its place. */
export const FIELD = { policy: 0, version: 2, route: 4, resource: 6, method: 8, path: 10, host: 12, certificate: 14 } as const;
export type Field = (typeof FIELD)[keyof typeof FIELD];

/** Keys of context extensions, which only a route's configuration can give (G1). */
const EXTENSIONS: readonly (readonly [key: Buffer, field: Field])[] = [
  [Buffer.from('chancery.policy'), FIELD.policy],
  [Buffer.from('chancery.version'), FIELD.version],
  [Buffer.from('chancery.route'), FIELD.route],
  [Buffer.from('chancery.resource'), FIELD.resource],
];

/** A header takes four numbers: where its name and its value begin and end. */
const STRIDE = 4;
/** Tags: number of the field × 8 + 2, for delimited values. */
const TAG = { source: 10, request: 34, extension: 82, certificate: 42, http: 18 } as const;
const HTTP_TAG = { method: 18, header: 26, path: 34, host: 42, headerMap: 106 } as const;
const FIRST = 10;
const SECOND = 18;
const THIRD = 26;

export class CheckScan {
  readonly #reader = new WireReader();
  readonly #places = new Int32Array(16);
  /** Of `header_map`: each header as it came. */
  readonly #raw: number[] = [];
  /** Of `headers`: a map, in which the later of two equal keys counts. */
  readonly #mapped: number[] = [];
  #rawCount = 0;
  #mappedCount = 0;
  #isRaw = false;

  /** Whether the bytes are a CheckRequest; what was read before is gone either way. */
  read(request: Uint8Array): boolean {
    this.#places.fill(0);
    this.#rawCount = 0;
    this.#mappedCount = 0;
    this.#reader.reset(request);
    try {
      this.#request(request.length);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      return false;
    }
    this.#isRaw = this.#rawCount > 0;
    return true;
  }

  has(field: Field): boolean {
    return (this.#places[field + 1] ?? 0) > (this.#places[field] ?? 0);
  }

  /** Byte by byte (latin1), so that nothing is replaced; empty where the field is absent. */
  text(field: Field): string {
    const start = this.#places[field] ?? 0;
    const end = this.#places[field + 1] ?? 0;
    return end > start ? this.#reader.bytes.toString('latin1', start, end) : '';
  }

  get bytes(): Buffer {
    return this.#reader.bytes;
  }

  start(field: Field): number {
    return this.#places[field] ?? 0;
  }

  end(field: Field): number {
    return this.#places[field + 1] ?? 0;
  }

  /**
   * The next header of this name (bytes, lower case) after the header `after` (-1: the first); -1 where there is none. A name that comes
   * twice in `headers` counts once, with its last value; in `header_map` each counts.
   */
  header(name: Uint8Array, after: number): number {
    if (!this.#isRaw) return after < 0 ? this.#lastMapped(name) : -1;
    for (let index = after + 1; index < this.#rawCount; index++) {
      const at = index * STRIDE;
      if (this.#same(name, this.#raw[at] ?? 0, this.#raw[at + 1] ?? 0)) return index;
    }
    return -1;
  }

  valueStart(header: number): number {
    return (this.#isRaw ? this.#raw : this.#mapped)[header * STRIDE + 2] ?? 0;
  }

  valueEnd(header: number): number {
    return (this.#isRaw ? this.#raw : this.#mapped)[header * STRIDE + 3] ?? 0;
  }

  /** The value of a header, byte by byte (latin1). */
  value(header: number): string {
    return this.#reader.bytes.toString('latin1', this.valueStart(header), this.valueEnd(header));
  }

  #lastMapped(name: Uint8Array): number {
    for (let index = this.#mappedCount - 1; index >= 0; index--) {
      const at = index * STRIDE;
      if (this.#same(name, this.#mapped[at] ?? 0, this.#mapped[at + 1] ?? 0)) return index;
    }
    return -1;
  }

  #same(name: Uint8Array, start: number, end: number): boolean {
    const length = name.length;
    if (end - start !== length) return false;
    const { bytes } = this.#reader;
    for (let index = 0; index < length; index++) if (bytes[start + index] !== name[index]) return false;
    return true;
  }

  // Messages within messages merge, and of a single value the last one counts, since each part writes to the same places.

  #request(end: number): void {
    const reader = this.#reader;
    while (reader.at < end) {
      const tag = reader.uint32(end);
      if (tag === FIRST) this.#attributes(reader.delimited(end));
      else reader.skip(tag, end);
    }
  }

  #attributes(end: number): void {
    const reader = this.#reader;
    while (reader.at < end) {
      const tag = reader.uint32(end);
      if (tag === TAG.request) this.#httpOf(reader.delimited(end));
      else if (tag === TAG.extension) this.#extension(reader.delimited(end));
      else if (tag === TAG.source) this.#source(reader.delimited(end));
      else reader.skip(tag, end);
    }
  }

  #source(end: number): void {
    const reader = this.#reader;
    while (reader.at < end) {
      const tag = reader.uint32(end);
      if (tag === TAG.certificate) this.#place(FIELD.certificate, end);
      else reader.skip(tag, end);
    }
  }

  #httpOf(end: number): void {
    const reader = this.#reader;
    while (reader.at < end) {
      const tag = reader.uint32(end);
      if (tag === TAG.http) this.#http(reader.delimited(end));
      else reader.skip(tag, end);
    }
  }

  #http(end: number): void {
    const reader = this.#reader;
    while (reader.at < end) {
      const tag = reader.uint32(end);
      if (tag === HTTP_TAG.headerMap) this.#headerMap(reader.delimited(end));
      else if (tag === HTTP_TAG.header) this.#mappedHeader(reader.delimited(end));
      else if (tag === HTTP_TAG.method) this.#place(FIELD.method, end);
      else if (tag === HTTP_TAG.path) this.#place(FIELD.path, end);
      else if (tag === HTTP_TAG.host) this.#place(FIELD.host, end);
      else reader.skip(tag, end);
    }
  }

  #place(field: Field, end: number): void {
    const stop = this.#reader.delimited(end);
    this.#places[field] = this.#reader.at;
    this.#places[field + 1] = stop;
    this.#reader.at = stop;
  }

  #headerMap(end: number): void {
    const reader = this.#reader;
    while (reader.at < end) {
      const tag = reader.uint32(end);
      if (tag !== FIRST) {
        reader.skip(tag, end);
        continue;
      }
      this.#pair(this.#raw, this.#rawCount * STRIDE, reader.delimited(end));
      this.#rawCount++;
    }
  }

  #mappedHeader(end: number): void {
    this.#pair(this.#mapped, this.#mappedCount * STRIDE, end);
    this.#mappedCount++;
  }

  /** A name and a value; `raw_value` goes before `value` where it has content. */
  #pair(into: number[], at: number, end: number): void {
    const reader = this.#reader;
    const hasRaw = into === this.#raw;
    let rawStart = 0;
    let rawEnd = 0;
    into[at] = into[at + 1] = into[at + 2] = into[at + 3] = 0;
    while (reader.at < end) {
      const tag = reader.uint32(end);
      if (tag !== FIRST && tag !== SECOND && !(hasRaw && tag === THIRD)) {
        reader.skip(tag, end);
        continue;
      }
      const stop = reader.delimited(end);
      if (tag === THIRD) {
        rawStart = reader.at;
        rawEnd = stop;
      } else {
        const offset = tag === FIRST ? at : at + 2;
        into[offset] = reader.at;
        into[offset + 1] = stop;
      }
      reader.at = stop;
    }
    if (rawEnd > rawStart) {
      into[at + 2] = rawStart;
      into[at + 3] = rawEnd;
    }
  }

  #extension(end: number): void {
    const reader = this.#reader;
    let keyStart = 0;
    let keyEnd = 0;
    let valueStart = 0;
    let valueEnd = 0;
    while (reader.at < end) {
      const tag = reader.uint32(end);
      if (tag === FIRST) {
        keyEnd = reader.delimited(end);
        keyStart = reader.at;
        reader.at = keyEnd;
      } else if (tag === SECOND) {
        valueEnd = reader.delimited(end);
        valueStart = reader.at;
        reader.at = valueEnd;
      } else reader.skip(tag, end);
    }
    for (const [key, field] of EXTENSIONS) {
      if (!this.#same(key, keyStart, keyEnd)) continue;
      this.#places[field] = valueStart;
      this.#places[field + 1] = valueEnd;
    }
  }
}
