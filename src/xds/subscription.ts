// The state of one type on one stream, the same for all four variants of the protocol: what the client asked for, what it was
// told, what it answered. Pure: no I/O, no clock, no encoding; plans come from plan.ts, requests enter through request.ts.
import { collectionOf, isXdstp } from '../snapshot/resource-name.ts';
import type { SnapshotResource, TypeView } from '../snapshot/types.ts';
import { NameMap, type NameSet, NO_NAMES } from './name-map.ts';
import type { TypeRules } from './type-rules.ts';
import { askedHosts, routeConfigurationOf } from './virtual-hosts.ts';

/** State of the world or incremental. */
export type Variant = 'sotw' | 'delta';

/** What a client can take; the same object for all clients that are alike, so that they share plans. */
export interface PlanLimits {
  /** Partial and delta responses are cut at about this size (X95). */
  readonly maxResponseBytes: number;
  /** State of the world: a response that holds nothing but errors is of use (X52). */
  readonly takesErrorsAlone?: boolean;
  /** Understands `Resource.ttl` (X87). */
  readonly takesTtl?: boolean;
  /** State of the world: understands resources that are wrapped to carry a time to live (X88). */
  readonly takesWrapped?: boolean;
}

/** Why a name that was asked for is not there. */
export interface ResourceError {
  readonly name: string;
  /** google.rpc.Code */
  readonly code: number;
  readonly message: string;
}

/** One response to be, before it has a nonce and bytes. Shared by streams in equal state. */
export interface Plan {
  readonly variant: Variant;
  readonly view: TypeView;
  readonly limits: PlanLimits;
  /** What is sent, sorted by name. */
  readonly entries: readonly SnapshotResource[];
  /** Of the entries those that the client was not told yet or asked for; in a full-state response the others are repetition. */
  readonly changed: readonly string[];
  /** Delta only, sorted. */
  readonly removed: readonly string[];
  /** Of absent names, sorted; never a name that is in `entries` (X52). */
  readonly errors: readonly ResourceError[];
  /** Said to be still valid, without their contents. Then there is nothing else in the response, and nothing new is told (X89). */
  readonly heartbeats: readonly SnapshotResource[];
  /** Due, but of these only name and version are known: the client has them not, and goes on without. */
  readonly unsendable: readonly string[];
  /** Owed names that this response does not answer: nothing can (X51), or a later part does (X95). */
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
  /** Some names may be collections (X92). */
  readonly hasCollections: boolean;
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
  /** Was in flight when the last interest was lost, and may arrive yet. */
  readonly arriving: Plan | undefined;
  /** Of the last response that the client accepted or rejected. */
  readonly settledNonce: string;
  readonly accepted: Accepted | undefined;
  readonly rejected: Rejected | undefined;
  /** Name → version that the client rejected and has not accepted since. */
  readonly unaccepted: NameMap<string>;
  /** Version of the last response. */
  readonly sentVersion: string | undefined;
  /** When resources that expire were first sent, or all of them last kept alive. */
  readonly refreshedAtMs: number | undefined;
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
    hasCollections: false,
    wasNamed: false,
    base: type.empty,
    overlay: NOTHING_TOLD,
    owed: NO_NAMES,
    isAnswerDue: false,
    inFlight: undefined,
    arriving: undefined,
    settledNonce: '',
    accepted: undefined,
    rejected: undefined,
    unaccepted: NOTHING_REJECTED,
    sentVersion: undefined,
    refreshedAtMs: undefined,
  };
}

export function hasInterest(state: Subscription): boolean {
  return state.wildcard !== 'none' || state.names.size > 0;
}

/**
 * Whether the client wants the name. The wildcard is for plain names: an `xdstp:` name is covered only when it or its collection is asked
 * for (X91, X92). A route configuration stands for its virtual hosts (R20).
 */
export function covers({ names, wildcard, type }: Pick<Subscription, 'names' | 'wildcard' | 'type'>, name: string): boolean {
  if (names.has(name)) return true;
  if (type.hasHosts && names.has(routeConfigurationOf(name))) return true;
  return isXdstp(name) ? names.has(collectionOf(name)) : wildcard !== 'none';
}

/** What of a view such a client can see: of virtual hosts those that it asked for, by whatever name. */
export function seenView({ type, names, wildcard, variant }: Subscription, view: TypeView): TypeView {
  if (type.isDeltaOnly && variant === 'sotw') return type.empty;
  return type.hasHosts && wildcard === 'none' ? askedHosts(view, names) : view;
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
  readonly hasCollections: boolean;
  readonly wasNamed: boolean;
  /** Covered by the new interest. */
  readonly owed: NameSet;
}

/** The client now wants something else (S5, S6). `interest.owed` says all that is owed from now on. */
export function changeInterest(state: Subscription, interest: Interest): Subscription {
  if (interest.wildcard === 'none' && interest.names.size === 0) return withoutInterest({ ...state, ...interest });
  const changed = { ...state, ...interest, unaccepted: stillCovered(state, interest) };
  const isOn = interest.wildcard !== 'none';
  if (isOn === (state.wildcard !== 'none')) return withArriving(changed, state);
  // The base speaks of more or fewer names than the client knows from now on, so only the named ones keep what they were told.
  const overlay = NOTHING_TOLD.edit((draft) => {
    for (const name of stillTold(state, interest)) {
      const version = toldVersion(state, name);
      if (version !== undefined && !interest.owed.has(name)) draft.set(name, version);
    }
  });
  return withArriving({ ...changed, base: state.type.empty, overlay, isAnswerDue: isOn }, state);
}

/** What is on its way and is wanted again, by wildcard or collection, may be kept when it arrives or not: it is told anew, or told to be gone (S6). */
function withArriving(changed: Subscription, before: Subscription): Subscription {
  const plan = before.inFlight?.plan ?? before.arriving;
  const isMore = changed.wildcard !== 'none' ? before.wildcard === 'none' : changed.hasCollections || before.type.hasHosts;
  if (plan === undefined || !isMore) return changed;
  const names = plan.entries.map(({ name }) => name).filter((name) => !covers(before, name));
  return oweChildren(changed, names);
}

/** What is asked for on its own or as a member, and may have been told. */
function stillTold({ base, overlay, type, hasCollections }: Subscription, interest: Interest): Iterable<string> {
  if (!hasCollections && !type.hasHosts) return interest.names.keys();
  const names = new Set([...interest.names.keys(), ...base.resources.keys(), ...overlay.keys()]);
  return [...names].filter((name) => covers({ ...interest, type }, name));
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
    arriving: state.inFlight?.plan ?? state.arriving,
    rejected: undefined,
    unaccepted: NOTHING_REJECTED,
    hasCollections: false,
    refreshedAtMs: undefined,
  };
}

function stillCovered({ unaccepted, type }: Subscription, interest: Interest): NameMap<string> {
  if (unaccepted.size === 0) return unaccepted;
  return unaccepted.edit((draft) => {
    for (const name of unaccepted.keys()) if (!covers({ ...interest, type }, name)) draft.delete(name);
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
  const inFlight = { nonce: sent.nonce, plan, sentAtMs: sent.atMs, isOverdue: false };
  if (plan.heartbeats.length > 0) return { ...state, inFlight, refreshedAtMs: sent.atMs };
  return {
    ...state,
    ...(plan.hasMore ? toldInPart(state, plan) : { base: plan.view, overlay: toldNothingOf(plan.unsendable), owed: plan.unanswered }),
    isAnswerDue: false,
    inFlight,
    arriving: undefined,
    sentVersion: plan.view.version,
    refreshedAtMs: state.refreshedAtMs ?? (startsExpiry(plan) ? sent.atMs : undefined),
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
    for (const { name } of plan.errors) draft.set(name, null);
  });
  return { overlay, owed: plan.unanswered };
}

function startsExpiry({ entries, limits }: Plan): boolean {
  return limits.takesTtl === true && entries.some(({ ttlMs }) => ttlMs !== undefined);
}

/** Nothing of `view` is due: from now on it is what the client was told, so that older views can be forgotten. */
export function onUpToDate(state: Subscription, offered: TypeView): Subscription {
  const view = seenView(state, offered);
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
