// What one client says of the requests it sent to one service since it last said so. Plain data; where it comes from is not known here.

/** Counts of one group of endpoints. */
export interface LocalityLoad {
  /** `region/zone/sub-zone`, without what is empty; `''` for endpoints without a place. */
  readonly locality: string;
  readonly priority: number;
  readonly load: Load;
}

export interface Load {
  /** Answered, with whatever status, or failed, since the last report. */
  readonly completed: number;
  /** Of these: answered with 5xx, reset, timed out. */
  readonly errors: number;
  /** Sent, since the last report. */
  readonly issued: number;
  /** At the moment of the report. */
  readonly inProgress: number;
}

export interface ServiceReport {
  /** Equals the cluster's name. */
  readonly service: string;
  /** The time that the counts cover, as the client measured it. */
  readonly intervalMs: number;
  readonly total: Load;
  readonly localities: readonly LocalityLoad[];
  /** Refused without being sent, since the last report: overload, circuit breakers. */
  readonly dropped: number;
  readonly droppedByCategory: Readonly<Record<string, number>>;
}

export const NO_LOAD: Load = { completed: 0, errors: 0, issued: 0, inProgress: 0 };

export function addLoad(left: Load, right: Load): Load {
  return {
    completed: left.completed + right.completed,
    errors: left.errors + right.errors,
    issued: left.issued + right.issued,
    inProgress: left.inProgress + right.inProgress,
  };
}
