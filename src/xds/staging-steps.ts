// How a staging goes on (D6, X76): one step at a time, by what the client has accepted or by the clock. Every wait ends by its clock (D8), but
// nothing is taken away that a client may still name. Pure: time and progress are arguments.
import { TYPE_URLS } from '../proto/type-urls.ts';
import type { SnapshotResource, TypeUrl, TypeView } from '../snapshot/types.ts';
import {
  type Blockers,
  blockersOf,
  type GateFacts,
  type GateTiming,
  gateView,
  NO_BLOCKERS,
  NOTHING_HELD,
  namedClusters,
  type Told,
} from './gates.ts';
import { NO_VIEWS, withDropped } from './lingering.ts';
import { type Held, type Staging, targetView } from './staging.ts';
import { CLUSTER_RANK, LAST_RANK, MAKE_RANK, typeRules } from './type-rules.ts';

export interface StagingTiming extends GateTiming {
  /** Longest wait for a reconnecting Envoy that warms to ask for its clusters; more than the 15 s after which it gives up waiting for endpoints. */
  readonly resumeMs: number;
  /** From the accepted switch to the removal of what nothing refers to any more, where the target says nothing. */
  readonly lingerMs: number;
  /** On a separate stream nothing says that the clusters are warm, so referring types follow this much later (O1, D7), where the target says nothing. */
  readonly separateDelayMs: number;
}

export interface StagingFacts extends GateFacts {
  /** The stream may carry clusters, so their answers can be waited for. */
  readonly isAggregated: boolean;
  /** An Envoy that reconnects while it warms asks for its endpoints, and for clusters only when the warming has ended (D7). */
  readonly areClustersToCome: boolean;
  /** `unasked` types are not waited for. */
  stateOf(typeUrl: TypeUrl): 'unasked' | 'asked' | 'told';
  /** The client was told the resource, and not that it is gone. */
  isTold(typeUrl: TypeUrl, name: string): boolean;
  /** Nothing of the rank is due, and nothing of it is unanswered. */
  isAccepted(rank: number): boolean;
  /** Nothing of the rank is due; something may be unanswered. */
  isWritten(rank: number): boolean;
  /** The last response of a type of the rank was refused, so the client still uses an older one. */
  isRefused(rank: number): boolean;
}

export interface Step {
  readonly staging: Staging;
  /** A wait ended by its clock: for what. */
  readonly timedOut?: { readonly waitedFor: WaitedFor; readonly names: readonly string[] };
  /** When to look again although nothing happened; undefined if only events matter. */
  readonly againAtMs?: number | undefined;
}

export type WaitedFor = 'clusters' | 'referring types' | 'removal of clusters';

const REFERRING_RANKS: readonly number[] = Array.from({ length: LAST_RANK - MAKE_RANK }, (_, index) => MAKE_RANK + 1 + index);

/** Goes on by one step if the facts or the clock allow it; the same staging if not. To be repeated until it stays. */
export function advance(staging: Staging, facts: StagingFacts, timing: StagingTiming): Step {
  const blockers = blockersOf(withHeldExtensions(facts, staging), clusterClocks(staging, timing), staging.startedAtMs);
  const released = release(staging, facts, blockers);
  if (released !== undefined) return released;
  const step = nextStep(staging, facts, { timing, blockers });
  return staging.held.size === 0 ? step : { ...step, againAtMs: earlier(step.againAtMs, blockers.nextAtMs) };
}

/** A route that switches on a filter must not overtake what the filter does, although that waits for a cluster itself (authz C6). */
function withHeldExtensions(facts: StagingFacts, { held }: Staging): StagingFacts {
  const names = held.get(TYPE_URLS.TypedExtensionConfig);
  if (names === undefined) return facts;
  return { ...facts, pendingClusters: () => [...facts.pendingClusters(), { names: [...names], sentAtMs: undefined }] };
}

/** Envoy answers for clusters when they are warm (D7): before their first health checks may be over, no answer means nothing (B48). */
function clusterClocks({ warmUpMs }: Staging, { gateMs, targetMs }: GateTiming): GateTiming {
  return { gateMs: Math.max(gateMs, warmUpMs), targetMs: Math.max(targetMs, warmUpMs) };
}

interface Waits {
  readonly timing: StagingTiming;
  readonly blockers: Blockers;
}

function nextStep(staging: Staging, facts: StagingFacts, waits: Waits): Step {
  if (staging.openRank < LAST_RANK) return advanceSwitch(staging, facts, waits);
  if (!staging.isSettled) return advanceSettling(staging, facts, waits);
  return advanceBreak(staging, facts, waits.timing);
}

function earlier(left: number | undefined, right: number | undefined): number | undefined {
  return left === undefined ? right : Math.min(left, right ?? left);
}

/** What was held and need not be any more. */
function release(staging: Staging, facts: StagingFacts, blockers: Blockers): Step | undefined {
  const freed: SnapshotResource[] = [];
  let { held, referring } = staging;
  for (const [typeUrl, names] of staging.held) {
    const view = targetView(staging.target, typeRules(typeUrl));
    const gated = gateView(view, toldOf(staging, typeUrl, facts), blockers);
    if (gated.held.size === names.size && [...names].every((name) => gated.held.has(name))) continue;
    if (facts.stateOf(typeUrl) !== 'unasked') freed.push(...freedOf(view, names, gated.held));
    held = withHeld(held, typeUrl, gated.held);
    if (gated.view !== undefined) referring = new Map([...referring, [typeUrl, gated.view]]);
  }
  if (held === staging.held) return undefined;
  const names = namedClusters(freed, blockers.late);
  const next = { ...staging, held, referring, waitingSinceMs: facts.nowMs };
  return { staging: next, ...(names === 'none' ? {} : { timedOut: { waitedFor: 'clusters', names } }) };
}

function freedOf(view: TypeView, before: ReadonlySet<string>, now: ReadonlySet<string>): readonly SnapshotResource[] {
  return [...before].flatMap((name) => (now.has(name) ? [] : (view.resources.get(name) ?? [])));
}

/** A type that this client was told nothing of starts with what is there now: what earlier targets offered means nothing to it (X76). */
function toldOf(staging: Staging, typeUrl: TypeUrl, facts: StagingFacts): Told {
  return {
    previous: facts.stateOf(typeUrl) === 'told' ? staging.referring.get(typeUrl) : undefined,
    has: (name) => facts.isTold(typeUrl, name),
  };
}

function withHeld(held: Held, typeUrl: TypeUrl, names: ReadonlySet<string>): Held {
  const next = new Map(held);
  if (names.size === 0) next.delete(typeUrl);
  else next.set(typeUrl, names);
  return next;
}

function advanceSwitch(staging: Staging, facts: StagingFacts, { timing, blockers }: Waits): Step {
  if (!facts.isAggregated) return advanceSeparate(staging, facts, timing);
  if (facts.areClustersToCome && staging.openRank === MAKE_RANK) {
    const untilMs = staging.startedAtMs + timing.resumeMs;
    return facts.nowMs < untilMs ? { staging, againAtMs: untilMs } : inVain(openNextRank(staging, facts, blockers), 'clusters');
  }
  if (staging.openRank === MAKE_RANK) return { staging: openNextRank(staging, facts, blockers) };
  if (isAwaitedFirst(staging, facts)) return { staging };
  if (facts.isWritten(staging.openRank)) return { staging: openNextRank(staging, facts, blockers) };
  const untilMs = staging.waitingSinceMs + timing.gateMs;
  return facts.nowMs < untilMs ? { staging, againAtMs: untilMs } : inVain(openNextRank(staging, facts, blockers), 'referring types');
}

/** A type is asked for and waits for clusters as a whole. */
function isAwaitedFirst({ held, openRank }: Staging, facts: StagingFacts): boolean {
  return [...held.keys()].some((typeUrl) => typeRules(typeUrl).rank <= openRank && facts.stateOf(typeUrl) === 'asked');
}

function inVain(staging: Staging, waitedFor: WaitedFor): Step {
  return { staging, timedOut: { waitedFor, names: [] } };
}

/** Nothing can be told of clusters here. What a client gets first needs no delay: it stands at nothing older. */
function advanceSeparate(staging: Staging, facts: StagingFacts, timing: StagingTiming): Step {
  const isFirst = staging.openRank > MAKE_RANK || staging.referring.size === 0;
  const untilMs = isFirst
    ? staging.startedAtMs
    : Math.min(staging.waitingSinceMs + staging.warmUpMs, staging.startedAtMs + Math.max(timing.targetMs, staging.warmUpMs));
  if (facts.nowMs < untilMs) return { staging, againAtMs: untilMs };
  return { staging: openNextRank(staging, facts, NO_BLOCKERS) };
}

function openNextRank(staging: Staging, facts: StagingFacts, blockers: Blockers): Staging {
  const openRank = staging.openRank + 1;
  const referring = new Map(staging.referring);
  let { held } = staging;
  for (const typeUrl of new Set([...staging.target.views.keys(), ...staging.referring.keys()])) {
    const rules = typeRules(typeUrl);
    if (rules.rank !== openRank) continue;
    const gated = gateView(targetView(staging.target, rules), toldOf(staging, typeUrl, facts), blockers);
    if (gated.held !== NOTHING_HELD) held = withHeld(held, typeUrl, gated.held);
    if (gated.view === undefined) referring.delete(typeUrl);
    else referring.set(typeUrl, gated.view);
  }
  return { ...staging, openRank, referring, held, waitingSinceMs: facts.nowMs };
}

function advanceSettling(staging: Staging, facts: StagingFacts, { timing, blockers }: Waits): Step {
  const isWaiting = staging.held.size > 0 && blockers.pending.length > 0;
  if (isWaiting) return { staging };
  if (REFERRING_RANKS.every((rank) => facts.isAccepted(rank))) return { staging: settled(staging) };
  const untilMs = staging.waitingSinceMs + timing.targetMs;
  if (facts.nowMs < untilMs) return { staging, againAtMs: untilMs };
  return inVain(settled(staging), 'referring types');
}

/** What is on offer is all of the target, unless something waits: then streams need no map of their own (S10). */
function settled(staging: Staging): Staging {
  const { target, held, referring } = staging;
  const isTarget = held.size === 0 && [...referring.keys()].every((typeUrl) => target.views.has(typeUrl));
  return { ...staging, isSettled: true, referring: isTarget ? target.views : referring };
}

/**
 * Nothing goes as long as the client may use what names it: it refused or was not sent the newer form, or that waits for clusters. This wait
 * alone has no clock, for it holds up nothing.
 */
function isSwitched({ held }: Staging, facts: StagingFacts): boolean {
  const isReferringGone = REFERRING_RANKS.every((rank) => facts.isWritten(rank) && !facts.isRefused(rank));
  return held.size === 0 && isReferringGone && facts.isWritten(CLUSTER_RANK);
}

function advanceBreak(staging: Staging, facts: StagingFacts, timing: StagingTiming): Step {
  if (!isSwitched(staging, facts)) return { staging };
  const { nowMs } = facts;
  if (staging.dropped.size > 0) {
    const lingering = withDropped(staging.lingering, staging.dropped, { nowMs, lingerMs: staging.dropLingerMs });
    return { staging: { ...staging, dropped: NO_VIEWS, lingering } };
  }
  const [oldest, ...rest] = staging.lingering;
  if (oldest === undefined) return { staging };
  if (nowMs < oldest.dueAtMs) return { staging, againAtMs: oldest.dueAtMs };
  if (oldest.clustersGoneAtMs === undefined) {
    return { staging: { ...staging, lingering: [{ ...oldest, clustersGoneAtMs: nowMs }, ...rest] } };
  }
  const untilMs = oldest.clustersGoneAtMs + (facts.isAggregated ? timing.gateMs : staging.warmUpMs);
  if (facts.isAggregated ? facts.isAccepted(CLUSTER_RANK) : nowMs >= untilMs) return { staging: { ...staging, lingering: rest } };
  if (nowMs < untilMs) return { staging, againAtMs: untilMs };
  return inVain({ ...staging, lingering: rest }, 'removal of clusters');
}
