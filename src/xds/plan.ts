// What one subscription is to be sent now, if anything: a pure function of its state and a view (S1, S2). Streams in equal state
// get the same plan object, and with it the same bytes (T5).
import type { SnapshotResource, TypeView } from '../snapshot/types.ts';
import { type DueNames, dueNames, owedAfter } from './due-names.ts';
import { type NameSet, NO_NAMES, nameSet } from './name-map.ts';
import { resourceErrors } from './resource-errors.ts';
import { covers, hasInterest, type Plan, type PlanLimits, type Subscription, seenView } from './subscription.ts';
import { diffViews, isSendable, type ViewDiff } from './views.ts';

const BLANK = { entries: [], changed: [], removed: [], errors: [], heartbeats: [], unanswered: NO_NAMES, hasMore: false };

/**
 * The next response, whether or not the last one was answered (X24, X70: the caller waits for that); undefined when nothing was asked or
 * nothing is due.
 */
export function duePlan(state: Subscription, offered: TypeView, limits: PlanLimits): Plan | undefined {
  if (!state.isStarted || !hasInterest(state)) return undefined;
  const view = seenView(state, offered);
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
const ids = new WeakMap<NameSet | PlanLimits, number>();
let lastId = 0;

/** The plan depends on nothing but the two views and what the key says. */
function sharedPlan(state: Subscription, view: TypeView, limits: PlanLimits): Plan | undefined {
  const diff = diffViews(state.base, view);
  const plans = shared.get(diff) ?? new Map<string, { readonly plan: Plan | undefined }>();
  shared.set(diff, plans);
  const key = `${state.variant} ${state.wildcard !== 'none'} ${state.isAnswerDue} ${idOf(limits)} ${idOf(state.names)} ${idOf(state.owed)}`;
  const known = plans.get(key);
  if (known !== undefined) return known.plan;
  if (plans.size >= MAX_SHARED) plans.clear();
  const plan = makePlan(state, view, limits);
  plans.set(key, { plan });
  return plan;
}

function idOf(shared: NameSet | PlanLimits): number {
  if (shared === NO_NAMES) return 0;
  const id = ids.get(shared) ?? ++lastId;
  ids.set(shared, id);
  return id;
}

function makePlan(state: Subscription, view: TypeView, limits: PlanLimits): Plan | undefined {
  const due = dueNames(state, view);
  const blank: Plan = { ...BLANK, variant: state.variant, view, limits, answersOwed: state.owed.size > 0, unsendable: due.unsendable };
  if (state.variant === 'delta') return deltaPlan(state, due, blank);
  return state.type.isFullState ? fullStatePlan(state, due, blank) : partialPlan(state, due, blank);
}

/** X47: every covered resource, for absence deletes. An absent name is answered by its absence (X51). */
function fullStatePlan(state: Subscription, due: DueNames, blank: Plan): Plan | undefined {
  if (due.present.length + due.absent.length === 0 && !state.isAnswerDue) return undefined;
  const entries = [...blank.view.resources.values()].filter((resource) => isSendable(resource) && covers(state, resource.name));
  return { ...blank, entries, changed: due.present, errors: resourceErrors(state, due.absent, blank.view) };
}

/** X48: only what is due; absence deletes nothing, so absent names wait silently until they exist, but for those who are told why (X52). */
function partialPlan(state: Subscription, due: DueNames, blank: Plan): Plan | undefined {
  const { limits, view } = blank;
  const isErrorWorthIt = due.present.length > 0 || limits.takesErrorsAlone === true;
  const errors = isErrorWorthIt ? resourceErrors(state, due.absent, view) : [];
  if (due.present.length + errors.length === 0 && !state.isAnswerDue) return undefined;
  const part = { ...blank, ...cut(due.present, blank) };
  if (part.hasMore) return { ...part, unanswered: owedAfter(state, view, part.changed) };
  const answered = new Set(errors.map(({ name }) => name));
  return { ...part, errors, unanswered: nameSet(due.absent.filter((name) => state.owed.has(name) && !answered.has(name))) };
}

/** X64, X65: absent names are told as removed, once; of what is only unavailable the client keeps what it has (X52). */
function deltaPlan(state: Subscription, due: DueNames, blank: Plan): Plan | undefined {
  if (due.present.length + due.absent.length === 0 && !state.isAnswerDue) return undefined;
  const { withheld } = blank.view;
  const removed = withheld === undefined ? due.absent : due.absent.filter((name) => withheld.get(name)?.reason !== 'UNAVAILABLE');
  const part = { ...blank, ...cut(due.present, blank), removed, errors: resourceErrors(state, due.absent, blank.view) };
  const unanswered = part.hasMore
    ? owedAfter(state, blank.view, [...part.changed, ...due.absent])
    : nameSet(due.unsendable.filter((name) => state.owed.has(name)));
  return { ...part, unanswered };
}

/** Virtual hosts are never cut: of those asked for under another name nobody knows later what was told. */
function cut(names: readonly string[], { view, limits }: Plan): Pick<Plan, 'entries' | 'changed' | 'hasMore'> {
  const entries: SnapshotResource[] = [];
  let bytes = 0;
  for (const name of names) {
    const resource = view.resources.get(name);
    if (resource === undefined) continue;
    bytes += resource.any.length + name.length;
    if (entries.length > 0 && bytes > limits.maxResponseBytes && resource.aliases === undefined) break;
    entries.push(resource);
  }
  const hasMore = entries.length < names.length;
  return { entries, changed: hasMore ? names.slice(0, entries.length) : names, hasMore };
}
