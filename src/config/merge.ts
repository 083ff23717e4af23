// The sections of all files to one configuration, and what is where it does not belong. The same entries give the same object.
import type { Issue } from '../lib/issue.ts';
import type { FileInput } from './entries-check.ts';
import { meantKey } from './other-words.ts';
import { ENTRY_SECTIONS } from './parsed-block.ts';
import { type BrokenNames, CURRENT_VERSION, type GatewayConfig, gatewaySchema } from './schema/gateway.ts';
import { createMapCheck, createRoutesCheck, createSingleCheck } from './section-check.ts';
import { type PlacedFragment, positionBelow } from './source.ts';

export interface MergeOutcome {
  readonly issues: readonly Issue[];
  /** Absent where an issue is an error. */
  readonly config?: GatewayConfig;
  /** Where `config` is absent: what is sound of it. */
  readonly sound?: SoundConfig;
}

/** A configuration without its broken entries, good for finding more mistakes and for nothing else. */
export interface SoundConfig {
  readonly config: GatewayConfig;
  /** Names of entries that are left out: who refers to them makes no mistake. */
  readonly broken: BrokenNames;
}

export interface Merger {
  /** The paths and patterns of the root file's `include`; empty where they are wrong, which `merge` tells. */
  includes(inputs: readonly FileInput[]): readonly string[];
  /** Takes the fragments in the order of their files and texts. */
  merge(inputs: readonly FileInput[]): MergeOutcome;
}

const { shape } = gatewaySchema;
const SECTIONS = Object.keys(shape);

export function createMerger(): Merger {
  const checks = createChecks();
  return {
    includes: (inputs) => checks.include.check(inputs).output ?? [],
    merge(inputs) {
      const { version, gateway, include, ...sections } = checkAll(checks, inputs);
      const parts = [version, gateway, include, ...Object.values(sections)];
      const issues = [...misplacedSections(inputs), ...parts.flatMap((part) => part.issues)];
      const config = configOf(version.output ?? CURRENT_VERSION, gateway.output ?? '', sections);
      return issues.length === 0 ? { issues, config } : { issues, sound: { config, broken: brokenOf(sections) } };
    },
  };
}

type Checks = ReturnType<typeof createChecks>;
type Checked = ReturnType<typeof checkAll>;
type CheckedSections = Omit<Checked, 'version' | 'gateway' | 'include'>;

/** In the order in which mistakes are told. */
function checkAll(checks: Checks, inputs: readonly FileInput[]) {
  return {
    version: checks.version.check(inputs),
    gateway: checks.gateway.check(inputs),
    include: checks.include.check(inputs),
    defaults: checks.defaults.check(inputs),
    listeners: checks.listeners.check(inputs),
    certificates: checks.certificates.check(inputs),
    services: checks.services.check(inputs),
    jwt: checks.jwt.check(inputs),
    apiKeys: checks.apiKeys.check(inputs),
    introspection: checks.introspection.check(inputs),
    clientCertificates: checks.clientCertificates.check(inputs),
    ipLists: checks.ipLists.check(inputs),
    policies: checks.policies.check(inputs),
    rateLimits: checks.rateLimits.check(inputs),
    routes: checks.routes.check(inputs),
    authz: checks.authz.check(inputs),
    rateLimitService: checks.rateLimitService.check(inputs),
    accessLog: checks.accessLog.check(inputs),
    runtime: checks.runtime.check(inputs),
    rollout: checks.rollout.check(inputs),
    allowLargeRemoval: checks.allowLargeRemoval.check(inputs),
  };
}

function configOf(version: string, gateway: string, checked: CheckedSections): GatewayConfig {
  const { defaults, authz, rateLimitService, accessLog, runtime, rollout, allowLargeRemoval } = checked;
  return {
    version,
    gateway,
    listeners: checked.listeners.output,
    certificates: checked.certificates.output,
    services: checked.services.output,
    jwt: checked.jwt.output,
    apiKeys: checked.apiKeys.output,
    introspection: checked.introspection.output,
    clientCertificates: checked.clientCertificates.output,
    ipLists: checked.ipLists.output,
    policies: checked.policies.output,
    rateLimits: checked.rateLimits.output,
    routes: checked.routes.output,
    ...(defaults.output === undefined ? {} : { defaults: defaults.output }),
    ...(authz.output === undefined ? {} : { authz: authz.output }),
    ...(rateLimitService.output === undefined ? {} : { rateLimitService: rateLimitService.output }),
    ...(accessLog.output === undefined ? {} : { accessLog: accessLog.output }),
    ...(runtime.output === undefined ? {} : { runtime: runtime.output }),
    ...(rollout.output === undefined ? {} : { rollout: rollout.output }),
    ...(allowLargeRemoval.output === undefined ? {} : { allowLargeRemoval: allowLargeRemoval.output }),
  };
}

function brokenOf(checked: CheckedSections): BrokenNames {
  return {
    listeners: checked.listeners.broken,
    certificates: checked.certificates.broken,
    services: checked.services.broken,
    jwt: checked.jwt.broken,
    apiKeys: checked.apiKeys.broken,
    introspection: checked.introspection.broken,
    clientCertificates: checked.clientCertificates.broken,
    ipLists: checked.ipLists.broken,
    policies: checked.policies.broken,
    rateLimits: checked.rateLimits.broken,
    hasBrokenDefaults: checked.defaults.issues.length > 0,
  };
}

function createChecks() {
  return {
    version: createSingleCheck('version', shape.version, false),
    gateway: createSingleCheck('gateway', shape.gateway, false),
    include: createSingleCheck('include', shape.include.unwrap()),
    defaults: createSingleCheck('defaults', shape.defaults.unwrap()),
    listeners: createMapCheck({ section: 'listeners', what: 'listener', ...partsOf(shape.listeners) }),
    certificates: createMapCheck({ section: 'certificates', what: 'certificate', ...partsOf(shape.certificates) }),
    services: createMapCheck({ section: 'services', what: 'service', ...partsOf(shape.services) }),
    ...createAuthChecks(),
    rateLimitService: createSingleCheck('rateLimitService', shape.rateLimitService.unwrap()),
    rateLimits: createMapCheck({ section: 'rateLimits', what: 'limit', ...partsOf(shape.rateLimits) }),
    routes: createRoutesCheck(shape.routes.unwrap().element),
    accessLog: createSingleCheck('accessLog', shape.accessLog.unwrap()),
    runtime: createSingleCheck('runtime', shape.runtime.unwrap()),
    rollout: createSingleCheck('rollout', shape.rollout.unwrap()),
    allowLargeRemoval: createSingleCheck('allowLargeRemoval', shape.allowLargeRemoval.unwrap()),
  };
}

/** What says who may call. */
function createAuthChecks() {
  const { jwt, apiKeys, introspection, clientCertificates, ipLists, policies } = shape;
  return {
    authz: createSingleCheck('authz', shape.authz.unwrap()),
    jwt: createMapCheck({ section: 'jwt', what: 'JWT provider', ...partsOf(jwt) }),
    apiKeys: createMapCheck({ section: 'apiKeys', what: 'set of API keys', ...partsOf(apiKeys) }),
    introspection: createMapCheck({ section: 'introspection', what: 'introspection provider', ...partsOf(introspection) }),
    clientCertificates: createMapCheck({ section: 'clientCertificates', what: 'name', ...partsOf(clientCertificates) }),
    ipLists: createMapCheck({ section: 'ipLists', what: 'IP list', ...partsOf(ipLists) }),
    policies: createMapCheck({ section: 'policies', what: 'policy', ...partsOf(policies) }),
  };
}

function partsOf<Names, Entry>(map: {
  unwrap(): { readonly keyType: Names; readonly valueType: Entry };
}): {
  readonly names: Names;
  readonly entries: Entry;
} {
  const { keyType, valueType } = map.unwrap();
  return { names: keyType, entries: valueType };
}

/** Unknown sections, sections in the wrong file, and the two that every root file must have. */
function misplacedSections(inputs: readonly FileInput[]): readonly Issue[] {
  const issues: Issue[] = [];
  const present = new Set<string>();
  for (const input of inputs) {
    for (const placed of otherSections(input)) {
      const { section } = placed.fragment;
      const meant = SECTIONS.includes(section) ? section : meantKey(section, SECTIONS);
      if (input.isRoot && meant !== undefined) present.add(meant);
      if (!input.isRoot || meant !== section) issues.push(misplaced(placed, meant));
    }
  }
  for (const section of ['version', 'gateway']) {
    if (present.has(section)) continue;
    const help = section === 'version' ? 'begin the file with version: v1' : 'name the gateway: gateway: edge';
    issues.push({ code: 'CH1103', severity: 'error', message: `the key "${section}" is missing`, path: [section], help });
  }
  return issues;
}

/** The fragments that are not entries of the sections that every file may hold. */
function otherSections({ file, source }: FileInput): readonly PlacedFragment[] {
  const { sections, whole } = file.parsed;
  const found = whole === undefined ? sections.filter(({ key }) => !ENTRY_SECTIONS.has(key)).flatMap(({ blocks }) => blocks) : [whole];
  return found.flatMap(({ block, start }) =>
    block.fragments.filter(({ section }) => !ENTRY_SECTIONS.has(section)).map((fragment) => ({ fragment, source, start })),
  );
}

function misplaced(placed: PlacedFragment, meant: string | undefined): Issue {
  const { section } = placed.fragment;
  const place = { severity: 'error', path: [section], at: 'key', position: positionBelow(placed, [], 'key') } as const;
  if (meant === section) {
    const help = `included files hold ${[...ENTRY_SECTIONS.keys()].join(', ')}`;
    return { ...place, code: 'CH1012', message: `${section} belongs in the root file`, help };
  }
  const help = meant === undefined ? `known sections are ${SECTIONS.join(', ')}` : `did you mean "${meant}"?`;
  return { ...place, code: 'CH1101', message: `unknown section "${section}"`, help };
}
