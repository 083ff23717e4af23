// A revision of a gateway with its services whose endpoints are looked for. Types only.
import type { DiscoveredService } from '../model/discovered-service.ts';

export interface FollowedRevision {
  readonly gateway: string;
  /** `revisionOf` its snapshots. */
  readonly revision: string;
  readonly services: readonly DiscoveredService[];
  /** Of an earlier run, and still in use beside newer ones. */
  readonly isEarlier?: true;
}
