// What keeps revisions over restarts, and between replicas (D3): the contract. One list of entries for each source, beside it the snapshots that
// may be served again. Types only; test/support/revision-store-contract.ts says what every implementation must hold.
import type { GatewayShape, RolloutSettings } from '../model/delivery-settings.ts';
import type { Snapshot, TypeUrl, TypeView } from '../snapshot/types.ts';
import type { RevisionEntry } from './revision.ts';

/** A snapshot that can be served again without its files. */
export interface KeptSnapshot {
  readonly revision: number;
  readonly snapshot: Snapshot;
  /** Of the files that it was made from. */
  readonly contentHash: string;
  readonly acceptedAtMs: number;
  readonly settings: RolloutSettings;
  readonly shape: GatewayShape;
  /** What snapshots shortly before it had and it lacks: proxies that were not switched to it yet may use them (D25). */
  readonly dropped?: ReadonlyMap<TypeUrl, TypeView>;
}

/** The files of a revision with secrets masked. */
export interface SourceTexts {
  /** Hash of the contents. */
  readonly id: string;
  readonly files: readonly { readonly file: string; readonly text: string }[];
}

export interface KeptRevisions {
  /** To be named by the next write. */
  readonly position: number;
  readonly entries: readonly RevisionEntry[];
  readonly snapshots: readonly KeptSnapshot[];
  /** What could not be read, and is as if it had never been written. */
  readonly damage: readonly { readonly file: string; readonly reason: string }[];
}

export interface RevisionBatch {
  /** The position that the writer knows; where another one has written since, nothing is written. */
  readonly after: number;
  /** Added all together or not at all. */
  readonly entries: readonly RevisionEntry[];
  /** New ones; they are there before the entries are. */
  readonly snapshots?: readonly KeptSnapshot[];
  readonly texts?: readonly SourceTexts[];
  /** Revisions of which snapshots are kept from now on, with those of this batch; absent: all. */
  readonly keep?: ReadonlySet<number>;
}

export interface CompactBatch {
  readonly after: number;
  /** In the place of all that there were. */
  readonly entries: readonly RevisionEntry[];
  /** Ids of the texts that are still wanted. */
  readonly texts: ReadonlySet<string>;
}

export type WriteOutcome = { readonly kind: 'written'; readonly position: number } | { readonly kind: 'conflict' };

/** `source`: the root file of a gateway, or its name. Rejects where the medium fails; what was written before is there still. */
export interface RevisionStore {
  load(source: string): Promise<KeptRevisions>;
  /** When it resolves, it survives a power cut; a kill at any instruction leaves all of the batch or nothing of it. One call at a time. */
  append(source: string, batch: RevisionBatch): Promise<WriteOutcome>;
  /** As `append`; bounds the history. */
  compact(source: string, batch: CompactBatch): Promise<WriteOutcome>;
  /** Undefined where they are not kept, or damaged. */
  texts(source: string, id: string): Promise<SourceTexts | undefined>;
}
