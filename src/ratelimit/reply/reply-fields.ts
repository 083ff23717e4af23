// The fields of envoy.service.ratelimit.v3.RateLimitResponse that change from reply to reply, written around parts that are ready (R902).
import type { ReplyWriter } from './reply-writer.ts';

export const OK = 1;
export const OVER_LIMIT = 2;
/** R103: what the wire holds saturates. */
export const UINT32_MAX = 4_294_967_295;

const OVERALL_CODE = 1 << 3;
const STATUSES = (2 << 3) | 2;
const RESPONSE_HEADERS = (3 << 3) | 2;
const RAW_BODY = (5 << 3) | 2;
const DYNAMIC_METADATA = (6 << 3) | 2;

const CODE = 1 << 3;
const LIMIT_REMAINING = 3 << 3;
const DURATION = (4 << 3) | 2;
const SECONDS = 1 << 3;

const HEADER_KEY = (1 << 3) | 2;
const HEADER_VALUE = (2 << 3) | 2;

export interface StatusFields {
  readonly code: number;
  /** A ready field, which may be empty. */
  readonly currentLimit: Uint8Array;
  readonly remaining: number;
  /** Whole milliseconds, told in whole seconds rounded up (R305); infinite and 0 are not told. */
  readonly resetMs: number;
}

/** A status that says its code alone (R303). */
export function writePlainStatus(writer: ReplyWriter, code: number): void {
  writer.byte(code);
  writer.byte(CODE);
  writer.byte(2);
  writer.byte(STATUSES);
}

export function writeStatus(writer: ReplyWriter, { code, currentLimit, remaining, resetMs }: StatusFields): void {
  const since = writer.length;
  if (resetMs > 0 && resetMs !== Number.POSITIVE_INFINITY) {
    writer.varint(secondsOf(resetMs));
    writer.byte(SECONDS);
    writer.delimit(DURATION, since);
  }
  if (remaining > 0) {
    writer.varint(Math.min(remaining, UINT32_MAX));
    writer.byte(LIMIT_REMAINING);
  }
  writer.bytes(currentLimit);
  writer.byte(code);
  writer.byte(CODE);
  writer.delimit(STATUSES, since);
}

export function writeOverallCode(writer: ReplyWriter, code: number): void {
  writer.byte(code);
  writer.byte(OVERALL_CODE);
}

/** A response header whose value is a whole number. */
export function writeNumberHeader(writer: ReplyWriter, key: Uint8Array, value: number): void {
  const since = writer.length;
  writer.digits(value);
  endHeader(writer, key, since);
}

const RATELIMIT_KEY = Buffer.from('ratelimit');
const REMAINING_TEXT = Buffer.from('";r=');
const RESET_TEXT = Buffer.from(';t=');
const QUOTE = 0x22;

/** `ratelimit: "per-user";r=12;t=31` (R211). */
export function writeDraftHeader(
  writer: ReplyWriter,
  name: string,
  { remaining, resetMs }: Pick<StatusFields, 'remaining' | 'resetMs'>,
): void {
  const since = writer.length;
  if (resetMs !== Number.POSITIVE_INFINITY) {
    writer.digits(secondsOf(resetMs));
    writer.bytes(RESET_TEXT);
  }
  writer.digits(remaining);
  writer.bytes(REMAINING_TEXT);
  writer.text(name);
  writer.byte(QUOTE);
  endHeader(writer, RATELIMIT_KEY, since);
}

function endHeader(writer: ReplyWriter, key: Uint8Array, since: number): void {
  writer.delimit(HEADER_VALUE, since);
  const sinceKey = writer.length;
  writer.bytes(key);
  writer.delimit(HEADER_KEY, sinceKey);
  writer.delimit(RESPONSE_HEADERS, since);
}

/** Makes the fields of a Struct that were written since then the metadata of the reply. */
export function endMetadata(writer: ReplyWriter, since: number): void {
  writer.delimit(DYNAMIC_METADATA, since);
}

export function writeBody(writer: ReplyWriter, body: string): void {
  const since = writer.length;
  writer.text(body);
  writer.delimit(RAW_BODY, since);
}

/** Envoy reads only seconds: half a second is one. */
export function secondsOf(ms: number): number {
  return Math.ceil(ms / 1_000);
}
