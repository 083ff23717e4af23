// The nodes that a revision was offered to and what they said: the bookkeeping of one rollout under way. Decides nothing, keeps no time but
// what it is told.
import type { Offer } from './offer.ts';
import type { QuarantineEntry } from './quarantine.ts';
import { PATIENCE_MS } from './waves.ts';

export class Wave {
  readonly offer: Offer;
  readonly startedAtMs: number;
  /** Index into the steps; at the last one everyone is asked. */
  step = 0;
  isEveryone = false;
  stepSinceMs: number;
  lastAskedMs: number;
  /** While the step, which ended well, is watched. */
  soakUntilMs: number | undefined;
  /** Nodes joined this step. */
  isGrown = false;
  /** Some node accepted all of it, if it is still connected or not. */
  wasReached = false;
  lastReachedMs: number;
  /** Connected nodes that were chosen; of no meaning once everyone is asked. */
  readonly asked = new Set<string>();
  /** Connected nodes. */
  readonly reached = new Set<string>();
  readonly refused = new Set<string>();
  /** Also those that left since. */
  readonly everRefused = new Set<string>();
  /** What the refusals were about; quarantined when the revision is withdrawn. */
  readonly suspects: QuarantineEntry[] = [];
  /** Chosen nodes that left. */
  left = 0;

  constructor(offer: Offer, nowMs: number) {
    this.offer = offer;
    this.startedAtMs = nowMs;
    this.stepSinceMs = nowMs;
    this.lastAskedMs = nowMs;
    this.lastReachedMs = nowMs;
  }

  get version(): string {
    return this.offer.snapshot.version;
  }

  isOffered(nodeId: string): boolean {
    return this.isEveryone || this.asked.has(nodeId);
  }

  onReached(nodeId: string, nowMs: number): void {
    if (!this.isOffered(nodeId)) return;
    this.refused.delete(nodeId);
    this.reached.add(nodeId);
    this.wasReached = true;
    this.lastReachedMs = nowMs;
  }

  onRefused(nodeId: string): void {
    this.everRefused.add(nodeId);
    this.reached.delete(nodeId);
    if (this.isOffered(nodeId)) this.refused.add(nodeId);
  }

  onGone(nodeId: string): void {
    if (this.asked.delete(nodeId)) this.left += 1;
    this.reached.delete(nodeId);
    this.refused.delete(nodeId);
  }

  /** How many connected nodes have it on offer and have not answered. */
  waitingCount(connected: number): number {
    return (this.isEveryone ? connected : this.asked.size) - this.reached.size - this.refused.size;
  }

  /** Their ids; costs a look at every node. */
  waiting(connected: Iterable<string>): readonly string[] {
    return [...(this.isEveryone ? connected : this.asked)].filter((id) => !this.reached.has(id) && !this.refused.has(id));
  }

  /** When the clock alone may change something; undefined where only events do. */
  nextDeadlineMs(nowMs: number): number | undefined {
    const patience = [this.lastAskedMs + PATIENCE_MS, this.stepSinceMs + PATIENCE_MS];
    const clocks = this.soakUntilMs === undefined ? [...patience, this.stepSinceMs + this.offer.settings.timeoutMs] : [this.soakUntilMs];
    const ahead = clocks.filter((atMs) => atMs > nowMs);
    return ahead.length === 0 ? undefined : Math.min(...ahead);
  }
}
