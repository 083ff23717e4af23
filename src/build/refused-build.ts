// A build that is refused by what is known beyond its files, with an issue at the place that it is about.

import type { LargeRemoval } from '../delivery/large-removal.ts';
import type { QuarantineEntry } from '../delivery/quarantine.ts';
import type { ConfigPath, Issue } from '../lib/issue.ts';
import type { BuildRefusal } from './build-refusal.ts';
import type { PipelineIssueCode } from './issue-codes.ts';
import type { DetailedBuild, DetailedGood } from './pipeline.ts';
import { resourcePaths } from './resource-paths.ts';

/** The same build without its good part. A build that has errors already stays as it is. */
export function refusedBuild(build: DetailedBuild, refusal: BuildRefusal): DetailedBuild {
  if (build.good === undefined) return build;
  const { good, ...rest } = build;
  return { ...rest, issues: [...build.issues, ...issuesOf(good, refusal)] };
}

function issuesOf(good: DetailedGood, refusal: BuildRefusal): readonly Issue[] {
  switch (refusal.kind) {
    case 'duplicate':
      return [duplicate(good, refusal.otherFile)];
    case 'large-removal':
      return largeRemovals(refusal.removal);
    case 'quarantined':
      return refusal.entries.map((entry) => quarantined(good, entry));
    default:
      return refusal satisfies never;
  }
}

function duplicate({ model }: DetailedGood, otherFile: string): Issue {
  return {
    ...issueAt('CH3002', ['gateway']),
    message: `gateway "${model.gateway}" is already defined by ${otherFile}`,
    help: 'each root file needs a gateway name of its own: Envoys choose by it (node.cluster)',
  };
}

const NAMES_SHOWN = 5;

function largeRemovals({ listeners, hosts, services }: LargeRemoval): readonly Issue[] {
  const help = 'if it is meant, write allowLargeRemoval: true for this edit, or start with --allow-large-removal';
  const removals: readonly { readonly section: string; readonly what: string }[] = [
    ...(listeners.length === 0 ? [] : [{ section: 'listeners', what: `all listeners (${shortened(listeners)})` }]),
    ...(hosts.length === 0 ? [] : [{ section: 'routes', what: `all routes of ${shortened(hosts)}` }]),
    ...(services === undefined ? [] : [{ section: 'services', what: `${services.removed} of ${services.of} services` }]),
  ];
  return removals.map(({ section, what }) => ({ ...issueAt('CH3005', [section], 'key'), message: `this edit removes ${what}`, help }));
}

function quarantined({ compilation }: DetailedGood, { typeUrl, resources, snapshotVersion, nodeId, message }: QuarantineEntry): Issue {
  const help = 'change it; if the reason lies elsewhere and is gone, lift the quarantine (chancery serve --force, or the API)';
  if (snapshotVersion !== undefined) {
    return { ...issueAt('CH3006', ['gateway']), message: `this configuration was withdrawn before: ${message}`, help };
  }
  const paths = resourcePaths(compilation);
  const path = resources.map(({ name }) => paths.get(`${typeUrl} ${name}`)).find((each) => each !== undefined);
  const names = shortened(resources.map(({ name }) => name));
  const type = typeUrl.slice(typeUrl.lastIndexOf('.') + 1);
  return { ...issueAt('CH3006', path ?? ['gateway']), message: `Envoy ${nodeId} refused ${type} ${names}: ${message}`, help };
}

function issueAt(code: PipelineIssueCode, path: ConfigPath, at?: 'key'): Omit<Issue, 'message'> {
  return { code, severity: 'error', path, ...(at === undefined ? {} : { at }) };
}

function shortened(names: readonly string[]): string {
  const rest = names.length - NAMES_SHOWN;
  return `${names.slice(0, NAMES_SHOWN).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}
