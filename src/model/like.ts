// `like:` (C5): a service takes what another one says and replaces what it says itself. Chains are followed, circles and unknown names told.
import type { ServiceConfig } from '../config/schema/service.ts';
import type { ConfigPath } from '../lib/issue.ts';
import { errorAt, type Report } from './issue.ts';
import { reportUnknownService } from './unknown-service.ts';

export type ServicesConfig = Readonly<Record<string, ServiceConfig>>;

export type ServiceSettings = Omit<ServiceConfig, 'like'>;

/** Key, or `key.inner` inside a merged group → the service that wrote it. */
type Owners = Readonly<Record<string, string>>;

/** A service as if everything it says had been written in its own place. */
export interface EffectiveService {
  readonly name: string;
  readonly settings: ServiceSettings;
  readonly owners: Owners;
  /** Where a setting was written: in this service or in one that it is like. `inner` is a key inside circuitBreaker, outlierDetection or tls. */
  readonly at: (key: keyof ServiceSettings, inner?: string) => ConfigPath;
}

export interface LikeResolver {
  /** Services that could be followed to the end, by name in order of writing. Unchanged ones are the same objects as before. */
  resolve(services: ServicesConfig, tools: LikeTools): ReadonlyMap<string, EffectiveService>;
}

export interface LikeTools {
  /** Names of services that have errors which are told already. */
  readonly broken: readonly string[];
  readonly report: Report;
}

interface Kept {
  readonly name: string;
  readonly parent: EffectiveService | undefined;
  readonly effective: EffectiveService;
}

/** Groups of independent settings: what one service writes inside is added to what the other wrote. All other keys are replaced whole. */
const MERGED_KEYS = ['circuitBreaker', 'outlierDetection', 'tls'] as const satisfies readonly (keyof ServiceSettings)[];

/** Remembers by the identity of entries and of what they are like. */
export function createLikeResolver(): LikeResolver {
  const kept = new WeakMap<ServiceConfig, Kept>();
  return {
    resolve(services, { broken, report }) {
      const done = new Map<string, EffectiveService | undefined>(broken.map((name) => [name, undefined]));
      for (const name of Object.keys(services)) {
        settle(name, { services, done, kept, report });
      }
      return new Map([...done].flatMap(([name, effective]) => (effective === undefined ? [] : [[name, effective] as const])));
    },
  };
}

interface Walk {
  readonly services: ServicesConfig;
  /** What is settled so far; undefined as a value: its chain ends nowhere, which is told. */
  readonly done: Map<string, EffectiveService | undefined>;
  readonly kept: WeakMap<ServiceConfig, Kept>;
  readonly report: Report;
}

/** Settles a service with everything above it; a loop, not a recursion, because chains may be long. */
function settle(name: string, walk: Walk): void {
  const { chain, isBroken } = climb(name, walk);
  for (const link of chain.toReversed()) {
    const entry = walk.services[link];
    const isLost = entry === undefined || isBroken;
    walk.done.set(link, isLost ? undefined : effectiveOf(link, parentOf(entry, walk.done), { entry, kept: walk.kept }));
  }
}

function parentOf(entry: ServiceConfig, done: ReadonlyMap<string, EffectiveService | undefined>): EffectiveService | undefined {
  return entry.like === undefined ? undefined : done.get(entry.like);
}

/** The unsettled services from `name` upwards, lowest first. */
function climb(name: string, { services, done, report }: Walk): { readonly chain: readonly string[]; readonly isBroken: boolean } {
  const chain = new Set<string>();
  for (let current = name; !done.has(current); ) {
    if (chain.has(current)) {
      const names = [...chain];
      reportCircle([...names.slice(names.indexOf(current)), current], report);
      return { chain: names, isBroken: true };
    }
    chain.add(current);
    const like = services[current]?.like;
    if (like === undefined) {
      return { chain: [...chain], isBroken: false };
    }
    if (done.has(like)) {
      return { chain: [...chain], isBroken: done.get(like) === undefined };
    }
    if (!Object.hasOwn(services, like)) {
      reportUnknownService(like, { path: ['services', current, 'like'], known: Object.keys(services) }, report);
      return { chain: [...chain], isBroken: true };
    }
    current = like;
  }
  return { chain: [], isBroken: false };
}

function reportCircle(names: readonly string[], report: Report): void {
  const [first = ''] = names;
  report(
    errorAt(['services', first, 'like'], 'CH2105', {
      message: `services are like each other in a circle: ${names.map((name) => `"${name}"`).join(' → ')}`,
      help: 'write the settings into one of them and remove its like',
      related: names.slice(1, -1).map((name) => ({ message: `"${name}" goes on here`, path: ['services', name, 'like'] })),
    }),
  );
}

interface Source {
  readonly entry: ServiceConfig;
  readonly kept: WeakMap<ServiceConfig, Kept>;
}

function effectiveOf(name: string, parent: EffectiveService | undefined, { entry, kept }: Source): EffectiveService {
  const old = kept.get(entry);
  if (old !== undefined && old.name === name && old.parent === parent) {
    return old.effective;
  }
  const effective = merge(name, parent, entry);
  kept.set(entry, { name, parent, effective });
  return effective;
}

function merge(name: string, parent: EffectiveService | undefined, { like: _like, ...own }: ServiceConfig): EffectiveService {
  const settings: ServiceSettings = {
    ...inherited(parent?.settings, own),
    ...own,
    ...mergedKey('circuitBreaker', parent, own),
    ...mergedKey('outlierDetection', parent, own),
    ...mergedKey('tls', parent, own),
  };
  const owners: Owners = { ...parent?.owners, ...ownersIn(name, own) };
  return {
    name,
    settings,
    owners,
    at: (key, inner) => {
      const owner = (inner === undefined ? undefined : owners[`${key}.${inner}`]) ?? owners[key];
      return owner === undefined ? ['services', name] : ['services', owner, key, ...(inner === undefined ? [] : [inner])];
    },
  };
}

/** Where endpoints come from is said in one way: a service that has its own takes over none of the other's. */
function inherited(settings: ServiceSettings | undefined, own: ServiceSettings): ServiceSettings {
  const { endpoints, resolve, discovery, ...rest } = settings ?? {};
  if (own.discovery !== undefined) return rest;
  return {
    ...rest,
    ...(endpoints === undefined ? {} : { endpoints }),
    ...(resolve === undefined ? {} : { resolve }),
    ...(discovery === undefined || own.endpoints !== undefined || own.resolve !== undefined ? {} : { discovery }),
  };
}

function ownersIn(name: string, own: ServiceSettings): Owners {
  const inner = MERGED_KEYS.flatMap((key) => Object.keys(own[key] ?? {}).map((innerKey) => `${key}.${innerKey}`));
  return Object.fromEntries([...Object.keys(own), ...inner].map((key) => [key, name]));
}

function mergedKey<Key extends (typeof MERGED_KEYS)[number]>(
  key: Key,
  parent: EffectiveService | undefined,
  own: ServiceSettings,
): Partial<Pick<ServiceSettings, Key>> {
  const theirs = parent?.settings[key];
  const ours = own[key];
  if (theirs === undefined || ours === undefined) {
    return {};
  }
  const merged: Partial<Pick<ServiceSettings, Key>> = {};
  return { ...merged, [key]: { ...theirs, ...ours } };
}
