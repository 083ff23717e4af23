// What one subscription is to be sent now, if anything: a pure function of its state and a view (S1, S2). Streams in equal state
// get the same plan object, and with it the same bytes (T5).
import type { SnapshotResource, TypeView } from '../snapshot/types.ts';
import { type NameSet, NO_NAMES, nameSet } from './name-map.ts';
import { covers, hasInterest, type Plan, type Subscription, toldVersion } from './subscription.ts';
import { diffViews, isSendable, type ViewDiff } from './views.ts';

export interface PlanLimits {
  /** Partial and delta responses are cut at about this size (X95). */
  readonly maxResponseBytes: number;
}

/** Of the covered names those whose told version differs from the view, and those that are owed; each list sorted. */
interface DueNames {
  readonly present: readonly string[];
  /** Not in the view; the client was told a version, or waits for an answer. */
  readonly absent: readonly string[];
  /** In the view by name and version only; such a name that is owed stays owed. */
  readonly withheld: readonly string[];
}

/**
 * The next response, whether or not the last one was answered (X24, X70: the caller waits for that); undefined when nothing was asked or
 * nothing is due.
 */
export function duePlan(state: Subscription, view: TypeView, limits: PlanLimits): Plan | undefined {
  if (!state.isStarted || !hasInterest(state)) return undefined;
  if (state.overlay.size > 0) return makePlan(state, view, limits);
  if (state.owed.size === 0 && state.base === view && !state.isAnswerDue) return undefined;
  return sharedPlan(state, view, limits);
}

const changedOf = new WeakMap<Plan, readonly SnapshotResource[]>();

/** What the client did not have yet of the response. */
export function changedResources(plan: Plan): readonly SnapshotResource[] {
  const known = changedOf.get(plan) ?? plan.changed.flatMap((name) => plan.view.resources.get(name) ?? []);
  // All streams in the same state are sent the same plan.
  changedOf.set(plan, known);
  return known;
}

const MAX_SHARED = 64;
const shared = new WeakMap<ViewDiff, Map<string, { readonly plan: Plan | undefined }>>();
const ids = new WeakMap<NameSet, number>();
let lastId = 0;

/** The plan depends on nothing but the two views and what the key says. */
function sharedPlan(state: Subscription, view: TypeView, limits: PlanLimits): Plan | undefined {
  const diff = diffViews(state.base, view);
  const plans = shared.get(diff) ?? new Map<string, { readonly plan: Plan | undefined }>();
  shared.set(diff, plans);
  const flags = `${state.variant} ${state.wildcard !== 'none'} ${state.isAnswerDue} ${limits.maxResponseBytes}`;
  const key = `${flags} ${idOf(state.names)} ${idOf(state.owed)}`;
  const known = plans.get(key);
  if (known !== undefined) return known.plan;
  if (plans.size >= MAX_SHARED) plans.clear();
  const plan = makePlan(state, view, limits);
  plans.set(key, { plan });
  return plan;
}

function idOf(names: NameSet): number {
  if (names.size === 0) return 0;
  const id = ids.get(names) ?? ++lastId;
  ids.set(names, id);
  return id;
}

function makePlan(state: Subscription, view: TypeView, limits: PlanLimits): Plan | undefined {
  const due = dueNames(state, view);
  if (state.variant === 'delta') return deltaPlan(state, due, { view, limits });
  return state.type.isFullState ? fullStatePlan(state, view, due) : partialPlan(state, due, { view, limits });
}

/** X47: every covered resource, for absence deletes. An absent name is answered by its absence (X51). */
function fullStatePlan(state: Subscription, view: TypeView, due: DueNames): Plan | undefined {
  if (due.present.length + due.absent.length === 0 && !state.isAnswerDue) return undefined;
  const all = [...view.resources.values()];
  return {
    variant: 'sotw',
    view,
    entries: all.filter((resource) => isSendable(resource) && covers(state, resource.name)),
    changed: due.present,
    removed: [],
    withheld: due.withheld,
    unanswered: NO_NAMES,
    answersOwed: state.owed.size > 0,
    hasMore: false,
  };
}

interface PlanContext {
  readonly view: TypeView;
  readonly limits: PlanLimits;
}

/** X48: only what is due; absence deletes nothing, so absent names wait silently until they exist. */
function partialPlan(state: Subscription, due: DueNames, context: PlanContext): Plan | undefined {
  if (due.present.length === 0 && !state.isAnswerDue) return undefined;
  const unanswered = nameSet(due.absent.filter((name) => state.owed.has(name)));
  return { ...cut(state, due.present, context), variant: 'sotw', view: context.view, removed: [], withheld: due.withheld, unanswered };
}

/** X64, X65: absent names are told as removed, once. */
function deltaPlan(state: Subscription, due: DueNames, context: PlanContext): Plan | undefined {
  if (due.present.length + due.absent.length === 0 && !state.isAnswerDue) return undefined;
  const { absent: removed, withheld } = due;
  const unanswered = nameSet(withheld.filter((name) => state.owed.has(name)));
  return { ...cut(state, due.present, context), variant: 'delta', view: context.view, removed, withheld, unanswered };
}

function cut(
  state: Subscription,
  names: readonly string[],
  { view, limits }: PlanContext,
): Pick<Plan, 'entries' | 'changed' | 'answersOwed' | 'hasMore'> {
  const entries: SnapshotResource[] = [];
  let bytes = 0;
  for (const name of names) {
    const resource = view.resources.get(name);
    if (resource === undefined) continue;
    bytes += resource.any.length + name.length;
    if (entries.length > 0 && bytes > limits.maxResponseBytes) break;
    entries.push(resource);
  }
  const hasMore = entries.length < names.length;
  return { entries, changed: hasMore ? names.slice(0, entries.length) : names, answersOwed: state.owed.size > 0, hasMore };
}

function dueNames(state: Subscription, view: TypeView): DueNames {
  const due = new Set(state.owed.keys());
  for (const name of state.overlay.keys()) {
    if (covers(state, name) && toldVersion(state, name) !== view.resources.get(name)?.version) due.add(name);
  }
  for (const name of differingNames(state, view)) {
    if (!state.overlay.has(name)) due.add(name);
  }
  const sorted = [...due].sort();
  const present: string[] = [];
  const absent: string[] = [];
  const withheld: string[] = [];
  for (const name of sorted) {
    const resource = view.resources.get(name);
    if (resource === undefined) absent.push(name);
    else (isSendable(resource) ? present : withheld).push(name);
  }
  return { present, absent, withheld };
}

/** The covered names on which base and view differ; walks the difference or the names, whichever is shorter. */
function differingNames(state: Subscription, view: TypeView): readonly string[] {
  const diff = diffViews(state.base, view);
  if (state.wildcard === 'none' && state.names.size < diff.changed.length + diff.removed.length) {
    const { base, names } = state;
    return [...names.keys()].filter((name) => base.resources.get(name)?.version !== view.resources.get(name)?.version);
  }
  return [...diff.changed, ...diff.removed].filter((name) => covers(state, name));
}
