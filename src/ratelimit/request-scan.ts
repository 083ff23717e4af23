// What a RateLimitRequest says, found in its bytes: places of the descriptors, their hits and overrides. Makes nothing per call (R902); the
// entries of a descriptor are read only when its bytes were not seen before.
import { WireReader } from '../proto/wire-reader.ts';

/** R302: a request beyond these is no request of a proxy. */
export const MAX_REQUEST_BYTES = 65_536;
export const MAX_DESCRIPTORS = 64;

const DOMAIN = (1 << 3) | 2;
const DESCRIPTORS = (2 << 3) | 2;
const HITS = 3 << 3;

const ENTRIES = (1 << 3) | 2;
const LIMIT = (2 << 3) | 2;
const DESCRIPTOR_HITS = (3 << 3) | 2;
/** `is_negative_hits`: younger than the API that the types are made from. */
const NEGATIVE_HITS = 4 << 3;

const REQUESTS_PER_UNIT = 1 << 3;
const UNIT = 2 << 3;
const WRAPPED_VALUE = 1 << 3;

const KEY = (1 << 3) | 2;
const VALUE = (2 << 3) | 2;

/** `malformed`: no message of this type. */
export type ScanOutcome = 'scanned' | 'malformed' | 'tooLarge' | 'tooManyDescriptors';

/** One entry of a descriptor, as places in the request. */
export interface EntrySpan {
  readonly keyStart: number;
  readonly keyEnd: number;
  readonly valueStart: number;
  readonly valueEnd: number;
}

/** Holds what the last `scan` found; one object serves all requests of a handler, one after the other. */
export class RequestScan {
  domainStart = 0;
  domainEnd = 0;
  /** Of the whole request; 0 where it says nothing. */
  hitsAddend = 0;
  /** How many descriptors; the lists below have more places than that. */
  count = 0;
  /** Where each descriptor begins. */
  readonly starts = new Uint32Array(MAX_DESCRIPTORS);
  readonly ends = new Uint32Array(MAX_DESCRIPTORS);
  /** Where that part of it ends that says what is counted: hits follow it where they follow it in the message, as in all real ones. */
  readonly keyEnds = new Uint32Array(MAX_DESCRIPTORS);
  /** The descriptor's own hits, saturated at 2^53 - 1; -1 where it has none. */
  readonly hits = new Float64Array(MAX_DESCRIPTORS);
  /** 1 where the hits are given back. */
  readonly negative = new Uint8Array(MAX_DESCRIPTORS);
  /** 1 where the descriptor brings its own limit. */
  readonly overridden = new Uint8Array(MAX_DESCRIPTORS);
  readonly overrideRequests = new Float64Array(MAX_DESCRIPTORS);
  /** Any number: peers are not trusted to know the enum (R302). */
  readonly overrideUnits = new Int32Array(MAX_DESCRIPTORS);
  readonly #reader = new WireReader();

  /** Unless it gives `scanned`, what this object holds means nothing. The bytes are not kept. */
  scan(bytes: Uint8Array): ScanOutcome {
    if (bytes.length > MAX_REQUEST_BYTES) return 'tooLarge';
    const reader = this.#reader;
    const end = bytes.length;
    reader.reset(bytes);
    this.domainStart = 0;
    this.domainEnd = 0;
    this.hitsAddend = 0;
    this.count = 0;
    while (reader.isBefore(end)) {
      const tag = reader.varint32(end);
      if (tag === DESCRIPTORS) {
        if (this.count === MAX_DESCRIPTORS) return 'tooManyDescriptors';
        this.#descriptor(reader.delimited(end));
      } else if (tag === DOMAIN) {
        this.domainEnd = reader.delimited(end);
        this.domainStart = reader.at;
        reader.at = this.domainEnd;
      } else if (tag === HITS) {
        this.hitsAddend = reader.varint32(end);
      } else {
        reader.skip(tag, end);
      }
    }
    return reader.isBroken ? 'malformed' : 'scanned';
  }

  #descriptor(end: number): void {
    const reader = this.#reader;
    const place = this.count++;
    this.starts[place] = reader.at;
    this.ends[place] = end;
    this.keyEnds[place] = reader.at;
    this.hits[place] = -1;
    this.negative[place] = 0;
    this.overridden[place] = 0;
    this.overrideRequests[place] = 0;
    this.overrideUnits[place] = 0;
    while (reader.isBefore(end)) {
      const tag = reader.varint32(end);
      if (tag === ENTRIES) {
        reader.at = reader.delimited(end);
        this.keyEnds[place] = reader.at;
      } else if (tag === LIMIT) {
        this.#override(place, reader.delimited(end));
        this.keyEnds[place] = reader.at;
      } else if (tag === DESCRIPTOR_HITS) {
        this.#descriptorHits(place, reader.delimited(end));
      } else if (tag === NEGATIVE_HITS) {
        this.negative[place] = reader.varint53(end) === 0 ? 0 : 1;
      } else {
        reader.skip(tag, end);
      }
    }
  }

  /** A field that comes twice is merged, as protobuf wants it. */
  #override(place: number, end: number): void {
    const reader = this.#reader;
    this.overridden[place] = 1;
    while (reader.isBefore(end)) {
      const tag = reader.varint32(end);
      if (tag === REQUESTS_PER_UNIT) this.overrideRequests[place] = reader.varint32(end);
      else if (tag === UNIT) this.overrideUnits[place] = reader.varint32(end);
      else reader.skip(tag, end);
    }
  }

  #descriptorHits(place: number, end: number): void {
    const reader = this.#reader;
    if (this.hits[place] === -1) this.hits[place] = 0;
    while (reader.isBefore(end)) {
      const tag = reader.varint32(end);
      if (tag === WRAPPED_VALUE) this.hits[place] = reader.varint53(end);
      else reader.skip(tag, end);
    }
  }
}

/** The entries of a descriptor that was scanned, from its start to its end; undefined if one of them is malformed. */
export function readEntries(bytes: Uint8Array, start: number, end: number): readonly EntrySpan[] | undefined {
  const reader = new WireReader();
  reader.reset(bytes);
  reader.at = start;
  const entries: EntrySpan[] = [];
  while (reader.isBefore(end)) {
    const tag = reader.varint32(end);
    if (tag === ENTRIES) entries.push(readEntry(reader, reader.delimited(end)));
    else reader.skip(tag, end);
  }
  return reader.isBroken ? undefined : entries;
}

function readEntry(reader: WireReader, end: number): EntrySpan {
  let [keyStart, keyEnd, valueStart, valueEnd] = [end, end, end, end];
  while (reader.isBefore(end)) {
    const tag = reader.varint32(end);
    if (tag === KEY) {
      keyEnd = reader.delimited(end);
      keyStart = reader.at;
      reader.at = keyEnd;
    } else if (tag === VALUE) {
      valueEnd = reader.delimited(end);
      valueStart = reader.at;
      reader.at = valueEnd;
    } else {
      reader.skip(tag, end);
    }
  }
  return { keyStart, keyEnd, valueStart, valueEnd };
}
