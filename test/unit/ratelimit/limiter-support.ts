// A limiter over the memory store with a clock that tests turn, spoken to in messages. No assertions.

import { loadEnvoyApi } from '../../../src/proto/api.ts';
import type {
  RateLimitResponseOutput,
  _envoy_service_ratelimit_v3_RateLimitResponse_DescriptorStatusOutput as Status,
} from '../../../src/proto/generated/envoy/service/ratelimit/v3/RateLimitResponse.ts';
import type { ValueOutput } from '../../../src/proto/generated/google/protobuf/Value.ts';
import { DecisionCounts } from '../../../src/ratelimit/decision-counts.ts';
import type { DecisionListener } from '../../../src/ratelimit/decision-listener.ts';
import { createRateLimiter, type RateLimiter } from '../../../src/ratelimit/handler.ts';
import type { LimitRate, LimitRule, LimitTable } from '../../../src/ratelimit/limit-table.ts';
import { MemoryStore } from '../../../src/ratelimit/memory/memory-store.ts';
import type { CallRefusal } from '../../../src/ratelimit/rate-limit-call.ts';
import type { ReferenceOptions } from '../../../src/ratelimit/reference/reference-decision.ts';
import type { ReferenceDescriptor, ReferenceTable } from '../../../src/ratelimit/reference/reference-table.ts';
import { StoreClock } from '../../../src/ratelimit/store/store-clock.ts';
import { SILENT_LISTENER } from '../../../src/ratelimit/store/store-listener.ts';
import type { CounterStore } from '../../../src/ratelimit/store.ts';

export const api = loadEnvoyApi();
const RESPONSE = 'envoy.service.ratelimit.v3.RateLimitResponse';

export type Entries = readonly (readonly [key: string, value: string])[];
export interface Descriptor {
  readonly entries: Entries;
  readonly hits?: number;
  readonly limit?: { readonly requests_per_unit: number; readonly unit: string | number };
}

/** Bytes that Envoy would not send either (empty keys, no entries) can be made too, so the encoder with Envoy's constraints is not used. */
export function requestBytes(domain: string, descriptors: readonly Descriptor[], hits = 0): Buffer {
  const wire = descriptors.map(({ entries, hits: own, limit }) =>
    Buffer.concat([
      ...entries.map(([key, value]) => delimited(1, Buffer.concat([delimited(1, Buffer.from(key)), delimited(2, Buffer.from(value))]))),
      ...(limit === undefined
        ? []
        : [delimited(2, Buffer.concat([number(1, limit.requests_per_unit), number(2, unitNumber(limit.unit))]))]),
      ...(own === undefined ? [] : [delimited(3, own === 0 ? Buffer.alloc(0) : number(1, own))]),
    ]),
  );
  return Buffer.concat([
    ...(domain === '' ? [] : [delimited(1, Buffer.from(domain))]),
    ...wire.map((each) => delimited(2, each)),
    ...(hits === 0 ? [] : [number(3, hits)]),
  ]);
}

export const UNITS = ['UNKNOWN', 'SECOND', 'MINUTE', 'HOUR', 'DAY', 'MONTH', 'YEAR'];

function unitNumber(unit: string | number): number {
  return typeof unit === 'string' ? UNITS.indexOf(unit) : unit;
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = BigInt(value);
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return Buffer.from([...bytes, Number(rest)]);
}

function delimited(field: number, bytes: Buffer): Buffer {
  return Buffer.concat([varint(field * 8 + 2), varint(bytes.length), bytes]);
}

function number(field: number, value: number): Buffer {
  return Buffer.concat([varint(field * 8), varint(value)]);
}

/** A decoded reply. */
export type Reply = RateLimitResponseOutput & { readonly statuses: readonly Status[] };

export function replyOf(bytes: Uint8Array): Reply {
  const reply: RateLimitResponseOutput = api.decode(RESPONSE, bytes);
  return { ...reply, statuses: reply.statuses ?? [] };
}

/** Response headers by name. */
export function headersOf(reply: Reply): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries((reply.response_headers_to_add ?? []).map(({ key, value }) => [key, value]));
}

/** The reply's metadata as plain values. */
export function metadataOf({ dynamic_metadata: metadata }: Reply): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(metadata?.fields ?? {}).map(([key, value]) => [key, plainOf(value)]));
}

function plainOf(value: ValueOutput): unknown {
  if (value.list_value !== undefined) return (value.list_value.values ?? []).map(plainOf);
  if (value.struct_value !== undefined)
    return Object.fromEntries(Object.entries(value.struct_value.fields ?? {}).map(([key, each]) => [key, plainOf(each)]));
  return value.string_value ?? value.number_value ?? value.bool_value ?? null;
}

export interface TestLimiter {
  readonly limiter: RateLimiter;
  readonly counts: DecisionCounts;
  readonly store: CounterStore;
  advance(ms: number): void;
  ask(domain: string, descriptors: readonly Descriptor[], hits?: number): Reply;
  send(bytes: Uint8Array): Uint8Array | CallRefusal;
}

export interface TestLimiterOptions {
  readonly reference?: Partial<ReferenceOptions>;
  readonly onStoreFailure?: 'local' | 'allow' | 'deny';
  readonly listener?: DecisionListener;
  readonly store?: CounterStore;
  readonly maxPlans?: number;
  /** Of the memory store. */
  readonly maxKeys?: number;
}

/** 2026-11-22T12:00:00Z, a whole minute. */
export const START_MS = 1_795_348_800_000;

export function testLimiter(options: TestLimiterOptions = {}): TestLimiter {
  let nowMs = START_MS;
  const clock = new StoreClock({ wallMs: () => nowMs, monotonicMs: () => nowMs - START_MS });
  const store =
    options.store ?? new MemoryStore({ clock, listener: SILENT_LISTENER, random: () => 0.5, maxKeys: options.maxKeys ?? 1_000_000 });
  const counts = new DecisionCounts();
  const limiter = createRateLimiter({
    store,
    tools: { keySecret: Buffer.from('secret'), counts, nearRatio: 0.8, onStoreFailure: options.onStoreFailure ?? 'local' },
    reference: { isShadow: false, isQuota: false, hasMetadata: false, ...options.reference },
    nowMs: () => nowMs,
    seed: 7,
    ...(options.listener === undefined ? {} : { listener: options.listener }),
    ...(options.maxPlans === undefined ? {} : { maxPlans: options.maxPlans }),
  });
  const send = (bytes: Uint8Array): Uint8Array | CallRefusal => {
    const answers: (Uint8Array | CallRefusal)[] = [];
    limiter.handler(bytes, { deadlineMs: Number.POSITIVE_INFINITY }, (answer) => void answers.push(answer));
    const [answer] = answers;
    if (answer === undefined || answers.length > 1) throw new Error(`${answers.length} answers`);
    return answer;
  };
  return {
    limiter,
    counts,
    store,
    advance: (ms) => void (nowMs += ms),
    send,
    ask(domain, descriptors, hits) {
      const answer = send(requestBytes(domain, descriptors, hits));
      if (!(answer instanceof Uint8Array)) throw new Error(`${answer.status}: ${answer.message}`);
      return replyOf(answer);
    },
  };
}

const SECOND = 1_000_000;
export const perMinute = (limit: number): LimitRate => ({ limit, algorithm: 'fixed', periodUs: 60 * SECOND, burst: limit });
export const perSecond = (limit: number, burst = limit): LimitRate => ({ limit, algorithm: 'bucket', periodUs: SECOND, burst });

export function rule(name: string, changes: Partial<LimitRule> = {}): LimitRule {
  return {
    name,
    parts: [{ part: 'jwt.sub', entry: 'jwt.sub' }],
    whenMissing: 'share',
    rates: [perMinute(2)],
    overrides: [],
    mode: 'enforce',
    replaces: [],
    onStoreFailure: 'local',
    headers: 'none',
    ...changes,
  };
}

export function table(...limits: readonly LimitRule[]): LimitTable {
  return { revision: 'r1', domains: [{ domain: 'chancery.edge', limits }] };
}

/** `limit=NAME` and parts (R203). */
export function of(name: string, ...parts: Entries): Descriptor {
  return { entries: [['limit', name], ...parts] };
}

export function descriptor(key: string, changes: Partial<ReferenceDescriptor> = {}): ReferenceDescriptor {
  return {
    key,
    descriptors: [],
    shadowMode: false,
    quotaMode: false,
    detailedMetric: false,
    valueToMetric: false,
    shareThreshold: false,
    source: 'test.yaml:1',
    ...changes,
  };
}

export function referenceTable(...descriptors: readonly ReferenceDescriptor[]): ReferenceTable {
  return { revision: 'r1', domains: [{ domain: 'd', descriptors }] };
}

export function limited(requestsPerUnit: number, name = '', replaces: readonly string[] = []): Pick<ReferenceDescriptor, 'limit'> {
  return { limit: { name, replaces, rate: { unit: 'minute', requestsPerUnit } } };
}
