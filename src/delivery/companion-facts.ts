// What is known of one companion at one moment, as far as it matters to who is offered what. Types only.
import type { CompanionRole } from '../xds/companion-claim.ts';

/** A companion that serves a gateway, in this process or connected. */
export interface CompanionFacts {
  readonly id: string;
  /** Default authz. */
  readonly role?: CompanionRole;
  /** It is here: others are not waited for. */
  readonly isConnected: boolean;
  /** Names of the policies, or versions of the limits, that it accepted and was not told to drop. */
  readonly held: ReadonlySet<string>;
  /** Names of the policies that it refused, and what it said. */
  readonly refused: ReadonlyMap<string, string>;
}
