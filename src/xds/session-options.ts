// What a session is made with and what it gives back. Types only.
import type { Snapshot } from '../snapshot/types.ts';
import type { Views } from './lingering.ts';
import type { InternNames } from './name-map.ts';
import type { ClientNode } from './node.ts';
import type { RequestOutcome } from './request.ts';
import type { StagingTiming, Step } from './staging-steps.ts';
import type { Variant } from './subscription.ts';
import type { TypeRules } from './type-rules.ts';

export interface SessionTiming extends StagingTiming {
  /** After this long an unanswered response may be overtaken by newer data (O2). */
  readonly ackMs: number;
  /** On a separate stream: from a changed cluster to its endpoints being sent again (O1). */
  readonly childrenDelayMs: number;
}

export interface SessionOutcome extends RequestOutcome {
  /** What the response that was settled was sent for. */
  readonly target: Snapshot | undefined;
}

/** What a target says of waits; the timing of the session says it where this does not. */
export interface TargetWaits {
  /** From the accepted switch to the removal of what nothing refers to any more (D6). */
  readonly lingerMs?: number;
  /** On a separate stream: from a changed cluster to what refers to it (D7). */
  readonly warmUpMs?: number;
}

export interface SessionOptions {
  readonly variant: Variant;
  /** All types on one stream. */
  readonly isAggregated: boolean;
  readonly node: ClientNode;
  readonly timing: SessionTiming;
  readonly intern: InternNames;
  /** Resources that targets of before had, for a client that comes back and does not say what it holds. */
  readonly recentlyDropped: () => Views;
  readonly onGateTimedOut: (waitedFor: NonNullable<Step['timedOut']>) => void;
  readonly onAnswerOverdue: (type: TypeRules) => void;
}
