// What discovery hands to the next run, so that a restart while sources are away serves what was known (D17, D20). Plain data; it may hold
// credentials of sources, so who keeps it keeps it readable by its owner alone.
import type { Endpoint } from '../model/types.ts';
import type { FollowedRevision } from './followed-revision.ts';
import type { PushedList, PushKey } from './push-board.ts';

export interface KeptDiscovery {
  /** Last addresses of each name, by family and name. */
  readonly names: readonly (readonly [string, readonly string[]])[];
  /** Last list of each source. */
  readonly lists: readonly (readonly [string, readonly Endpoint[]])[];
  readonly pushes: readonly (readonly [PushKey, PushedList])[];
  /** Those that were in use; of each gateway the newest last. */
  readonly revisions: readonly FollowedRevision[];
}
