// The pass over limits: what companions count by, what fills the filter slots, where the companions are, and what routes must know.
import type { ConfigPath } from '../lib/issue.ts';
import type { Secret } from '../lib/secret.ts';
import type { Limit, LimitService, LimitsModel } from '../model/limits/types.ts';
import type { Model } from '../model/types.ts';
import type { RateLimitTable } from '../proto/generated/chancery/policy/v1/RateLimitTable.ts';
import { compileCompanionAssignment, compileCompanionCluster, compileCompanionSecrets } from './companion-cluster.ts';
import { compileLimitFilter } from './limits/limit-filters.ts';
import { compileLimitTable } from './limits/limit-table.ts';
import { compileLocalLimits, type LocalSlot, localSlotOf } from './limits/local-limits.ts';
import { compileQuotaFilter, QUOTA_SLOT } from './limits/quota-filter.ts';
import { type LimitFacts, type LimitSlot, slotOfLimit, wireParts } from './limits/route-limits.ts';
import { nameOfFilterSlot, nameOfRateLimitSecret, RATE_LIMIT_CLUSTER } from './names.ts';
import type { LocatedResource } from './source-map.ts';

export interface CompiledLimits {
  /** Undefined for a gateway without limits. */
  readonly facts?: LimitFacts;
  /** By slot. */
  readonly slots: ReadonlyMap<string, LocatedResource>;
  readonly resources: readonly LocatedResource[];
}

export interface LimitsPassOptions {
  readonly systemCaFile: string;
  /** Hash of a table without its revision. */
  readonly revisionOf: (message: RateLimitTable) => string;
}

const NOTHING: CompiledLimits = { slots: new Map(), resources: [] };
const LOCAL_SLOTS: readonly LocalSlot[] = ['limit-local', 'limit-fleet'];
const SLOTS: readonly LimitSlot[] = ['limit-early-allow', 'limit-early-deny', 'limit-main-allow', 'limit-main-deny'];

export function createLimitsPass(options: LimitsPassOptions): (model: Model) => CompiledLimits {
  let last = NOTHING;
  return (model) => {
    if (model.limits === undefined) return NOTHING;
    last = keepEqual(compileLimits(model, model.limits, options), last);
    return last;
  };
}

/** Facts that say the same stay the same object, and with them what was made of routes. */
function keepEqual(next: CompiledLimits, { facts }: CompiledLimits): CompiledLimits {
  return facts !== undefined && facts.key === next.facts?.key ? { ...next, facts } : next;
}

function compileLimits({ gateway, auth }: Model, { limits, service }: LimitsModel, options: LimitsPassOptions): CompiledLimits {
  const shared = limits.filter(({ scope }) => scope === 'shared');
  const local = limits.filter(({ scope }) => scope === 'local');
  const quotas = limits.filter(({ scope }) => scope === 'quota');
  const counted = limits.filter(({ scope }) => scope !== 'local');
  const consumerHeaders = new Map(
    (auth?.apiKeys ?? []).flatMap(({ name, consumerHeaders: [header] }): readonly (readonly [string, string])[] =>
      header === undefined ? [] : [[name, header]],
    ),
  );
  return {
    facts: {
      limits: new Map(limits.map((limit) => [limit.name, limit])),
      key: JSON.stringify([limits.map(wireParts), [...consumerHeaders]]),
      consumerHeaders,
    },
    slots: new Map([...sharedSlots(gateway, shared, service), ...localSlots(local, service), ...quotaSlot(gateway, quotas, service)]),
    resources: counted.length === 0 ? [] : [tableOf(gateway, { shared: counted, service }, options), ...companions(service, options)],
  };
}

function sharedSlots(gateway: string, shared: readonly Limit[], service: LimitService): readonly (readonly [string, LocatedResource])[] {
  return SLOTS.flatMap((slot): readonly (readonly [string, LocatedResource])[] => {
    const limits = shared.filter((limit) => slotOfLimit(limit) === slot);
    const [first] = limits;
    if (first === undefined) return [];
    return [[slot, filter(slot, { message: compileLimitFilter(slot, { gateway, service, limits }), path: first.path })]];
  });
}

function localSlots(local: readonly Limit[], { deniedStatus }: LimitService): readonly (readonly [string, LocatedResource])[] {
  return LOCAL_SLOTS.flatMap((slot): readonly (readonly [string, LocatedResource])[] => {
    const limits = local.filter((limit) => localSlotOf(limit) === slot);
    const [first] = limits;
    return first === undefined ? [] : [[slot, filter(slot, { message: compileLocalLimits(slot, limits, deniedStatus), path: first.path })]];
  });
}

function quotaSlot(gateway: string, limits: readonly Limit[], service: LimitService): readonly (readonly [string, LocatedResource])[] {
  const [first] = limits;
  return first === undefined
    ? []
    : [[QUOTA_SLOT, filter(QUOTA_SLOT, { message: compileQuotaFilter({ gateway, service, limits }), path: first.path })]];
}

function filter(
  slot: string,
  { message, path }: { readonly message: ReturnType<typeof compileLocalLimits>; readonly path: ConfigPath },
): LocatedResource {
  return { resource: { kind: 'TypedExtensionConfig', name: nameOfFilterSlot(slot), message, path } };
}

interface SharedLimits {
  readonly shared: readonly Limit[];
  readonly service: LimitService;
}

function tableOf(gateway: string, { shared, service }: SharedLimits, { revisionOf }: LimitsPassOptions): LocatedResource {
  const message = compileLimitTable(gateway, shared, service);
  return {
    resource: { kind: 'RateLimitTable', name: gateway, message: { ...message, revision: revisionOf(message) }, path: ['rateLimits'] },
    locate: (at) => shared[Number(at[at.indexOf('limits') + 1])]?.path,
  };
}

function companions(service: LimitService, { systemCaFile }: LimitsPassOptions): readonly LocatedResource[] {
  const { path } = service;
  const assignment = compileCompanionAssignment(RATE_LIMIT_CLUSTER, service);
  const secrets = compileCompanionSecrets(RATE_LIMIT_CLUSTER, service, systemCaFile);
  return [
    { resource: { kind: 'Cluster', name: RATE_LIMIT_CLUSTER, message: compileCompanionCluster(RATE_LIMIT_CLUSTER, service), path } },
    ...(assignment === undefined
      ? []
      : [{ resource: { kind: 'ClusterLoadAssignment' as const, name: RATE_LIMIT_CLUSTER, message: assignment, path } }]),
    ...secrets.map((message) => ({ resource: { kind: 'Secret' as const, name: message.name ?? '', message, path } })),
    ...storeSecrets(service),
  ];
}

/** They go to companions alone. */
function storeSecrets({ path, keySecret, store }: LimitService): readonly LocatedResource[] {
  const redis = store.kind === 'redis' ? store : undefined;
  const sentinel = redis?.endpoint.kind === 'sentinel' ? redis.endpoint.password : undefined;
  return [
    ...secretAt('key', keySecret, path),
    ...secretAt('redis', redis?.password, path),
    ...secretAt('sentinel', sentinel, path),
    ...secretAt('redisTls', redis?.tls?.key, path),
  ];
}

function secretAt(
  which: Parameters<typeof nameOfRateLimitSecret>[0],
  secret: Secret | undefined,
  path: ConfigPath,
): readonly LocatedResource[] {
  if (secret === undefined) return [];
  const name = nameOfRateLimitSecret(which);
  return [{ resource: { kind: 'Secret', name, message: { name, generic_secret: { secret: { inline_string: secret.reveal() } } }, path } }];
}
