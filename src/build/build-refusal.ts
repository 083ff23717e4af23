// Why a build without errors of its own is refused all the same, by what is known beyond its files. Types only; plain data.
import type { LargeRemoval } from '../delivery/large-removal.ts';
import type { QuarantineEntry } from '../delivery/quarantine.ts';

export type BuildRefusal =
  /** Another root file has the gateway's name already. */
  | { readonly kind: 'duplicate'; readonly otherFile: string }
  /** Compared with what is served (D18). */
  | { readonly kind: 'large-removal'; readonly removal: LargeRemoval }
  /** A node refused some of it before (D15). */
  | { readonly kind: 'quarantined'; readonly entries: readonly QuarantineEntry[] };
