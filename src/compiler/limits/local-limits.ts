// Limits that each proxy counts for itself → one filter with a bucket for each (ratelimit R212), and another for those of which it has its share
// (R213). They stand in their slots and not in routes, so that all routes and matches of a listener that name a limit share its buckets.
import { MAY_LACK } from '../../model/limits/limit-checks.ts';
import type { Cost, DeniedStatus, Limit, LimitKeyPart, Rate } from '../../model/limits/types.ts';
import { any } from '../../proto/any.ts';
import { duration } from '../../proto/duration.ts';
import type { TypedExtensionConfig } from '../../proto/generated/envoy/config/core/v3/TypedExtensionConfig.ts';
import type { LocalRateLimitDescriptor } from '../../proto/generated/envoy/extensions/common/ratelimit/v3/LocalRateLimitDescriptor.ts';
import type { TokenBucket } from '../../proto/generated/envoy/type/v3/TokenBucket.ts';
import { nameOfFilterSlot } from '../names.ts';
import { entryOf } from './key-parts.ts';

export type LocalSlot = 'limit-local' | 'limit-fleet';

/** Routes tell the descriptors of these filters apart from each other and from others by it. */
export const LOCAL_STAGES: Readonly<Record<LocalSlot, number>> = { 'limit-local': 1, 'limit-fleet': 2 };

export function localSlotOf({ per }: Pick<Limit, 'per'>): LocalSlot {
  return per === 'fleet' ? 'limit-fleet' : 'limit-local';
}

const UINT32_MAX = 4_294_967_295;
/** Envoy refuses to fill buckets more often. */
const STEP_MS = 50;
const ALWAYS = { default_value: { numerator: 100, denominator: 'HUNDRED' } } as const;

/** `limits`: those of the slot, at least one. */
export function compileLocalLimits(slot: LocalSlot, limits: readonly Limit[], deniedStatus: DeniedStatus): TypedExtensionConfig {
  return {
    name: nameOfFilterSlot(slot),
    typed_config: any('envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit', {
      stat_prefix: slot,
      stage: LOCAL_STAGES[slot],
      status: { code: deniedStatus },
      // Never empty: it stands for requests that no limit concerns.
      token_bucket: { max_tokens: UINT32_MAX, tokens_per_fill: { value: UINT32_MAX }, fill_interval: duration(STEP_MS) },
      always_consume_default_token_bucket: { value: false },
      filter_enabled: ALWAYS,
      filter_enforced: ALWAYS,
      descriptors: limits.flatMap(compileDescriptors),
      max_dynamic_descriptors: { value: Math.max(...limits.map(({ maxKeys }) => maxKeys)) },
      rate_limited_as_resource_exhausted: true,
      // Divided by the number of endpoints of the bootstrap's cluster of all proxies; a bootstrap without one is refused by Envoy.
      ...(slot === 'limit-fleet' ? { local_cluster_rate_limit: {} } : {}),
      ...(limits.some(({ headers }) => headers === 'legacy') ? { enable_x_ratelimit_headers: 'DRAFT_VERSION_03' } : {}),
    }),
  };
}

/** One for each set of parts that a request may lack: Envoy compares whole lists of entries. A blank value stands for any. */
function compileDescriptors({ name, parts, rates, cost, whenMissing }: Limit): readonly LocalRateLimitDescriptor[] {
  const [rate] = rates;
  if (rate === undefined) return [];
  const token_bucket = compileBucket(perRequest(rate, cost));
  return partLists(parts, whenMissing === 'share').map((present) => ({
    entries: [{ key: 'limit', value: name }, ...present.map((part) => ({ key: entryOf(part), value: '' }))],
    token_bucket,
  }));
}

function partLists(parts: readonly LimitKeyPart[], isShared: boolean): readonly (readonly LimitKeyPart[])[] {
  const [first, ...rest] = parts;
  if (first === undefined) return [[]];
  const lists = partLists(rest, isShared);
  return [...lists.map((list) => [first, ...list]), ...(isShared && MAY_LACK.includes(first.kind) ? lists : [])];
}

/** Envoy takes one token of each request here, so a bucket holds as many as it has costs (R106). */
function perRequest({ limit, seconds, burst }: Rate, cost: Cost): Parameters<typeof compileBucket>[0] {
  const hits = cost.kind === 'constant' ? cost.hits : 1;
  return { limit, seconds: seconds * hits, burst: Math.floor(burst / hits) };
}

/** Filled by whole tokens as often as that goes, in steps of the default bucket. */
export function compileBucket({ limit, seconds, burst }: Pick<Rate, 'limit' | 'seconds' | 'burst'>): TokenBucket {
  const steps = (seconds * 1000) / STEP_MS;
  const every = steps / greatestCommonDivisor(limit, steps);
  return { max_tokens: burst, tokens_per_fill: { value: (limit * every) / steps }, fill_interval: duration(every * STEP_MS) };
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
