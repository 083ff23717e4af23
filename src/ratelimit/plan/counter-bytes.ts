// How a counter reads in replies, as bytes made once: `current_limit` (R305) and the `ratelimit-policy` header (R211). Pure.
import type { LimitRate } from '../limit-table.ts';
import { ReplyWriter } from '../reply/reply-writer.ts';

const UINT32_MAX = 4_294_967_295;

const CURRENT_LIMIT = (2 << 3) | 2;
const REQUESTS_PER_UNIT = 1 << 3;
const UNIT = 2 << 3;
const NAME = (3 << 3) | 2;

const RESPONSE_HEADERS = (3 << 3) | 2;
const HEADER_KEY = (1 << 3) | 2;
const HEADER_VALUE = (2 << 3) | 2;

/** envoy.service.ratelimit.v3.RateLimitResponse.RateLimit.Unit by its length in seconds. */
const UNIT_OF_SECONDS: ReadonlyMap<number, number> = new Map([
  [1, 1],
  [60, 2],
  [3_600, 3],
  [86_400, 4],
  [7 * 86_400, 7],
  [30 * 86_400, 5],
  [365 * 86_400, 6],
]);
const UNIT_OF_CALENDAR = { day: 4, week: 7, month: 5, year: 6 } as const;

/** The unit's number; 0, UNKNOWN, for windows that the enum lacks (R305). */
export function unitNumber({ periodUs, calendar }: Pick<LimitRate, 'periodUs' | 'calendar'>): number {
  if (calendar !== undefined && (calendar.count === 1 || calendar.unit !== 'day')) return UNIT_OF_CALENDAR[calendar.unit];
  return UNIT_OF_SECONDS.get(periodUs / 1_000_000) ?? 0;
}

export interface ShownLimit {
  readonly name: string;
  /** Saturated at the largest uint32 (R103). */
  readonly requests: number;
  readonly unit: number;
}

export function currentLimit({ name, requests, unit }: ShownLimit): Buffer {
  const writer = new ReplyWriter();
  if (name !== '') {
    writer.text(name);
    writer.delimit(NAME, 0);
  }
  if (unit !== 0) {
    writer.varint(unit);
    writer.byte(UNIT);
  }
  if (requests > 0) {
    writer.varint(Math.min(requests, UINT32_MAX));
    writer.byte(REQUESTS_PER_UNIT);
  }
  writer.delimit(CURRENT_LIMIT, 0);
  return writer.take();
}

/** A response header, ready as a field of the reply. */
export function responseHeader(key: string, value: string): Buffer {
  const writer = new ReplyWriter();
  writer.text(value);
  writer.delimit(HEADER_VALUE, 0);
  const since = writer.length;
  writer.text(key);
  writer.delimit(HEADER_KEY, since);
  writer.delimit(RESPONSE_HEADERS, 0);
  return writer.take();
}

/** `ratelimit-policy: "per-user";q=100;w=60`, with true numbers. */
export function policyHeader(name: string, { limit, periodUs }: LimitRate): Buffer {
  return responseHeader('ratelimit-policy', `"${name}";q=${limit};w=${Math.ceil(periodUs / 1_000_000)}`);
}
