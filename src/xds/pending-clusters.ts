// Which clusters of a stream are not ready (xDS notes, section 3): to be sent, unanswered, or with endpoints that are; and which extension
// configs (authz C6). Says it in lists that
// are there already, so that ten thousand clusters under way cost nothing per look. Pure.
import type { TypeView } from '../snapshot/types.ts';
import { assignmentOf } from './children.ts';
import type { PendingClusters } from './gates.ts';
import type { NameSet } from './name-map.ts';
import { isAwaitingAnswer, type Plan, type Subscription, toldVersion } from './subscription.ts';

/** A type of the stream. */
export interface DueType {
  readonly state: Subscription;
  /** What is due of it now. */
  readonly plan: () => Plan | undefined;
}

export interface ClusterTarget {
  readonly clusters: TypeView;
  /** Of them those that the client refused. */
  readonly refused: readonly string[];
}

/** Types that the client did not ask for are undefined, and not waited for. */
export function pendingClusters(
  target: ClusterTarget,
  cluster: DueType | undefined,
  assignments: DueType | undefined,
): readonly PendingClusters[] {
  if (cluster === undefined) return [];
  return [...pendingOf(cluster), ...(assignments === undefined ? [] : pendingAssignments(target, cluster.state, assignments))];
}

/** Extension configs that are to be sent, or whose answer is awaited: routes that name them wait (authz C6). */
export function pendingExtensions(extension: DueType | undefined): readonly PendingClusters[] {
  if (extension === undefined || (!isAwaitingAnswer(extension.state) && extension.plan() === undefined)) return [];
  return pendingOf(extension);
}

function pendingOf({ state, plan }: DueType): readonly PendingClusters[] {
  const { inFlight } = state;
  const sent = inFlight === undefined ? [] : [{ names: inFlight.plan.changed, sentAtMs: inFlight.sentAtMs }];
  const due = plan();
  if (due === undefined) return sent;
  // Of a plan that is cut by size (X95) nobody knows the rest.
  return [...sent, { names: due.hasMore ? [...due.view.resources.keys()] : due.changed, sentAtMs: undefined }];
}

function pendingAssignments(target: ClusterTarget, cluster: Subscription, { state, plan }: DueType): readonly PendingClusters[] {
  const { clusters } = target;
  const { inFlight } = state;
  const groups: PendingClusters[] = [];
  if (isAwaitingAnswer(state) && inFlight?.plan.answersOwed === true) {
    groups.push({ names: clustersOf(inFlight.plan.changed, clusters), sentAtMs: inFlight.sentAtMs });
  }
  const isDue = state.owed.size > 0 && (isAwaitingAnswer(state) || plan()?.answersOwed === true);
  if (isDue) groups.push({ names: clustersOf(listOf(state.owed), clusters), sentAtMs: undefined });
  const unsure = unsureClusters(target, cluster, state);
  return unsure === undefined ? groups : [...groups, unsure];
}

/**
 * Of a response that names some bad clusters the good ones are applied, and the refusal comes before they are warm (D7): they are ready when
 * their endpoints are accepted.
 */
function unsureClusters(
  { clusters, refused }: ClusterTarget,
  { rejected, unaccepted }: Subscription,
  assignments: Subscription,
): PendingClusters | undefined {
  if (rejected === undefined || unaccepted.size === 0) return undefined;
  const bad = new Set(refused);
  const names = [...unaccepted.keys()].filter((name) => {
    const resource = clusters.resources.get(name);
    return resource !== undefined && !bad.has(name) && !isAccepted(assignments, assignmentOf(resource));
  });
  return { names, sentAtMs: rejected.atMs };
}

function isAccepted(state: Subscription, name: string): boolean {
  const isUnanswered = isAwaitingAnswer(state) && state.inFlight?.plan.changed.includes(name) === true;
  return !isUnanswered && toldVersion(state, name) !== undefined;
}

const lists = new WeakMap<NameSet, readonly string[]>();

function listOf(names: NameSet): readonly string[] {
  const list = lists.get(names) ?? [...names.keys()];
  lists.set(names, list);
  return list;
}

const owners = new WeakMap<TypeView, ReadonlyMap<string, readonly string[]>>();
const known = new WeakMap<readonly string[], { readonly clusters: TypeView; readonly names: readonly string[] }>();

/** The clusters that ask for these endpoints; mostly they have the same names. */
function clustersOf(assignments: readonly string[], clusters: TypeView): readonly string[] {
  const before = known.get(assignments);
  if (before?.clusters === clusters) return before.names;
  const isPlain = assignments.every((name) => clusters.resources.has(name));
  const names = isPlain
    ? assignments
    : assignments.flatMap((name) => (clusters.resources.has(name) ? name : (ownersOf(clusters).get(name) ?? [])));
  known.set(assignments, { clusters, names });
  return names;
}

function ownersOf(clusters: TypeView): ReadonlyMap<string, readonly string[]> {
  const before = owners.get(clusters);
  if (before !== undefined) return before;
  const found = new Map<string, readonly string[]>();
  for (const cluster of clusters.resources.values()) {
    const name = assignmentOf(cluster);
    found.set(name, [...(found.get(name) ?? []), cluster.name]);
  }
  owners.set(clusters, found);
  return found;
}
