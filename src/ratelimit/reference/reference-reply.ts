// The reply of reference tables: statuses, which of them makes the answer, and the headers and metadata of R325. One object writes all replies
// of a handler, one after the other.
import type { DescriptorPlan } from '../plan/descriptor-plan.ts';
import {
  endMetadata,
  OK,
  OVER_LIMIT,
  type StatusFields,
  secondsOf,
  UINT32_MAX,
  writeNumberHeader,
  writeOverallCode,
} from '../reply/reply-fields.ts';
import { ReplyWriter } from '../reply/reply-writer.ts';
import { StatusList } from '../reply/status-list.ts';
import { type JsonObject, type JsonValue, structBytes } from '../reply/struct-fields.ts';

/** Names of the headers (R325). */
export interface ReferenceHeaders {
  readonly limit: string;
  readonly remaining: string;
  readonly reset: string;
}

export interface ReferenceReplyOptions {
  readonly isShadow: boolean;
  readonly headers?: ReferenceHeaders;
}

/** What `--reference-metadata` tells of a request. */
export interface ToldRequest {
  readonly domain: string;
  readonly descriptors: readonly JsonObject[];
  readonly hitsAddend: number;
}

interface CountedFacts {
  readonly plan: DescriptorPlan;
  readonly isQuota: boolean;
}

/** Of the descriptor that the headers tell of. */
interface Least {
  readonly fields: StatusFields;
  readonly requests: number;
}

interface HeaderKeys {
  readonly limit: Uint8Array;
  readonly remaining: Uint8Array;
  readonly reset: Uint8Array;
}

export class ReferenceReply {
  readonly #writer = new ReplyWriter();
  readonly #statuses = new StatusList();
  readonly #isShadow: boolean;
  readonly #headers: HeaderKeys | undefined;
  #least: Least | undefined;
  #leastRemaining = UINT32_MAX;
  #failed = 0;
  #failedQuotas = 0;
  #quotas = 0;
  #passed: JsonObject[] = [];

  constructor({ isShadow, headers }: ReferenceReplyOptions) {
    this.#isShadow = isShadow;
    this.#headers =
      headers === undefined
        ? undefined
        : { limit: Buffer.from(headers.limit), remaining: Buffer.from(headers.remaining), reset: Buffer.from(headers.reset) };
  }

  begin(): void {
    this.#least = undefined;
    this.#leastRemaining = UINT32_MAX;
    this.#failed = 0;
    this.#failedQuotas = 0;
    this.#quotas = 0;
    if (this.#passed.length > 0) this.#passed = [];
  }

  /** No limit applies, or another limit replaces it. With `--quota-mode` even that is one of the quotas. */
  plain(place: number, isQuota: boolean): void {
    this.#statuses.setPlain(place, OK);
    if (isQuota) this.#quotas += 1;
  }

  unlimited(place: number): void {
    this.#statuses.setUnlimited(place);
  }

  counted(place: number, fields: StatusFields, { plan, isQuota }: CountedFacts): void {
    this.#statuses.set(place, fields);
    const isOver = fields.code === OVER_LIMIT;
    const least = { fields, requests: plan.counters[0]?.target.limit.limit ?? 0 };
    // The last that is over is told; else the first of those with the least left.
    if (fields.remaining < this.#leastRemaining || (isOver && !isQuota)) {
      this.#least = least;
      this.#leastRemaining = fields.remaining;
    }
    if (isQuota) this.#quotas += 1;
    if (isOver && isQuota) this.#failedQuotas += 1;
    else if (isOver) this.#failed += 1;
    else if (plan.rule?.metadata !== undefined) this.#passed.push(plan.rule.metadata);
  }

  /** The bytes, for so many descriptors. */
  end(count: number, told: ToldRequest | undefined): Buffer {
    const writer = this.#writer;
    if (told !== undefined) {
      const since = writer.length;
      writer.bytes(structBytes(metadataOf(told, this.#passed)));
      endMetadata(writer, since);
    }
    if (this.#headers !== undefined && this.#least !== undefined) writeHeaders(writer, this.#headers, this.#least);
    this.#statuses.write(writer, count);
    writeOverallCode(writer, this.#isOver() && !this.#isShadow ? OVER_LIMIT : OK);
    return writer.take();
  }

  /** R323. */
  #isOver(): boolean {
    return this.#failed > 0 || (this.#quotas > 0 && this.#quotas === this.#failedQuotas);
  }
}

function writeHeaders(writer: ReplyWriter, keys: HeaderKeys, { fields, requests }: Least): void {
  writeNumberHeader(writer, keys.reset, secondsOf(fields.resetMs));
  writeNumberHeader(writer, keys.remaining, Math.min(fields.remaining, UINT32_MAX));
  writeNumberHeader(writer, keys.limit, requests);
}

function metadataOf({ domain, descriptors, hitsAddend }: ToldRequest, passed: readonly JsonObject[]): JsonObject {
  const merged = passed.reduce<JsonObject>((sum, metadata) => merge(sum, metadata), {});
  return {
    domain,
    descriptors,
    ...(hitsAddend === 0 ? {} : { hitsAddend }),
    ...(Object.keys(merged).length === 0 ? {} : { metadata: merged }),
  };
}

/** R323: maps are merged all the way down; of other values the first one stays. */
function merge(first: JsonObject, second: JsonObject): JsonObject {
  const merged: Record<string, JsonValue> = { ...first };
  for (const [key, value] of Object.entries(second)) {
    const before = Object.hasOwn(merged, key) ? merged[key] : undefined;
    if (before === undefined) merged[key] = value;
    else if (isObject(before) && isObject(value)) merged[key] = merge(before, value);
  }
  return merged;
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
