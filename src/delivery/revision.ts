// A revision as it is kept and shown: who changed what when, how far it came, who refused it (D2). Types only.
import type { NackRecord, WithdrawReason } from './offer.ts';
import type { Quarantine, QuarantineEntry } from './quarantine.ts';
import type { RevisionState } from './rollout-status.ts';

/** What is known of a revision when it is accepted. */
export interface NewRevision {
  /** From 1, without gaps within one history. */
  readonly number: number;
  readonly gateway: string;
  /** Version of its snapshot: the same resources are the same revision (D2). */
  readonly version: string;
  /** Hash of the files that it was made from. */
  readonly contentHash: string;
  /** Name of the operating system's user, or of who pushed it. */
  readonly author: string;
  readonly message: string;
  /** Files and directories, absolute. */
  readonly files: readonly string[];
  readonly acceptedAtMs: number;
}

export interface WaveRecord {
  /** From 1. */
  readonly step: number;
  /** How many nodes had it on offer after this. */
  readonly asked: number;
  readonly isEveryone: boolean;
  readonly atMs: number;
}

export interface Revision extends NewRevision {
  readonly state: RevisionState;
  /** Names the kept texts of its files, secrets masked; absent where none were kept. */
  readonly texts?: string;
  /** It became what newcomers get. */
  readonly goodAtMs?: number;
  /** Every connected node ran it. */
  readonly live?: { readonly nodes: number; readonly durationMs: number; readonly atMs: number };
  readonly withdrawn?: { readonly reason: WithdrawReason; readonly backTo: number; readonly atMs: number };
  /** The number of the revision that came before it was live. */
  readonly supersededBy?: number;
  readonly waves: readonly WaveRecord[];
  /** Nodes that a wait ended without, the first hundred. */
  readonly stale: readonly string[];
  /** The first twenty. */
  readonly nacks: readonly NackRecord[];
}

/** Immutable. */
export interface History {
  /** Oldest first. */
  readonly revisions: readonly Revision[];
  /** Number of what newcomers get; absent before any was good. */
  readonly good?: number;
  readonly quarantine: Quarantine;
}

/** One step of a history. A history is the list of its entries; nothing of it is ever changed in place. */
export type RevisionEntry =
  /** All that was before, in a short form. */
  | { readonly kind: 'base'; readonly history: History }
  | { readonly kind: 'accepted'; readonly revision: NewRevision }
  | { readonly kind: 'texts'; readonly number: number; readonly texts: string }
  | { readonly kind: 'wave'; readonly number: number; readonly wave: WaveRecord }
  | { readonly kind: 'stale'; readonly number: number; readonly nodes: readonly string[] }
  | { readonly kind: 'nack'; readonly number: number; readonly nack: NackRecord }
  | { readonly kind: 'good'; readonly number: number; readonly atMs: number }
  | { readonly kind: 'live'; readonly number: number; readonly nodes: number; readonly durationMs: number; readonly atMs: number }
  | { readonly kind: 'withdrawn'; readonly number: number; readonly reason: WithdrawReason; readonly backTo: number; readonly atMs: number }
  | { readonly kind: 'superseded'; readonly number: number; readonly by: number; readonly atMs: number }
  | { readonly kind: 'quarantined'; readonly entries: readonly QuarantineEntry[] }
  | { readonly kind: 'released'; readonly atMs: number };
