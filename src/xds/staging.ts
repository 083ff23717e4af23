// Make before break on one stream (D6-D9, X75-X77): which view of each type is on offer, given the snapshot that the client should reach and
// how far it has come. Clusters and endpoints come first, then what refers to them, and what nothing refers to any more goes last. Pure;
// how it goes on stands in staging-steps.ts.
import type { Snapshot, TypeUrl, TypeView } from '../snapshot/types.ts';
import { droppedViews, type Lingering, lingeringView, mergeViews, NO_VIEWS, type Views } from './lingering.ts';
import { MAKE_RANK, type TypeRules, typeRules } from './type-rules.ts';
import { unionViews } from './views.ts';

/** Resources of each type that wait for clusters (gates.ts). */
export type Held = ReadonlyMap<TypeUrl, ReadonlySet<string>>;

const NOTHING_LINGERS: readonly Lingering[] = [];

export const NONE_HELD: Held = new Map();

/** Immutable. */
export interface Staging {
  readonly target: Snapshot;
  /** Types above `MAKE_RANK` up to this one are offered from the target, but for what is held. */
  readonly openRank: number;
  /** What is on offer of the types above `MAKE_RANK`, of which alone it counts; a type that is missing has never been offered. */
  readonly referring: Views;
  readonly held: Held;
  /** What targets dropped while the switch to them was not accepted yet. */
  readonly dropped: Views;
  /** How long that is to linger: the longest of the targets concerned. */
  readonly dropLingerMs: number;
  /** How long what this target drops or has is to linger when it is dropped. */
  readonly lingerMs: number;
  readonly lingering: readonly Lingering[];
  /** On a separate stream: how long clusters of this target may take to be warm. */
  readonly warmUpMs: number;
  /** When the first of the targets came that the client has not reached yet. */
  readonly startedAtMs: number;
  /** Since when the present wait lasts. */
  readonly waitingSinceMs: number;
  /** The switch is accepted, or was waited for long enough. */
  readonly isSettled: boolean;
}

/** When and how long, for one target. */
export interface TargetTiming {
  readonly nowMs: number;
  readonly lingerMs: number;
  readonly warmUpMs: number;
}

/** `dropped`: what earlier targets had and a client that comes back may still use. */
export function beginStaging(target: Snapshot, { nowMs, lingerMs, warmUpMs }: TargetTiming, dropped: Views = NO_VIEWS): Staging {
  return {
    target,
    openRank: MAKE_RANK,
    referring: NO_VIEWS,
    held: NONE_HELD,
    dropped,
    dropLingerMs: lingerMs,
    lingerMs,
    lingering: NOTHING_LINGERS,
    warmUpMs,
    startedAtMs: nowMs,
    waitingSinceMs: nowMs,
    isSettled: false,
  };
}

/** A newer target: goes on from what is on offer now (D9). */
export function retarget(staging: Staging, target: Snapshot, { nowMs, lingerMs, warmUpMs }: TargetTiming): Staging {
  const made = [...staging.target.views].filter(([typeUrl]) => typeRules(typeUrl).rank <= MAKE_RANK);
  const referring = [...staging.referring].filter(([typeUrl]) => typeRules(typeUrl).rank > MAKE_RANK);
  return {
    ...staging,
    target,
    dropped: mergeViews(staging.dropped, droppedViews(new Map([...made, ...referring]), target.views)),
    // What the older target's routes had under way may take as long as those allowed.
    dropLingerMs: Math.max(staging.dropped.size > 0 ? staging.dropLingerMs : staging.lingerMs, lingerMs),
    lingerMs,
    warmUpMs,
    openRank: MAKE_RANK,
    held: NONE_HELD,
    startedAtMs: staging.isSettled ? nowMs : staging.startedAtMs,
    waitingSinceMs: nowMs,
    isSettled: false,
  };
}

/** The client holds resources that the target lacks: they go when nothing refers to them any more, as all that is dropped (X77, X80). */
export function keepHeld(staging: Staging, held: TypeView): Staging {
  // Of what an earlier target of this stream dropped the bytes are known.
  return { ...staging, dropped: mergeViews(new Map([[held.typeUrl, held]]), staging.dropped) };
}

/** Goes through the ranks again, of which nothing was sent yet: clusters are asked for that others must wait for. */
export function reopened(staging: Staging, nowMs: number): Staging {
  return {
    ...staging,
    openRank: MAKE_RANK,
    referring: NO_VIEWS,
    held: NONE_HELD,
    startedAtMs: nowMs,
    waitingSinceMs: nowMs,
    isSettled: false,
  };
}

/** The target is on offer as far as this type goes, but for what is held. */
export function isOpen(staging: Staging, rules: TypeRules): boolean {
  return rules.rank <= MAKE_RANK || rules.rank <= staging.openRank;
}

/** The view of a type that is on offer; undefined while the client must wait for its first. */
export function offeredView(staging: Staging, rules: TypeRules): TypeView | undefined {
  const isMade = rules.rank <= MAKE_RANK;
  if (!isMade && !staging.referring.has(rules.typeUrl) && (!isOpen(staging, rules) || staging.held.has(rules.typeUrl))) return undefined;
  const view = isMade ? targetView(staging.target, rules) : (staging.referring.get(rules.typeUrl) ?? rules.empty);
  const older = rules.lingers ? lingeringView(staging.lingering, staging.dropped, rules) : undefined;
  return older === undefined ? view : unionViews(older, view);
}

export function targetView(target: Snapshot, rules: TypeRules): TypeView {
  return target.views.get(rules.typeUrl) ?? rules.empty;
}
