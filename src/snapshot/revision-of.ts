// Which configuration a snapshot belongs to.
import type { Snapshot } from './types.ts';

/** The version of the configuration that a snapshot belongs to, whatever endpoints live in it now (D19). */
export function revisionOf(snapshot: Snapshot): string {
  return snapshot.revision ?? snapshot.version;
}
