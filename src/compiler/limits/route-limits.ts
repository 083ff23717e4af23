// What a route's `rateLimits` become in its message (ratelimit R201-R207): descriptors by filter slot, and those that the proxy counts itself.
import type { Cost, Limit } from '../../model/limits/types.ts';
import type { Route } from '../../model/types.ts';
import { any } from '../../proto/any.ts';
import type {
  _envoy_config_route_v3_RateLimit_Action as Action,
  RateLimit,
} from '../../proto/generated/envoy/config/route/v3/RateLimit.ts';
import type { Any } from '../../proto/generated/google/protobuf/Any.ts';
import { nameOfFilterSlot } from '../names.ts';
import type { AuthFacts } from '../route-auth.ts';
import { claimActions, compilePart, generic, type KeyContext } from './key-parts.ts';
import { LOCAL_STAGES, type LocalSlot, localSlotOf } from './local-limits.ts';
import { QUOTA_SLOT, type QuotaStamps, quotaStamps } from './quota-filter.ts';

/** What routes must know of the gateway's limits; the same object as long as it says the same to them. */
export interface LimitFacts {
  readonly limits: ReadonlyMap<string, Limit>;
  /** Text of all that reaches routes. */
  readonly key: string;
  /** By source of API keys: the header that tells their owners. */
  readonly consumerHeaders: ReadonlyMap<string, string>;
}

export interface RouteLimitFields {
  readonly configs: Readonly<Record<string, Any>>;
  /** Of the route's action: what the proxy counts itself. */
  readonly local: readonly RateLimit[];
  /** What its requests bear for the filter of quotas. */
  readonly quota?: QuotaStamps;
}

const NOTHING: RouteLimitFields = { configs: {}, local: [] };

/** Explicitly nothing but "on": the filter has its configuration from its slot. */
const SWITCHED_ON: Any = any('envoy.config.route.v3.FilterConfig', { config: { type_url: '', value: new Uint8Array(0) } });

export type LimitSlot = 'limit-early-allow' | 'limit-early-deny' | 'limit-main-allow' | 'limit-main-deny';

export function slotOfLimit({ phase, onFailure }: Limit): LimitSlot {
  return `limit-${phase}-${onFailure}`;
}

export function compileRouteLimits(route: Route, facts: LimitFacts | undefined, auth: AuthFacts | undefined): RouteLimitFields {
  if (facts === undefined || route.limits === undefined) return NOTHING;
  const limits = route.limits.flatMap((name) => facts.limits.get(name) ?? []);
  const context = contextOf(route, facts, auth);
  const slots = new Map<string, RateLimit[]>();
  for (const limit of limits.filter(({ scope }) => scope === 'shared')) {
    const slot = nameOfFilterSlot(slotOfLimit(limit));
    slots.set(slot, [...(slots.get(slot) ?? []), ...compileShared(limit, context)]);
  }
  const local = limits
    .filter(({ scope }) => scope === 'local')
    .map((limit) => ({ stage: { value: LOCAL_STAGES[localSlotOf(limit)] }, actions: [...actionsOf(limit, context)] }));
  const localSlots = new Set(limits.flatMap((limit): readonly LocalSlot[] => (limit.scope === 'local' ? [localSlotOf(limit)] : [])));
  const quota = limits.find(({ scope }) => scope === 'quota');
  return {
    ...(quota === undefined ? {} : { quota: quotaStamps(route, quota) }),
    configs: {
      ...Object.fromEntries(
        [...slots].map(([slot, rate_limits]) => [
          slot,
          any('envoy.extensions.filters.http.ratelimit.v3.RateLimitPerRoute', { rate_limits }),
        ]),
      ),
      ...Object.fromEntries([...localSlots].map((slot) => [nameOfFilterSlot(slot), SWITCHED_ON])),
      ...(quota === undefined ? {} : { [nameOfFilterSlot(QUOTA_SLOT)]: SWITCHED_ON }),
    },
    local,
  };
}

/** Equal where `compileRouteLimits` gives equal fields, as long as the key of the route's auth is equal too. */
export function routeLimitsKey({ limits }: Route, facts: LimitFacts | undefined): string {
  return limits === undefined || facts === undefined
    ? ''
    : JSON.stringify([limits.map((name) => wireParts(facts.limits.get(name))), [...facts.consumerHeaders]]);
}

/** What of a limit routes carry; its rates are the limiter's affair. */
export function wireParts(limit: Limit | undefined): readonly unknown[] {
  if (limit === undefined) return [];
  const { name, parts, whenMissing, limitFrom, cost, scope } = limit;
  return [name, parts, whenMissing, limitFrom?.claim, cost, scope, scope === 'local' ? localSlotOf(limit) : slotOfLimit(limit)];
}

function contextOf({ name, auth: own }: Route, { consumerHeaders }: LimitFacts, auth: AuthFacts | undefined): KeyContext {
  const policy = own?.kind === 'policy' ? auth?.policies.get(own.policy) : undefined;
  const source = policy?.message.api_keys?.[0]?.name;
  return { route: name, policy, consumerHeader: source === undefined ? undefined : consumerHeaders.get(source) };
}

function actionsOf(limit: Limit, context: KeyContext): readonly Action[] {
  return [generic('limit', limit.name), ...limit.parts.flatMap((part) => compilePart(part, limit, context))];
}

/** R205, R207: entries that begin with `_` are no parts of the key. */
function compileShared(limit: Limit, context: KeyContext): readonly RateLimit[] {
  const { limitFrom, cost } = limit;
  const rate = limitFrom === undefined ? [] : claimActions(limitFrom.claim, { descriptor_key: '_rate', skip_if_absent: true }, context);
  const actions = [...actionsOf(limit, context), ...rate];
  const atEnd = responseFormat(cost);
  if (atEnd === undefined) return [{ actions, ...requestCost(cost) }];
  return [
    { actions: [...actions, generic('_op', 'check')], hits_addend: { number: { value: 0 } } },
    { actions: [...actions, generic('_op', 'debit')], hits_addend: { format: atEnd }, apply_on_stream_done: true },
  ];
}

/** R206. */
function requestCost(cost: Cost): Pick<RateLimit, 'hits_addend'> {
  switch (cost.kind) {
    case 'constant':
      return cost.hits === 1 ? {} : { hits_addend: { number: { value: cost.hits } } };
    case 'metadata':
      return { hits_addend: { format: `%DYNAMIC_METADATA(${cost.filter}:${cost.key})%` } };
    case 'requestHeader':
      return { hits_addend: { format: `%REQ(${cost.name})%` } };
    case 'responseHeader':
    case 'responseBytes':
    case 'responseMs':
      return {};
    default:
      return cost satisfies never;
  }
}

/** What is taken when the response ends (R207); undefined: all is known before. */
export function responseFormat(cost: Cost): string | undefined {
  if (cost.kind === 'responseHeader') return `%RESP(${cost.name})%`;
  if (cost.kind === 'responseBytes') return '%BYTES_SENT%';
  return cost.kind === 'responseMs' ? '%DURATION%' : undefined;
}
