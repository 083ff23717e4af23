// The state of one type on one stream, the same for all four variants of the protocol: what the client asked for, what it was
// told, what it answered. Pure: no I/O, no clock, no encoding; plans come from plan.ts, requests enter through request.ts.
import type { SnapshotResource, TypeView } from '../snapshot/types.ts';
import { NameMap, type NameSet, NO_NAMES } from './name-map.ts';
import type { TypeRules } from './type-rules.ts';

/** State of the world or incremental. */
export type Variant = 'sotw' | 'delta';

/** One response to be, before it has a nonce and bytes. Shared by streams in equal state. */
export interface Plan {
  readonly variant: Variant;
  readonly view: TypeView;
  /** What is sent, sorted by name. */
  readonly entries: readonly SnapshotResource[];
  /** Of the entries those that the client was not told yet or asked for; in a full-state response the others are repetition. */
  readonly changed: readonly string[];
  /** Delta only, sorted. */
  readonly removed: readonly string[];
  /** Due, but of these only name and version are known: the client has them not, and goes on without. */
  readonly withheld: readonly string[];
  /** Owed names that this response cannot answer (X51). */
  readonly unanswered: NameSet;
  /** Answers names that were owed, such as the endpoints of a changed cluster. */
  readonly answersOwed: boolean;
  /** Cut by size: the rest follows the answer to this part (X95). */
  readonly hasMore: boolean;
}

export interface InFlight {
  readonly nonce: string;
  readonly plan: Plan;
  readonly sentAtMs: number;
  /** Unanswered for so long that newer data may overtake it (O2). */
  readonly isOverdue: boolean;
}

export interface Accepted {
  readonly version: string;
  readonly atMs: number;
}

export interface Rejected {
  readonly nonce: string;
  readonly version: string;
  readonly code: number;
  readonly message: string;
  readonly atMs: number;
}

/** Immutable; every function below gives a new one. */
export interface Subscription {
  readonly type: TypeRules;
  readonly variant: Variant;
  /** A first request of this type came. */
  readonly isStarted: boolean;
  readonly wildcard: 'none' | 'legacy' | 'explicit';
  /** Explicit names, never `*`. */
  readonly names: NameSet;
  /** Any name, `*` included, was ever sent; from then on an empty list means nothing (X41). */
  readonly wasNamed: boolean;
  /** What the client was last told … */
  readonly base: TypeView;
  /** … except these: the version it was told, or null if it was told nothing of the name. */
  readonly overlay: NameMap<string | null>;
  /** To be answered although told may equal current. Always covered. */
  readonly owed: NameSet;
  /** To be answered even by an empty response. */
  readonly isAnswerDue: boolean;
  readonly inFlight: InFlight | undefined;
  /** Of the last response that the client accepted or rejected. */
  readonly settledNonce: string;
  readonly accepted: Accepted | undefined;
  readonly rejected: Rejected | undefined;
  /** Name → version that the client rejected and has not accepted since. */
  readonly unaccepted: NameMap<string>;
  /** Version of the last response. */
  readonly sentVersion: string | undefined;
}

const NOTHING_TOLD = NameMap.empty<string | null>();
const NOTHING_REJECTED = NameMap.empty<string>();

export function newSubscription(type: TypeRules, variant: Variant): Subscription {
  return {
    type,
    variant,
    isStarted: false,
    wildcard: 'none',
    names: NO_NAMES,
    wasNamed: false,
    base: type.empty,
    overlay: NOTHING_TOLD,
    owed: NO_NAMES,
    isAnswerDue: false,
    inFlight: undefined,
    settledNonce: '',
    accepted: undefined,
    rejected: undefined,
    unaccepted: NOTHING_REJECTED,
    sentVersion: undefined,
  };
}

export function hasInterest(state: Subscription): boolean {
  return state.wildcard !== 'none' || state.names.size > 0;
}

/** Whether the client wants the name. The wildcard is for plain names: an `xdstp:` name is covered only when it is asked for (X91). */
export function covers(state: Pick<Subscription, 'names' | 'wildcard'>, name: string): boolean {
  return state.names.has(name) || (state.wildcard !== 'none' && !name.startsWith('xdstp:'));
}

/** The version that the client was told, or undefined if it must be told anew or was told nothing. */
export function toldVersion(state: Subscription, name: string): string | undefined {
  if (state.owed.has(name) || !covers(state, name)) return undefined;
  const exception = state.overlay.get(name);
  return exception === undefined ? state.base.resources.get(name)?.version : (exception ?? undefined);
}

export interface Interest {
  readonly wildcard: Subscription['wildcard'];
  readonly names: NameSet;
  readonly wasNamed: boolean;
  /** Covered by the new interest. */
  readonly owed: NameSet;
}

/** The client now wants something else (S5, S6). `interest.owed` says all that is owed from now on. */
export function changeInterest(state: Subscription, interest: Interest): Subscription {
  if (interest.wildcard === 'none' && interest.names.size === 0) return withoutInterest({ ...state, ...interest });
  const changed = { ...state, ...interest, unaccepted: stillCovered(state.unaccepted, interest) };
  const isOn = interest.wildcard !== 'none';
  if (isOn === (state.wildcard !== 'none')) return changed;
  // The base speaks of more or fewer names than the client knows from now on, so only the named ones keep what they were told.
  const overlay = NOTHING_TOLD.edit((draft) => {
    for (const name of interest.names.keys()) {
      const version = toldVersion(state, name);
      if (version !== undefined && !interest.owed.has(name)) draft.set(name, version);
    }
  });
  return { ...changed, base: state.type.empty, overlay, isAnswerDue: isOn };
}

/** The last interest is lost: whatever comes back later must be told anew. */
function withoutInterest(state: Subscription): Subscription {
  return {
    ...state,
    base: state.type.empty,
    overlay: NOTHING_TOLD,
    owed: NO_NAMES,
    isAnswerDue: false,
    inFlight: undefined,
    rejected: undefined,
    unaccepted: NOTHING_REJECTED,
  };
}

function stillCovered(unaccepted: NameMap<string>, interest: Interest): NameMap<string> {
  return unaccepted.edit((draft) => {
    for (const name of unaccepted.keys()) if (!covers(interest, name)) draft.delete(name);
  });
}

/** A resource that names these was sent: they are answered again, changed or not (X78). Names nobody asked for are left out. */
export function oweChildren(state: Subscription, names: Iterable<string>): Subscription {
  const owed = state.owed.edit((draft) => {
    for (const name of names) if (covers(state, name)) draft.set(name, true);
  });
  return owed === state.owed ? state : { ...state, owed };
}

/** Everything that is covered and was told is answered again. */
export function oweAll(state: Subscription): Subscription {
  const named = oweChildren(state, state.names.keys());
  return state.wildcard === 'none' ? named : oweChildren(named, state.base.resources.keys());
}

/** Records a response before it is written (S3), so that no answer can overtake the record. */
export function onSent(state: Subscription, plan: Plan, sent: { readonly nonce: string; readonly atMs: number }): Subscription {
  return {
    ...state,
    ...(plan.hasMore ? toldInPart(state, plan) : { base: plan.view, overlay: toldNothingOf(plan.withheld), owed: plan.unanswered }),
    isAnswerDue: false,
    inFlight: { nonce: sent.nonce, plan, sentAtMs: sent.atMs, isOverdue: false },
    sentVersion: plan.view.version,
  };
}

function toldNothingOf(names: readonly string[]): NameMap<string | null> {
  return NOTHING_TOLD.edit((draft) => {
    for (const name of names) draft.set(name, null);
  });
}

function toldInPart(state: Subscription, plan: Plan): Pick<Subscription, 'overlay' | 'owed'> {
  const overlay = state.overlay.edit((draft) => {
    for (const { name, version } of plan.entries) draft.set(name, version);
    for (const name of plan.removed) draft.set(name, null);
  });
  const owed = state.owed.edit((draft) => {
    for (const { name } of plan.entries) draft.delete(name);
    for (const name of plan.removed) draft.delete(name);
  });
  return { overlay, owed };
}

/** Nothing of `view` is due: from now on it is what the client was told, so that older views can be forgotten. */
export function onUpToDate(state: Subscription, view: TypeView): Subscription {
  const untold = [...state.overlay.entries()].flatMap(([name, version]) => (version === null && view.resources.has(name) ? [name] : []));
  if (state.base === view && state.overlay.size === untold.length) return state;
  return { ...state, base: view, overlay: toldNothingOf(untold) };
}

/** The client has not answered for long: newer data may follow, its late answer still counts (O2). */
export function onOverdue(state: Subscription): Subscription {
  return state.inFlight === undefined ? state : { ...state, inFlight: { ...state.inFlight, isOverdue: true } };
}

/** The last response was neither accepted nor rejected, and is not overdue. */
export function isAwaitingAnswer(state: Subscription): boolean {
  return state.inFlight !== undefined && !state.inFlight.isOverdue;
}
