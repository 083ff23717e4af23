// Descriptor bytes to plan (R902): compares bytes and makes no texts. Sets of eight entries, the least recently used of a set leaves first, so
// that no choice of values makes a lookup slow. Belongs to one table of limits and is dropped with it.
import type { CacheCounts } from '../cache-counts.ts';
import type { DescriptorPlan } from './descriptor-plan.ts';

const WAYS = 8;

/** Descriptors with more bytes are planned each time: they are no traffic that is worth memory. */
const LONGEST_KEPT = 1_024;
const MAX_BYTES = 32 * 1024 * 1024;

export interface PlanCacheOptions {
  /** Most entries. There are twice as many places at least: with fewer, many a set would be full long before the cache is. */
  readonly capacity: number;
  /** Most bytes of descriptors in all. Default 32 MiB. */
  readonly maxBytes?: number;
  /** Any 32 bits, different in each process. */
  readonly seed: number;
}

export class PlanCache implements CacheCounts {
  readonly cache = 'ratelimit_plans';
  readonly #seed: number;
  readonly #mask: number;
  readonly #capacity: number;
  readonly #maxBytes: number;
  readonly #hashes: Int32Array;
  readonly #domains: Uint32Array;
  readonly #ages: Uint32Array;
  /** As texts of a character a byte: an array of bytes of its own costs twice the memory, and most of the time of a new key. */
  readonly #keys: (string | undefined)[];
  readonly #plans: (DescriptorPlan | undefined)[];
  #clock = 0;
  #size = 0;
  #bytes = 0;
  #hits = 0;
  #misses = 0;
  #evictions = 0;

  constructor({ capacity, seed, maxBytes = MAX_BYTES }: PlanCacheOptions) {
    let sets = 1;
    while (sets * WAYS < capacity * 2) sets *= 2;
    const places = sets * WAYS;
    this.#seed = seed | 0;
    this.#capacity = Math.max(1, capacity);
    this.#maxBytes = Math.max(LONGEST_KEPT, maxBytes);
    this.#mask = sets - 1;
    this.#hashes = new Int32Array(places);
    this.#domains = new Uint32Array(places);
    this.#ages = new Uint32Array(places);
    this.#keys = Array.from({ length: places });
    this.#plans = Array.from({ length: places });
  }

  get entries(): number {
    return this.#size;
  }

  /** Of the descriptors; plans are about as large. */
  get bytes(): number {
    return this.#bytes;
  }

  get hits(): number {
    return this.#hits;
  }

  get misses(): number {
    return this.#misses;
  }

  get evictions(): number {
    return this.#evictions;
  }

  /** What `find` and `keep` take. */
  hash(bytes: Uint8Array, { domain, start, end }: DescriptorSpan): number {
    let hash = Math.imul(this.#seed ^ domain, 0x01000193);
    for (let at = start; at < end; at += 1) hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x01000193);
    hash ^= hash >>> 15;
    hash = Math.imul(hash, 0x2c1b3c6d);
    return hash ^ (hash >>> 13);
  }

  find(hash: number, bytes: Uint8Array, span: DescriptorSpan): DescriptorPlan | undefined {
    const first = (hash & this.#mask) * WAYS;
    for (let place = first; place < first + WAYS; place += 1) {
      if (this.#hashes[place] !== hash || this.#domains[place] !== span.domain) continue;
      const key = this.#keys[place];
      if (key === undefined || !isSame(key, bytes, span)) continue;
      this.#ages[place] = this.#tick();
      this.#hits += 1;
      return this.#plans[place];
    }
    this.#misses += 1;
    return undefined;
  }

  /** The bytes are copied (P28). */
  keep(hash: number, { bytes, span }: { readonly bytes: Uint8Array; readonly span: DescriptorSpan }, plan: DescriptorPlan): void {
    const length = span.end - span.start;
    if (length > LONGEST_KEPT) return;
    const set = hash & this.#mask;
    const free = this.#freeOf(set);
    if (free < 0 || this.#size >= this.#capacity) this.#evict(set);
    while (this.#bytes + length > this.#maxBytes) this.#evict(set);
    const place = free < 0 ? this.#freeOf(set) : free;
    this.#size += 1;
    this.#bytes += length;
    this.#hashes[place] = hash;
    this.#domains[place] = span.domain;
    this.#keys[place] = byteText(bytes, span);
    this.#plans[place] = plan;
    this.#ages[place] = this.#tick();
  }

  /** -1 where the set is full. */
  #freeOf(set: number): number {
    const first = set * WAYS;
    for (let place = first; place < first + WAYS; place += 1) if (this.#keys[place] === undefined) return place;
    return -1;
  }

  /** The least recently used of the set; where that is empty, of the next one that is not. */
  #evict(set: number): void {
    let oldest = -1;
    for (let at = set; oldest < 0; at = (at + 1) & this.#mask) {
      for (let place = at * WAYS; place < (at + 1) * WAYS; place += 1) {
        if (this.#keys[place] !== undefined && (oldest < 0 || (this.#ages[place] ?? 0) < (this.#ages[oldest] ?? 0))) oldest = place;
      }
    }
    this.#bytes -= this.#keys[oldest]?.length ?? 0;
    this.#keys[oldest] = undefined;
    this.#plans[oldest] = undefined;
    this.#size -= 1;
    this.#evictions += 1;
  }

  /** Wraps after four billion lookups, when for a moment the order within sets is not exact. */
  #tick(): number {
    this.#clock = (this.#clock + 1) >>> 0;
    return this.#clock;
  }
}

/** The bytes of a request that say what a descriptor counts, and the place of the request's domain in its table. */
export interface DescriptorSpan {
  readonly domain: number;
  readonly start: number;
  readonly end: number;
}

type ByteSpan = Pick<DescriptorSpan, 'start' | 'end'>;

/** A copy of a part of `bytes`, a character a byte. */
export function byteText(bytes: Uint8Array, { start, end }: ByteSpan): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1');
}

/** Whether a part of `bytes` is what `byteText` made of `text`. */
export function isSame(text: string, bytes: Uint8Array, { start, end }: ByteSpan): boolean {
  if (text.length !== end - start) return false;
  for (let at = start; at < end; at += 1) if (text.charCodeAt(at - start) !== bytes[at]) return false;
  return true;
}
