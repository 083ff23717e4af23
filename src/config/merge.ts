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
      const version = checks.version.check(inputs);
      const gateway = checks.gateway.check(inputs);
      const include = checks.include.check(inputs);
      const defaults = checks.defaults.check(inputs);
      const listeners = checks.listeners.check(inputs);
      const certificates = checks.certificates.check(inputs);
      const services = checks.services.check(inputs);
      const routes = checks.routes.check(inputs);
      const accessLog = checks.accessLog.check(inputs);
      const runtime = checks.runtime.check(inputs);
      const rollout = checks.rollout.check(inputs);
      const allowLargeRemoval = checks.allowLargeRemoval.check(inputs);
      const entries = [listeners, certificates, services, routes];
      const parts = [version, gateway, include, defaults, ...entries, accessLog, runtime, rollout, allowLargeRemoval];
      const issues = [...misplacedSections(inputs), ...parts.flatMap((part) => part.issues)];
      const config = {
        version: version.output ?? CURRENT_VERSION,
        gateway: gateway.output ?? '',
        listeners: listeners.output,
        certificates: certificates.output,
        services: services.output,
        routes: routes.output,
        ...(defaults.output === undefined ? {} : { defaults: defaults.output }),
        ...(accessLog.output === undefined ? {} : { accessLog: accessLog.output }),
        ...(runtime.output === undefined ? {} : { runtime: runtime.output }),
        ...(rollout.output === undefined ? {} : { rollout: rollout.output }),
        ...(allowLargeRemoval.output === undefined ? {} : { allowLargeRemoval: allowLargeRemoval.output }),
      };
      if (issues.length === 0) return { issues, config };
      const broken = { listeners: listeners.broken, certificates: certificates.broken, services: services.broken };
      return { issues, sound: { config, broken } };
    },
  };
}

function createChecks() {
  const { listeners, certificates, services, routes } = shape;
  return {
    version: createSingleCheck('version', shape.version, false),
    gateway: createSingleCheck('gateway', shape.gateway, false),
    include: createSingleCheck('include', shape.include.unwrap()),
    defaults: createSingleCheck('defaults', shape.defaults.unwrap()),
    accessLog: createSingleCheck('accessLog', shape.accessLog.unwrap()),
    runtime: createSingleCheck('runtime', shape.runtime.unwrap()),
    rollout: createSingleCheck('rollout', shape.rollout.unwrap()),
    allowLargeRemoval: createSingleCheck('allowLargeRemoval', shape.allowLargeRemoval.unwrap()),
    listeners: createMapCheck({
      section: 'listeners',
      what: 'listener',
      names: listeners.unwrap().keyType,
      entries: listeners.unwrap().valueType,
    }),
    certificates: createMapCheck({
      section: 'certificates',
      what: 'certificate',
      names: certificates.unwrap().keyType,
      entries: certificates.unwrap().valueType,
    }),
    services: createMapCheck({
      section: 'services',
      what: 'service',
      names: services.unwrap().keyType,
      entries: services.unwrap().valueType,
    }),
    routes: createRoutesCheck(routes.unwrap().element),
  };
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
