// Which resources may refer to their clusters already (X76), and to what their filters do (authz C6): one waits only for what it names
// itself, so that a cluster that never warms or was refused holds up nothing else (D8, B52). Pure.
import { TYPE_URLS } from '../proto/type-urls.ts';
import type { SnapshotResource, TypeView } from '../snapshot/types.ts';
import { mentions } from './children.ts';
import { diffViews, isSendable, keepOlder, withoutNames } from './views.ts';

/** Clusters, or extension configs, that a client has not accepted yet, as one response would have them or has them. */
export interface PendingClusters {
  readonly names: readonly string[];
  /** Since when an answer is awaited; undefined: not sent yet. */
  readonly sentAtMs: number | undefined;
}

export interface GateFacts {
  readonly nowMs: number;
  /** Clusters that are not ready: to be sent, unanswered, or with endpoints that are; and extension configs that are to be sent or unanswered. */
  pendingClusters(): readonly PendingClusters[];
  /** The client has accepted some version of the cluster, or has the extension config, and so runs one. */
  runs(name: string): boolean;
  /** Clusters and extension configs of the target that the client refused, and did not accept since. */
  refusedNames(): readonly string[];
}

export interface GateTiming {
  /** Longest wait for one answer of the client before going on (X76). */
  readonly gateMs: number;
  /** Longest wait for answers about clusters that the client runs in an older form, over all targets that replaced each other meanwhile (D9). */
  readonly targetMs: number;
}

/** What keeps resources from being offered. */
export interface Blockers {
  /** Waited for. */
  readonly pending: readonly PendingClusters[];
  /** Were waited for long enough. */
  readonly late: readonly PendingClusters[];
  /** Resources that name these stay as they were; new ones need not wait, for they have nothing better. */
  readonly refused: readonly string[];
  /** When the next wait ends by its clock. */
  readonly nextAtMs: number | undefined;
}

export const NO_BLOCKERS: Blockers = { pending: [], late: [], refused: [], nextAtMs: undefined };

/** `startedAtMs`: when the first of the targets came that the client has not reached yet. */
export function blockersOf(facts: GateFacts, timing: GateTiming, startedAtMs: number): Blockers {
  const groups = facts.pendingClusters().filter(({ names }) => names.length > 0);
  const refused = facts.refusedNames();
  if (groups.length === 0 && refused.length === 0) return NO_BLOCKERS;
  const isAwaited = ({ sentAtMs }: PendingClusters): boolean => sentAtMs === undefined || facts.nowMs < sentAtMs + timing.gateMs;
  const awaited = groups.filter(isAwaited);
  const isOverlong = facts.nowMs >= startedAtMs + timing.targetMs;
  const pending = isOverlong ? awaited.map((group) => without(group, (name) => facts.runs(name))) : awaited;
  const ends = awaited.flatMap(({ sentAtMs }) => (sentAtMs === undefined ? [] : sentAtMs + timing.gateMs));
  if (!isOverlong && awaited.length > 0) ends.push(startedAtMs + timing.targetMs);
  return {
    pending: pending.filter(({ names }) => names.length > 0),
    late: [...groups.filter((group) => !isAwaited(group)), ...(isOverlong ? awaited : [])],
    refused,
    nextAtMs: ends.length === 0 ? undefined : Math.min(...ends),
  };
}

export interface Gated {
  /** Undefined: nothing of the type may be offered yet. */
  readonly view: TypeView | undefined;
  /** What waits: stands in the view as it was before, or by name alone. */
  readonly held: ReadonlySet<string>;
}

export const NOTHING_HELD: ReadonlySet<string> = new Set();

/** What a client stands at. */
export interface Told {
  /** What it was offered last of the type; undefined: it was told nothing of it. */
  readonly previous: TypeView | undefined;
  /** It was told the resource, and not that it is gone. */
  has(name: string): boolean;
}

/** How much of `view` may be offered to a client. */
export function gateView(view: TypeView, told: Told, blockers: Blockers): Gated {
  const { previous } = told;
  if (blockers.pending.length === 0 && blockers.refused.length === 0) return { view, held: NOTHING_HELD };
  const changed = (previous === undefined ? [...view.resources.keys()] : diffViews(previous, view).changed).flatMap(
    (name) => view.resources.get(name) ?? [],
  );
  const waiting = namingPending(changed, blockers.pending);
  if (previous === undefined) {
    return waiting.length === 0 ? { view, held: NOTHING_HELD } : { view: undefined, held: namesOf(waiting) };
  }
  const kept = changed.filter((resource) => {
    const before = previous.resources.get(resource.name);
    return before !== undefined && isSendable(before) && blockers.refused.some((name) => isNamedIn(resource, name));
  });
  const held = namesOf([...waiting, ...kept]);
  if (held.size === 0) return { view, held };
  // A resource that was to go, and comes back to name other clusters, goes first; a new one must not be told to be absent.
  const gone = [...held].filter((name) => !previous.resources.has(name) && told.has(name));
  return { view: withoutNames(keepOlder(view, previous, [...held]), gone), held };
}

/** Of the clusters those that any of the resources names; `none`, or an empty list where looking would cost too much. */
export function namedClusters(resources: readonly SnapshotResource[], groups: readonly PendingClusters[]): readonly string[] | 'none' {
  if (resources.length === 0 || groups.length === 0) return 'none';
  if (!isWorthSearching(resources, groups)) return [];
  const named = groups.flatMap(({ names }) => names.filter((name) => resources.some((resource) => isNamedIn(resource, name))));
  return named.length === 0 ? 'none' : named;
}

/** Bytes times names that are worth searching through. */
const MAX_SEARCH = 32 * 1024 * 1024;

/** Very many of very many count as named: they wait for the whole response, which is what Envoy accepts as a whole (D7). */
function namingPending(resources: readonly SnapshotResource[], groups: readonly PendingClusters[]): readonly SnapshotResource[] {
  if (groups.length === 0 || !isWorthSearching(resources, groups)) return groups.length === 0 ? [] : resources;
  return resources.filter((resource) => groups.some(({ names }) => names.some((name) => isNamedIn(resource, name))));
}

const known = new WeakMap<SnapshotResource, Map<string, boolean>>();

/** Once per resource and name, whatever the streams. An extension config does not wait for itself. */
function isNamedIn(resource: SnapshotResource, cluster: string): boolean {
  if (resource.name === cluster && resource.typeUrl === TYPE_URLS.TypedExtensionConfig) return false;
  const answers = known.get(resource) ?? new Map<string, boolean>();
  known.set(resource, answers);
  const answer = answers.get(cluster) ?? mentions(resource, cluster);
  answers.set(cluster, answer);
  return answer;
}

function isWorthSearching(resources: readonly SnapshotResource[], groups: readonly PendingClusters[]): boolean {
  const count = groups.reduce((sum, { names }) => sum + names.length, 0);
  const bytes = resources.reduce((sum, { any }) => sum + any.length, 0);
  return count * Math.max(bytes, 64 * resources.length) <= MAX_SEARCH;
}

function without({ names, sentAtMs }: PendingClusters, runs: (cluster: string) => boolean): PendingClusters {
  return { names: names.filter((name) => !runs(name)), sentAtMs };
}

function namesOf(resources: readonly SnapshotResource[]): ReadonlySet<string> {
  return resources.length === 0 ? NOTHING_HELD : new Set(resources.map(({ name }) => name));
}
