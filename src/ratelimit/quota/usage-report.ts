// What proxies report and are told, in our words (R701, R702). Types only.
import type { BucketId } from './quota-limit.ts';

/** Of one bucket. */
export interface BucketUsage {
  readonly id: BucketId;
  /** As told: whole seconds, rounded down; 0 in the first report of a bucket. */
  readonly elapsedSeconds: number;
  readonly allowed: number;
  readonly denied: number;
}

export interface UsageReport {
  readonly domain: string;
  readonly usages: readonly BucketUsage[];
}

/** What a proxy may let pass from now on, for `ASSIGNMENT_TTL_MS`. */
export interface Assignment {
  /** Tokens per fill interval; 0: nothing at all. */
  readonly share: number;
  /** Size of the bucket. */
  readonly burst: number;
  readonly fillSeconds: number;
}

export type BucketAction =
  | { readonly kind: 'assign'; readonly id: BucketId; readonly assignment: Assignment }
  /** The proxy forgets the bucket. */
  | { readonly kind: 'abandon'; readonly id: BucketId };

/** R702. */
export const ASSIGNMENT_TTL_MS = 20_000;
