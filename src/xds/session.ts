// The protocol state of one stream: its subscriptions and the stage it is at. Takes requests and snapshots, says what to send next.
// Knows no sockets, bytes or timers; the time is an argument.
import type { Snapshot, SnapshotResource, TypeUrl, TypeView } from '../snapshot/types.ts';
import { Answers } from './answers.ts';
import { childNames } from './children.ts';
import type { SubscriptionView } from './client-status.ts';
import { type Due, DuePlans } from './due-plans.ts';
import { firstHeartbeat, heartbeatAtMs } from './heartbeat.ts';
import { heldBeyond, type InitialVersions } from './initial-versions.ts';
import { ParentWatch } from './parent-watch.ts';
import { changedResources } from './plan.ts';
import { type DiscoveryRequest, onRequest } from './request.ts';
import { isTold, stagingFacts } from './session-facts.ts';
import type { SessionOptions, SessionOutcome, TargetWaits } from './session-options.ts';
import { beginStaging, isOpen, keepHeld, offeredView, reopened, retarget, type Staging, type TargetTiming, targetView } from './staging.ts';
import { advance, type StagingFacts } from './staging-steps.ts';
import { type StreamStage, type StreamStatus, typeStatus } from './status.ts';
import {
  hasInterest,
  isAwaitingAnswer,
  newSubscription,
  onOverdue,
  onSent,
  onUpToDate,
  oweAll,
  oweChildren,
  type Plan,
  type Subscription,
} from './subscription.ts';
import { SubscriptionSet } from './subscription-set.ts';
import { CLUSTER_RANK, childTypes, MAKE_RANK, type TypeRules, typeRules } from './type-rules.ts';

export class Session {
  readonly #options: SessionOptions;
  readonly #states: SubscriptionSet;
  #staging: Staging | undefined;
  #waitsEnded = 0;
  /** When to look at the staging again although nothing happened. */
  #stagingDueAtMs: number | undefined;
  readonly #due: DuePlans;
  readonly #answers = new Answers();
  /** Of a separate stream; an aggregated one sends children with their parents. */
  readonly #parents: ParentWatch | undefined;
  readonly #viewOf = (typeUrl: TypeUrl): TypeView => this.#targetView(typeUrl);
  /** What the client said it holds, as long as there is no target to compare it with. */
  #held: { readonly typeUrl: TypeUrl; readonly versions: InitialVersions }[] = [];
  /** The first request said that the client holds something. */
  #resumes = false;
  /** Endpoints were asked for by a client that holds some already. */
  #resumesChildren = false;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#states = new SubscriptionSet(options.intern);
    this.#due = new DuePlans(this.#states, options.node.limits);
    this.#parents = options.isAggregated ? undefined : new ParentWatch(options.timing.childrenDelayMs);
  }

  get typeCount(): number {
    return this.#states.all.length;
  }

  get target(): Snapshot | undefined {
    return this.#staging?.target;
  }

  get isAwaitingAnswer(): boolean {
    return this.#states.all.some(isAwaitingAnswer);
  }

  /** All is accepted, or was waited for long enough; what lingers may still be on offer. */
  get isAtRest(): boolean {
    return this.#staging?.isSettled === true && this.#states.all.every(({ inFlight }) => inFlight === undefined || inFlight.isOverdue);
  }

  /** The client resumes, and has what the plan holds: it is sent so that nothing stays warming (X57). */
  isSentAgain(plan: Plan): boolean {
    return this.#resumes && plan.variant === 'delta' && !typeRules(plan.view.typeUrl).resumes;
  }

  asksFor(typeUrl: TypeUrl): boolean {
    return this.#states.get(typeUrl) !== undefined;
  }

  /** The target, once all of it that is asked for is accepted and nothing refused (D6); what it dropped may still linger. */
  reached(): Snapshot | undefined {
    const staging = this.#staging;
    if (staging === undefined || !staging.isSettled || staging.held.size > 0) return undefined;
    const isAccepted = this.#states.all.every(
      (state) =>
        state.inFlight === undefined &&
        this.#answers.refused(state, this.#targetView(state.type.typeUrl)).length === 0 &&
        this.#dueOf(state)?.plan === undefined,
    );
    return isAccepted ? staging.target : undefined;
  }

  /** The client should reach this snapshot. */
  setTarget(target: Snapshot, nowMs: number, waits: TargetWaits = {}): void {
    if (this.#staging?.target === target) return;
    const { lingerMs = this.#options.timing.lingerMs, warmUpMs = this.#options.timing.separateDelayMs } = waits;
    const given = { nowMs, lingerMs, warmUpMs };
    this.#staging = this.#staging === undefined ? this.#begin(target, given) : retarget(this.#staging, target, given);
    this.#stagingDueAtMs = nowMs;
    this.#parents?.onTarget(this.#typeUrls(), this.#viewOf, nowMs);
  }

  receive(request: DiscoveryRequest, nowMs: number): SessionOutcome {
    const rules = this.#states.get(request.typeUrl)?.type ?? typeRules(request.typeUrl);
    const before = this.#states.get(request.typeUrl) ?? newSubscription(rules, this.#options.variant);
    if (!before.isStarted) this.#onFirst(request, rules, nowMs);
    const view = this.#staging && offeredView(this.#staging, rules);
    const outcome = onRequest(before, request, { isGrpc: this.#options.node.isGrpc, view, nowMs });
    // The client asks again because its clusters changed, not to say something new (X83).
    const isRepeat = outcome.event === 'repeat' && before.names === outcome.state.names && this.#options.variant === 'sotw';
    const isReRequest = isRepeat && this.#parents?.hasChanged(rules.typeUrl, this.#viewOf) === true;
    this.#states.store(isReRequest ? oweAll(outcome.state) : outcome.state);
    return { ...outcome, target: this.#answers.received(outcome, request) };
  }

  /** The next response, after all that the clock and the answers so far allow. */
  next(nowMs: number): Plan | undefined {
    this.#applyClock(nowMs);
    this.#advance(nowMs);
    for (const state of this.#states.all) {
      // What is due is computed only when it can be sent: many requests may come before that.
      const due = isAwaitingAnswer(state) ? undefined : this.#dueOf(state);
      if (due?.plan !== undefined) return due.plan;
      if (due !== undefined && hasInterest(due.state)) this.#states.store(onUpToDate(due.state, due.view));
    }
    return firstHeartbeat(this.#states.all, this.#options.node.limits, nowMs);
  }

  /** To be called before the plan that `next` gave is written. */
  sent(plan: Plan, nonce: string, nowMs: number): void {
    const state = this.#states.get(plan.view.typeUrl);
    if (state === undefined) return;
    this.#states.store(onSent(state, plan, { nonce, atMs: nowMs }));
    if (plan.heartbeats.length > 0) return;
    if (this.#staging !== undefined) this.#answers.sent(plan, this.#staging.target);
    for (const childType of childTypes(plan.view.typeUrl)) this.#owe(childType, changedResources(plan));
    this.#parents?.onSent(plan.view.typeUrl, this.#viewOf);
  }

  /** When `next` is to be called although nothing happens. */
  nextDeadlineMs(): number | undefined {
    const { timing, node } = this.#options;
    const answers = this.#states.all.flatMap((state) => {
      const { inFlight } = state;
      if (inFlight === undefined || inFlight.isOverdue) return heartbeatAtMs(state, node.limits) ?? [];
      return inFlight.sentAtMs + (this.#mayBeOvertaken(state) ? timing.gateMs : timing.ackMs);
    });
    const deadlines = [...answers, ...[this.#stagingDueAtMs, this.#parents?.dueAtMs].flatMap((at) => at ?? [])];
    return deadlines.length === 0 ? undefined : Math.min(...deadlines);
  }

  subscriptions(): readonly SubscriptionView[] {
    return this.#states.all.map((state) => ({ state, view: this.#goal(state.type) }));
  }

  status(): StreamStatus {
    const { variant, isAggregated, node } = this.#options;
    const types = this.#states.all.map((state) => [state.type.typeUrl, typeStatus(state, this.#goal(state.type), node)] as const);
    return { variant, ads: isAggregated, stage: this.#stage(), waitsEnded: this.#waitsEnded, types: Object.fromEntries(types) };
  }

  #stage(): StreamStage {
    const staging = this.#staging;
    if (staging === undefined) return 'waiting';
    if (staging.isSettled) return staging.lingering.length + staging.dropped.size > 0 ? 'linger' : 'done';
    const isMade = staging.held.size === 0 && staging.openRank > MAKE_RANK;
    if (!isMade) return 'make';
    return this.#states.all.every((state) => this.#dueOf(state)?.plan === undefined) ? 'settling' : 'switch';
  }

  #begin(target: Snapshot, given: TargetTiming): Staging {
    // A delta client says what it holds, so it is not sent what it never had.
    this.#staging = beginStaging(target, given, this.#options.variant === 'delta' ? undefined : this.#options.recentlyDropped());
    for (const { typeUrl, versions } of this.#held.splice(0)) this.#keepHeld(typeUrl, versions);
    return this.#staging;
  }

  #onFirst({ typeUrl, names, isResuming }: DiscoveryRequest, rules: TypeRules, nowMs: number): void {
    if (this.#states.all.length === 0) this.#resumes = isResuming;
    if (names.variant === 'delta' && rules.lingers) this.#keepHeld(typeUrl, names.initialVersions);
    const resumesChildren = rules.rank === MAKE_RANK && isResuming;
    this.#resumesChildren ||= resumesChildren;
    const isFirstToRefer = this.#states.all.every(({ type, sentVersion }) => type.rank <= MAKE_RANK || sentVersion === undefined);
    // First requests come in any order: those that came before the clusters' one still wait for it.
    const isWaitedFor = rules.rank === CLUSTER_RANK || resumesChildren;
    if (isWaitedFor && isFirstToRefer && this.#staging !== undefined) this.#staging = reopened(this.#staging, nowMs);
  }

  #keepHeld(typeUrl: TypeUrl, versions: InitialVersions): void {
    if (versions.size === 0) return;
    if (this.#staging === undefined) {
      this.#held.push({ typeUrl, versions });
      return;
    }
    // Endpoints are answered even to a client that holds them: one that warms waits for them.
    const recent = typeRules(typeUrl).resumes ? undefined : this.#options.recentlyDropped().get(typeUrl);
    const kept = heldBeyond(versions, this.#targetView(typeUrl), recent);
    if (kept !== undefined) this.#staging = keepHeld(this.#staging, kept);
  }

  #applyClock(nowMs: number): void {
    const { timing } = this.#options;
    for (const state of this.#states.all) {
      const { inFlight } = state;
      if (inFlight === undefined || inFlight.isOverdue) continue;
      const isOverdue = nowMs >= inFlight.sentAtMs + timing.ackMs;
      if (isOverdue) this.#options.onAnswerOverdue(state.type);
      if (isOverdue || (nowMs >= inFlight.sentAtMs + timing.gateMs && this.#mayBeOvertaken(state))) this.#states.store(onOverdue(state));
    }
    const parents = this.#parents;
    if (parents?.dueAtMs === undefined || nowMs < parents.dueAtMs) return;
    for (const typeUrl of this.#typeUrls()) this.#owe(typeUrl, parents.takeChanged(typeUrl, this.#viewOf));
  }

  /**
   * The client answers what was sent later, so it is not too busy to answer: it warms. Then newer clusters need not wait for an answer that
   * may never come (D8, B52), as they would for that of a client that is silent (O2).
   */
  #mayBeOvertaken(state: Subscription): boolean {
    const isOvertakable = state.type.rank === CLUSTER_RANK && this.#answers.isPassed(state.type.typeUrl);
    return isOvertakable && this.#dueOf(state)?.plan !== undefined;
  }

  #advance(nowMs: number): void {
    while (this.#staging !== undefined) {
      const step = advance(this.#staging, this.#facts(nowMs), this.#options.timing);
      if (step.timedOut !== undefined) {
        this.#waitsEnded += 1;
        this.#options.onGateTimedOut(step.timedOut);
      }
      this.#stagingDueAtMs = step.againAtMs;
      if (step.staging === this.#staging) return;
      this.#staging = step.staging;
    }
  }

  #facts(nowMs: number): StagingFacts {
    return stagingFacts({
      nowMs,
      isAggregated: this.#options.isAggregated,
      resumesChildren: this.#resumesChildren,
      states: this.#states,
      planOf: (state) => this.#dueOf(state)?.plan,
      targetView: this.#viewOf,
      answers: this.#answers,
    });
  }

  /** What is due of a type; kept until its state or view changes. */
  #dueOf(state: Subscription): Due | undefined {
    const view = this.#offered(state);
    if (view === undefined) return undefined;
    return this.#due.of(state, view);
  }

  /** A first response waits for its gate, for what earlier targets offered means nothing to this client (X76). */
  #offered(state: Subscription): TypeView | undefined {
    const staging = this.#staging;
    if (staging === undefined || (!isTold(state) && !isOpen(staging, state.type))) return undefined;
    return offeredView(staging, state.type);
  }

  #owe(childType: TypeUrl, changed: readonly SnapshotResource[]): void {
    const child = this.#states.get(childType);
    if (child === undefined || changed.length === 0) return;
    const asked = child.wildcard === 'none' ? child.names.keys() : child.base.resources.keys();
    this.#states.store(oweChildren(child, childNames(changed, childType, asked)));
  }

  #typeUrls(): readonly TypeUrl[] {
    return this.#states.all.map(({ type }) => type.typeUrl);
  }

  #targetView(typeUrl: TypeUrl): TypeView {
    const rules = typeRules(typeUrl);
    return this.#staging === undefined ? rules.empty : targetView(this.#staging.target, rules);
  }

  /** Where the type is to come: what is on offer, or the target as long as that is not on offer yet. */
  #goal(rules: TypeRules): TypeView | undefined {
    if (this.#staging === undefined) return undefined;
    const isWaiting = rules.rank > this.#staging.openRank || this.#staging.held.has(rules.typeUrl);
    return isWaiting ? this.#targetView(rules.typeUrl) : offeredView(this.#staging, rules);
  }
}
