// What moves through a fleet: an accepted revision with the snapshot that it gave and how it is to roll out. Types only.
import type { RolloutSettings } from '../model/delivery-settings.ts';
import type { Snapshot } from '../snapshot/types.ts';
import type { QuarantineEntry } from './quarantine.ts';

export interface Offer {
  /** Number of the revision (D2). */
  readonly revision: number;
  readonly snapshot: Snapshot;
  readonly settings: RolloutSettings;
  /** When its build began: what a user waits from, in milliseconds since the epoch. */
  readonly acceptedAtMs: number;
}

/** One refusal by one node, as it is shown and kept. */
export interface NackRecord {
  readonly nodeId: string;
  readonly typeUrl: string;
  readonly resources: readonly { readonly name: string; readonly version: string }[];
  /** Envoy's, cut to a length that can be kept. */
  readonly message: string;
  /** `file:line` of the first resource whose place is known. */
  readonly place?: string;
  readonly atMs: number;
}

/** Why a revision was withdrawn. */
export type WithdrawReason =
  /** So many nodes refused it. */
  | { readonly kind: 'nacks'; readonly nodes: number }
  /** Every connected companion refused a policy that it needs (authz D5). */
  | { readonly kind: 'policies'; readonly companions: number }
  /** Of the nodes that answered too few accepted. */
  | { readonly kind: 'quorum'; readonly accepted: number; readonly answered: number }
  /** Too many answers were 5xx while it was watched. */
  | { readonly kind: 'error5xx'; readonly percent: number; readonly requests: number };

export type AcceptOutcome =
  /** It goes to the nodes. */
  | { readonly kind: 'offered' }
  /** It is on offer already. */
  | { readonly kind: 'unchanged' }
  /** It is what was good before the revision that it replaces: no new one (D2). */
  | { readonly kind: 'returned'; readonly revision: number }
  | { readonly kind: 'quarantined'; readonly entries: readonly QuarantineEntry[] };
