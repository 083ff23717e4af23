// Make before break on one stream (D6-D9, X75-X77): which view of each type is on offer now, given the snapshot that the client should
// reach and what it has accepted. Clusters and endpoints come first, then what refers to them, and what nothing refers to any more goes
// last. Pure: time and progress are arguments, and every wait ends by its clock.
import type { Snapshot, TypeUrl, TypeView } from '../snapshot/types.ts';
import { withholdDependants } from './rejected.ts';
import { CLUSTER_RANK, LAST_RANK, MAKE_RANK, type TypeRules, typeRules } from './type-rules.ts';
import { droppedFrom, unionViews } from './views.ts';

export interface StagingTiming {
  /** Longest wait for one answer of the client before going on (X76). */
  readonly gateMs: number;
  /** Longest wait for all answers that stand before the switch, over all targets that replaced each other meanwhile (D9). */
  readonly targetMs: number;
  /** Longest wait for a reconnecting Envoy that warms to ask for its clusters; more than the 15 s after which it gives up waiting for endpoints. */
  readonly resumeMs: number;
  /** From the accepted switch to the removal of what nothing refers to any more. */
  readonly lingerMs: number;
  /** On a separate stream nothing says that the clusters are there, so referring types follow this much later (O1). */
  readonly separateDelayMs: number;
}

/** What decides which clock a stream waits by. */
export interface StreamFacts {
  /** The stream may carry clusters, so their answers can be waited for. */
  readonly isAggregated: boolean;
  /** An Envoy that reconnects while it warms asks for its endpoints, and for clusters only when the warming has ended (D7). */
  readonly areClustersToCome: boolean;
}

export interface StagingFacts extends StreamFacts {
  readonly nowMs: number;
  /** Nothing of the rank is due, and nothing of it is unanswered. True of types that the client did not ask for. */
  isAccepted(rank: number): boolean;
  /** Nothing of the rank is due; something may be unanswered. */
  isWritten(rank: number): boolean;
  /** Endpoints and secrets that a cluster change makes due are accepted. */
  areChildrenAccepted(): boolean;
  /** Clusters of the target that the client refused, and did not accept since. */
  refusedClusters(): readonly string[];
}

/** Resources that targets dropped, kept on offer until `dueAtMs`. */
interface Lingering {
  readonly views: Views;
  readonly openedAtMs: number;
  readonly dueAtMs: number;
  /** Clusters go first; what they need follows when that is accepted (X74). */
  readonly clustersGoneAtMs: number | undefined;
}

export type Views = ReadonlyMap<TypeUrl, TypeView>;

/** Immutable. */
export interface Staging {
  readonly target: Snapshot;
  /** Types above `MAKE_RANK` up to this one are offered from the target. */
  readonly openRank: number;
  /** What is on offer of the types above `MAKE_RANK`; a type that is missing has never been offered. */
  readonly referring: Views;
  /** What targets dropped while the switch to them was not accepted yet. */
  readonly dropped: Views;
  readonly lingering: readonly Lingering[];
  /** When the first of the targets came that the client has not reached yet. */
  readonly startedAtMs: number;
  /** Since when the present wait lasts. */
  readonly waitingSinceMs: number;
  /** The switch is accepted, or was waited for long enough. */
  readonly isSettled: boolean;
  /** Some resources stay as they were because they name refused clusters. */
  readonly isHeldBack: boolean;
}

export interface Step {
  readonly staging: Staging;
  /** What was waited for in vain. */
  readonly timedOut?: 'clusters' | 'referring types' | 'removal of clusters';
}

const NO_VIEWS: Views = new Map();

/** `dropped`: what earlier targets had and a client that comes back may still use. */
export function beginStaging(target: Snapshot, nowMs: number, dropped: Views = NO_VIEWS): Staging {
  return {
    target,
    openRank: MAKE_RANK,
    referring: NO_VIEWS,
    dropped,
    lingering: [],
    startedAtMs: nowMs,
    waitingSinceMs: nowMs,
    isSettled: false,
    isHeldBack: false,
  };
}

/** A newer target: goes on from what is on offer now (D9). */
export function retarget(staging: Staging, target: Snapshot, nowMs: number): Staging {
  const offered = new Map([...staging.target.views].filter(([typeUrl]) => typeRules(typeUrl).rank <= MAKE_RANK));
  return {
    ...staging,
    target,
    dropped: mergeViews(staging.dropped, droppedViews(new Map([...offered, ...staging.referring]), target.views)),
    openRank: MAKE_RANK,
    startedAtMs: staging.isSettled ? nowMs : staging.startedAtMs,
    waitingSinceMs: nowMs,
    isSettled: false,
    isHeldBack: false,
  };
}

/** The client holds resources that the target lacks: they go when nothing refers to them any more, as all that is dropped (X77, X80). */
export function keepHeld(staging: Staging, held: TypeView, given: { readonly nowMs: number; readonly lingerMs: number }): Staging {
  // Of what an earlier target of this stream dropped the bytes are known.
  const kept = { ...staging, dropped: mergeViews(new Map([[held.typeUrl, held]]), staging.dropped) };
  if (!staging.isSettled) return kept;
  return { ...kept, dropped: staging.dropped, lingering: withDropped(kept, given.nowMs, given.lingerMs) };
}

/** The target is on offer as far as this type goes. */
export function isOpen(staging: Staging, rules: TypeRules): boolean {
  return rules.rank <= MAKE_RANK || rules.rank <= staging.openRank;
}

/** The view of a type that is on offer; undefined while the client must wait for its first. */
export function offeredView(staging: Staging, rules: TypeRules): TypeView | undefined {
  if (!isOpen(staging, rules) && !staging.referring.has(rules.typeUrl)) return undefined;
  const view = offeredBy(staging, rules);
  const older = rules.lingers ? lingeringView(staging, rules) : undefined;
  return older === undefined ? view : unionViews(older, view);
}

/** Goes on by one step if the facts or the clock allow it; the same staging if not. To be repeated until it stays. */
export function advance(staging: Staging, facts: StagingFacts, timing: StagingTiming): Step {
  if (staging.isHeldBack && facts.refusedClusters().length === 0) return { staging: reopened(staging, facts.nowMs) };
  if (staging.openRank < LAST_RANK) return advanceSwitch(staging, facts, timing);
  if (!staging.isSettled) return advanceSettling(staging, facts, timing);
  return advanceBreak(staging, facts, timing);
}

/** When to look again although nothing happened; undefined if only events matter. */
export function nextDeadlineMs(staging: Staging, timing: StagingTiming, stream: StreamFacts): number | undefined {
  if (staging.openRank < LAST_RANK) return switchDeadlineMs(staging, timing, stream);
  if (!staging.isSettled) return settlingDeadlineMs(staging, timing);
  const deadlines = staging.lingering.map((part) =>
    part.clustersGoneAtMs === undefined ? part.dueAtMs : part.clustersGoneAtMs + timing.gateMs,
  );
  return deadlines.length === 0 ? undefined : Math.min(...deadlines);
}

function advanceSwitch(staging: Staging, facts: StagingFacts, timing: StagingTiming): Step {
  const isLate = facts.nowMs >= switchDeadlineMs(staging, timing, facts);
  if (!facts.isAggregated) return isLate ? { staging: openNextRank(staging, facts) } : { staging };
  const isReady = staging.openRank === MAKE_RANK ? areClustersReady(facts) : facts.isWritten(staging.openRank);
  if (isReady) return { staging: openNextRank(staging, facts) };
  return isLate
    ? { staging: openNextRank(staging, facts), timedOut: staging.openRank === MAKE_RANK ? 'clusters' : 'referring types' }
    : { staging };
}

function areClustersReady(facts: StagingFacts): boolean {
  return !facts.areClustersToCome && facts.isAccepted(CLUSTER_RANK) && facts.areChildrenAccepted();
}

function switchDeadlineMs(staging: Staging, timing: StagingTiming, { isAggregated, areClustersToCome }: StreamFacts): number {
  if (areClustersToCome) return staging.startedAtMs + timing.resumeMs;
  const waitMs = isAggregated ? timing.gateMs : timing.separateDelayMs;
  // What a client of a separate stream gets first needs no delay: it stands at nothing older.
  if (!isAggregated && (staging.openRank > MAKE_RANK || staging.referring.size === 0)) return staging.startedAtMs;
  return Math.min(staging.waitingSinceMs + waitMs, staging.startedAtMs + timing.targetMs);
}

function openNextRank(staging: Staging, facts: StagingFacts): Staging {
  const openRank = staging.openRank + 1;
  const referring = new Map(staging.referring);
  const refused = facts.refusedClusters();
  let { isHeldBack } = staging;
  for (const typeUrl of new Set([...staging.target.views.keys(), ...staging.referring.keys()])) {
    const rules = typeRules(typeUrl);
    if (rules.rank !== openRank) continue;
    const view = targetView(staging.target, rules);
    const offered = withholdDependants(view, referring.get(typeUrl), refused);
    referring.set(typeUrl, offered);
    isHeldBack ||= offered !== view;
  }
  return { ...staging, openRank, referring, isHeldBack, waitingSinceMs: facts.nowMs };
}

/** Goes through the ranks again: what was held back need not be any more, or clusters are asked for that others must wait for. */
export function reopened(staging: Staging, nowMs: number): Staging {
  return { ...staging, openRank: MAKE_RANK, startedAtMs: nowMs, waitingSinceMs: nowMs, isSettled: false, isHeldBack: false };
}

function advanceSettling(staging: Staging, facts: StagingFacts, timing: StagingTiming): Step {
  const isAccepted = REFERRING_RANKS.every((rank) => facts.isAccepted(rank));
  if (!isAccepted && facts.nowMs < settlingDeadlineMs(staging, timing)) return { staging };
  const settled = { ...staging, isSettled: true, dropped: NO_VIEWS, lingering: withDropped(staging, facts.nowMs, timing.lingerMs) };
  return isAccepted ? { staging: settled } : { staging: settled, timedOut: 'referring types' };
}

const REFERRING_RANKS: readonly number[] = Array.from({ length: LAST_RANK - MAKE_RANK }, (_, index) => MAKE_RANK + 1 + index);

function settlingDeadlineMs(staging: Staging, timing: StagingTiming): number {
  return staging.waitingSinceMs + timing.targetMs;
}

/** Starts the clock of what was dropped. Drops that come close after each other share one, so that many edits leave few parts. */
function withDropped(staging: Staging, nowMs: number, lingerMs: number): readonly Lingering[] {
  if (staging.dropped.size === 0) return staging.lingering;
  const last = staging.lingering.at(-1);
  const fresh = { views: staging.dropped, openedAtMs: nowMs, dueAtMs: nowMs + lingerMs, clustersGoneAtMs: undefined };
  if (last === undefined || last.clustersGoneAtMs !== undefined || nowMs - last.openedAtMs > lingerMs / 4)
    return [...staging.lingering, fresh];
  return [...staging.lingering.slice(0, -1), { ...fresh, openedAtMs: last.openedAtMs, views: mergeViews(last.views, staging.dropped) }];
}

function advanceBreak(staging: Staging, facts: StagingFacts, timing: StagingTiming): Step {
  const [oldest, ...rest] = staging.lingering;
  if (oldest === undefined || facts.nowMs < oldest.dueAtMs) return { staging };
  if (oldest.clustersGoneAtMs === undefined) {
    return { staging: { ...staging, lingering: [{ ...oldest, clustersGoneAtMs: facts.nowMs }, ...rest] } };
  }
  if (facts.isAccepted(CLUSTER_RANK)) return { staging: { ...staging, lingering: rest } };
  if (facts.nowMs < oldest.clustersGoneAtMs + timing.gateMs) return { staging };
  return { staging: { ...staging, lingering: rest }, timedOut: 'removal of clusters' };
}

/** What is on offer without what lingers. */
function offeredBy(staging: Staging, rules: TypeRules): TypeView {
  if (rules.rank <= MAKE_RANK) return targetView(staging.target, rules);
  return staging.referring.get(rules.typeUrl) ?? rules.empty;
}

function targetView(target: Snapshot, rules: TypeRules): TypeView {
  return target.views.get(rules.typeUrl) ?? rules.empty;
}

function lingeringView(staging: Staging, rules: TypeRules): TypeView | undefined {
  const parts = staging.lingering.filter((part) => rules.rank !== CLUSTER_RANK || part.clustersGoneAtMs === undefined);
  const views = [...parts.map((part) => part.views), staging.dropped].flatMap((part) => part.get(rules.typeUrl) ?? []);
  // The newer part wins where two hold the same name.
  return views.length === 0 ? undefined : views.reduce((older, newer) => unionViews(older, newer));
}

/** Of the older views what the newer ones lack, of the types that linger. */
export function droppedViews(older: Views, newer: Views): Views {
  const dropped = new Map<TypeUrl, TypeView>();
  for (const [typeUrl, view] of older) {
    const rules = typeRules(typeUrl);
    const gone = rules.lingers ? droppedFrom(view, newer.get(typeUrl) ?? rules.empty) : undefined;
    if (gone !== undefined) dropped.set(typeUrl, gone);
  }
  return dropped;
}

/** The views together, type by type; the newer one wins where both hold a name. */
export function mergeViews(older: Views, newer: Views): Views {
  const merged = new Map(older);
  for (const [typeUrl, view] of newer) {
    const known = merged.get(typeUrl);
    merged.set(typeUrl, known === undefined ? view : unionViews(known, view));
  }
  return merged;
}
