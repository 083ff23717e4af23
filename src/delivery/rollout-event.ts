// What happens while revisions roll out: for the log, the metrics and the history. Types only.
import type { NackRecord, WithdrawReason } from './offer.ts';
import type { QuarantineEntry } from './quarantine.ts';

export type RolloutEvent =
  /** Targets of nodes may have changed. */
  | { readonly kind: 'targets' }
  /** More nodes are offered the revision: `asked` in all, or everyone. */
  | {
      readonly kind: 'wave';
      readonly revision: number;
      readonly step: number;
      readonly asked: number;
      readonly isEveryone: boolean;
      readonly atMs: number;
    }
  /** The wait for these nodes ended by its clock; they are stale until they answer (D8, D14). */
  | { readonly kind: 'stale'; readonly revision: number; readonly nodes: readonly string[]; readonly atMs: number }
  | { readonly kind: 'nack'; readonly revision: number | undefined; readonly nack: NackRecord }
  | { readonly kind: 'quarantined'; readonly entries: readonly QuarantineEntry[]; readonly atMs: number }
  /** It is the last good one from now on: what newcomers get, and what others go back to. */
  | { readonly kind: 'good'; readonly revision: number; readonly version: string; readonly atMs: number }
  /** Every connected node runs it; `durationMs` from its acceptance to the last answer. */
  | { readonly kind: 'live'; readonly revision: number; readonly nodes: number; readonly durationMs: number; readonly atMs: number }
  | {
      readonly kind: 'withdrawn';
      readonly revision: number;
      readonly version: string;
      readonly reason: WithdrawReason;
      readonly backTo: number;
      readonly atMs: number;
    }
  | { readonly kind: 'superseded'; readonly revision: number; readonly by: number; readonly atMs: number };
