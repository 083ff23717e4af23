// How revisions go through the nodes of one gateway: first some, then all, back where one refuses (D13-D16). A state machine without clock, I/O
// and randomness: time is an argument, and every call gives what happened. Knows no streams.
import type { Snapshot } from '../snapshot/types.ts';
import { abortByErrors, abortByNacks, abortByQuorum, type ErrorCounts, reasonText } from './abort.ts';
import type { AcceptOutcome, Offer, WithdrawReason } from './offer.ts';
import {
  entriesOf,
  NOTHING_QUARANTINED,
  placed,
  type Quarantine,
  type QuarantineEntry,
  quarantinedIn,
  type RefusedThing,
  wholeEntry,
  withEntries,
} from './quarantine.ts';
import type { RolloutEvent } from './rollout-event.ts';
import { type Refused, suspectsOf } from './suspects.ts';
import { Wave } from './wave.ts';
import { nextNodes, PATIENCE_MS, stepSize, type WaveNode } from './waves.ts';

export class Rollout {
  readonly #nodes = new Map<string, WaveNode>();
  #good: Offer | undefined;
  #wave: Wave | undefined;
  #quarantine: Quarantine = NOTHING_QUARANTINED;
  /** Nodes that have not reached the last good revision since it became that; undefined once all had. */
  #notLive: Set<string> | undefined;
  #events: RolloutEvent[] = [];

  get good(): Offer | undefined {
    return this.#good;
  }

  /** Of the revision that is not good yet. */
  get wave(): Wave | undefined {
    return this.#wave;
  }

  get quarantine(): Quarantine {
    return this.#quarantine;
  }

  get nodes(): ReadonlyMap<string, WaveNode> {
    return this.#nodes;
  }

  /** Connected nodes of which it is not known that they run the last good revision, once that is live nobody; empty while there is a wave. */
  get behind(): ReadonlySet<string> {
    return this.#wave === undefined ? (this.#notLive ?? new Set()) : new Set();
  }

  /** What the node should reach; the same for every id that is not known (D16). */
  targetOf(nodeId: string): Snapshot | undefined {
    const wave = this.#wave;
    return wave?.isOffered(nodeId) === true ? wave.offer.snapshot : this.#good?.snapshot;
  }

  /** What an earlier run had found good, and what it had quarantined (D16, B55). */
  restore(good: Offer | undefined, quarantine: readonly QuarantineEntry[]): readonly RolloutEvent[] {
    this.#quarantine = withEntries(this.#quarantine, quarantine);
    if (good === undefined) return [];
    this.#good = good;
    this.#notLive = new Set(this.#nodes.keys());
    return this.#flush([{ kind: 'targets' }]);
  }

  accept(offer: Offer, nowMs: number): { readonly outcome: AcceptOutcome; readonly events: readonly RolloutEvent[] } {
    const outcome = this.#accept(offer, nowMs);
    return { outcome, events: this.#flush() };
  }

  /** The quarantine is empty afterwards (`--force`). */
  release(): void {
    this.#quarantine = NOTHING_QUARANTINED;
  }

  /** Where what is quarantined was written; found out a moment later. */
  placed(about: RefusedThing, place: string): void {
    this.#quarantine = { entries: placed(this.#quarantine.entries, about, place) };
  }

  connected(nodeId: string, node: Pick<WaveNode, 'isCanary'>, nowMs: number): readonly RolloutEvent[] {
    this.#nodes.set(nodeId, { isCanary: node.isCanary, isSettled: false });
    this.#notLive?.add(nodeId);
    return this.#look(nowMs);
  }

  gone(nodeId: string, nowMs: number): readonly RolloutEvent[] {
    this.#nodes.delete(nodeId);
    this.#wave?.onGone(nodeId);
    this.#notLive?.delete(nodeId);
    return this.#look(nowMs);
  }

  /** The node has accepted all of the snapshot with this version. */
  reached(nodeId: string, version: string, nowMs: number): readonly RolloutEvent[] {
    const node = this.#nodes.get(nodeId);
    if (node === undefined) return [];
    if (!node.isSettled) this.#nodes.set(nodeId, { ...node, isSettled: true });
    if (this.#wave?.version === version) this.#wave.onReached(nodeId, nowMs);
    if (this.#good?.snapshot.version === version) this.#notLive?.delete(nodeId);
    return this.#look(nowMs);
  }

  refused({ targetVersion, ...nack }: Refused, nowMs: number): readonly RolloutEvent[] {
    const suspects = suspectsOf({ ...nack, targetVersion }, { good: this.#good, underWay: this.#wave?.offer });
    const wave = suspects.areOfRevision ? this.#wave : undefined;
    wave?.onRefused(nack.nodeId);
    const offer = wave?.offer ?? [this.#wave?.offer, this.#good].find((each) => each?.snapshot.version === targetVersion);
    this.#events.push({ kind: 'nack', revision: offer?.revision, nack });
    const entries = entriesOf({ ...nack, resources: suspects.resources, ...(offer && { revision: offer.revision }) });
    if (wave !== undefined) wave.suspects.push(...entries);
    else if (this.#good?.settings.abortOn.nacks === 1) this.#addToQuarantine(entries, nowMs);
    return this.#look(nowMs);
  }

  /** Of a revision that was withdrawn before any node was asked. */
  quarantines(entries: readonly QuarantineEntry[], nowMs: number): readonly RolloutEvent[] {
    this.#addToQuarantine(entries, nowMs);
    return this.#flush();
  }

  /** What load reports say of the nodes that run the revision. */
  errors(counts: ErrorCounts, nowMs: number): readonly RolloutEvent[] {
    const wave = this.#wave;
    const reason = wave && abortByErrors(wave.offer.settings, counts);
    if (reason !== undefined) this.#withdraw(reason, nowMs);
    return this.#flush();
  }

  /** To be called when `nextDeadlineMs` has come. */
  tick(nowMs: number): readonly RolloutEvent[] {
    return this.#look(nowMs);
  }

  /** When to look again although nothing happens; undefined where only events matter. */
  nextDeadlineMs(nowMs: number): number | undefined {
    const wave = this.#wave;
    if (wave === undefined || this.#nodes.size === 0) return undefined;
    return wave.nextDeadlineMs(nowMs);
  }

  #accept(offer: Offer, nowMs: number): AcceptOutcome {
    const { version } = offer.snapshot;
    const wave = this.#wave;
    if (wave?.version === version) return { kind: 'unchanged' };
    if (this.#good?.snapshot.version === version) return this.#return(this.#good, nowMs);
    const entries = quarantinedIn(offer.snapshot, this.#quarantine);
    if (entries.length > 0) return { kind: 'quarantined', entries };
    this.#supersede(offer.revision, nowMs);
    this.#wave = new Wave(offer, nowMs);
    if (this.#good === undefined) this.#askEveryone(this.#wave, nowMs);
    this.#advance(nowMs);
    return { kind: 'offered' };
  }

  #return(good: Offer, nowMs: number): AcceptOutcome {
    if (this.#wave === undefined) return { kind: 'unchanged' };
    this.#supersede(good.revision, nowMs);
    // What was good may have changed just now: the one that is replaced was at its last step.
    if (this.#good !== good) return this.#accept(good, nowMs);
    this.#events.push({ kind: 'targets' });
    return { kind: 'returned', revision: good.revision };
  }

  /** One that everyone was offered, and some node runs, is as good as what was good before: a slow node must not send the fleet back. */
  #supersede(by: number, nowMs: number): void {
    const wave = this.#wave;
    if (wave === undefined) return;
    this.#wave = undefined;
    const { revision } = wave.offer;
    if (wave.isEveryone && wave.wasReached && wave.everRefused.size === 0) this.#becomeGood(wave, nowMs);
    this.#events.push({ kind: 'superseded', revision, by, atMs: nowMs });
  }

  #look(nowMs: number): readonly RolloutEvent[] {
    this.#advance(nowMs);
    this.#tellLive(nowMs);
    return this.#flush();
  }

  #advance(nowMs: number): void {
    for (let wave = this.#wave; wave !== undefined; wave = this.#wave) {
      const reason = this.#good && abortByNacks(wave.offer.settings, wave.everRefused.size);
      if (reason !== undefined) return this.#withdraw(reason, nowMs);
      if (!wave.isEveryone && wave.soakUntilMs === undefined) this.#fill(wave, nowMs);
      if (!this.#hasEnded(wave, nowMs)) return;
      if (wave.isEveryone) return this.#promote(wave, nowMs);
      this.#nextStep(wave, nowMs);
    }
  }

  /** The step has the nodes that it should have; nodes that do not answer are joined by others. */
  #fill(wave: Wave, nowMs: number): void {
    const step = wave.offer.settings.steps[wave.step];
    if (step === undefined) return;
    const missing = stepSize(step, this.#nodes) - wave.asked.size - wave.left;
    const isImpatient = !wave.wasReached && this.#nodes.size > 0 && nowMs >= wave.lastAskedMs + PATIENCE_MS;
    const isLate = nowMs >= wave.stepSinceMs + wave.offer.settings.timeoutMs;
    // While nobody answers the step grows: one by one at first, doubling once its clock has passed, so that it ends.
    const joining = isImpatient ? (isLate ? Math.max(1, wave.asked.size) : 1) : 0;
    const count = Math.max(missing, joining);
    const chosen =
      count <= 0 ? [] : nextNodes(this.#nodes, { version: wave.version, step, asked: wave.asked, mayBeNew: joining > 0 }, count);
    if (chosen.length === 0) return;
    for (const id of chosen) wave.asked.add(id);
    wave.lastAskedMs = nowMs;
    wave.isGrown = true;
    this.#tellWave(wave, nowMs);
  }

  #hasEnded(wave: Wave, nowMs: number): boolean {
    if (wave.soakUntilMs !== undefined) return nowMs >= wave.soakUntilMs;
    if (!wave.wasReached) return false;
    const { soakMs, timeoutMs } = wave.offer.settings;
    const waiting = wave.waitingCount(this.#nodes.size);
    const patienceMs = wave.step === 0 && !wave.isEveryone ? Math.min(PATIENCE_MS, timeoutMs) : timeoutMs;
    if (waiting > 0 && nowMs < wave.stepSinceMs + patienceMs) return false;
    if (waiting > 0) {
      const nodes = wave.waiting(this.#nodes.keys());
      this.#events.push({ kind: 'stale', revision: wave.offer.revision, nodes, atMs: nowMs });
    }
    if (soakMs === 0 || !wave.isGrown) return true;
    wave.soakUntilMs = nowMs + soakMs;
    return false;
  }

  #nextStep(wave: Wave, nowMs: number): void {
    const reason = this.#good && abortByQuorum(wave.offer.settings, wave.reached.size, wave.refused.size);
    if (reason !== undefined) return this.#withdraw(reason, nowMs);
    wave.step += 1;
    wave.soakUntilMs = undefined;
    wave.stepSinceMs = nowMs;
    wave.isGrown = false;
    if (wave.step >= wave.offer.settings.steps.length - 1) this.#askEveryone(wave, nowMs);
  }

  #askEveryone(wave: Wave, nowMs: number): void {
    wave.isGrown = wave.asked.size < this.#nodes.size;
    wave.step = wave.offer.settings.steps.length - 1;
    wave.isEveryone = true;
    wave.stepSinceMs = nowMs;
    this.#tellWave(wave, nowMs);
  }

  #promote(wave: Wave, nowMs: number): void {
    const reason = this.#good && abortByQuorum(wave.offer.settings, wave.reached.size, wave.refused.size);
    if (reason !== undefined) return this.#withdraw(reason, nowMs);
    this.#wave = undefined;
    this.#becomeGood(wave, nowMs);
    this.#tellLive(nowMs, wave);
  }

  #becomeGood(wave: Wave, nowMs: number): void {
    this.#good = wave.offer;
    this.#notLive = new Set([...this.#nodes.keys()].filter((id) => !wave.reached.has(id)));
    this.#events.push({ kind: 'good', revision: wave.offer.revision, version: wave.version, atMs: nowMs });
  }

  #withdraw(reason: WithdrawReason, nowMs: number): void {
    const [wave, good] = [this.#wave, this.#good];
    if (wave === undefined || good === undefined) return;
    this.#wave = undefined;
    const { revision } = wave.offer;
    const whole = wholeEntry({ snapshotVersion: wave.version, message: reasonText(reason), revision, atMs: nowMs });
    this.#addToQuarantine(reason.kind === 'nacks' ? wave.suspects : [...wave.suspects, whole], nowMs);
    this.#events.push(
      { kind: 'withdrawn', revision, version: wave.version, reason, backTo: good.revision, atMs: nowMs },
      { kind: 'targets' },
    );
  }

  #addToQuarantine(entries: readonly QuarantineEntry[], atMs: number): void {
    const before = this.#quarantine;
    this.#quarantine = withEntries(before, entries);
    if (this.#quarantine !== before) this.#events.push({ kind: 'quarantined', entries, atMs });
  }

  #tellWave(wave: Wave, nowMs: number): void {
    const asked = wave.isEveryone ? this.#nodes.size : wave.asked.size;
    const { revision } = wave.offer;
    const { step, isEveryone } = wave;
    this.#events.push({ kind: 'wave', revision, step, asked, isEveryone, atMs: nowMs }, { kind: 'targets' });
  }

  #tellLive(nowMs: number, wave?: Wave): void {
    const good = this.#good;
    if (good === undefined || this.#wave !== undefined || this.#notLive?.size !== 0 || this.#nodes.size === 0) return;
    this.#notLive = undefined;
    const durationMs = (wave?.lastReachedMs ?? nowMs) - good.acceptedAtMs;
    this.#events.push({ kind: 'live', revision: good.revision, nodes: this.#nodes.size, durationMs, atMs: nowMs });
  }

  #flush(more: readonly RolloutEvent[] = []): readonly RolloutEvent[] {
    const events = [...this.#events, ...more];
    this.#events = [];
    return events;
  }
}
