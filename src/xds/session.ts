// The protocol state of one stream: its subscriptions and the stage it is at. Takes requests and snapshots, says what to send next.
// Knows no sockets, bytes or timers; the time is an argument.
import type { Snapshot, SnapshotResource, TypeUrl, TypeView } from '../snapshot/types.ts';
import { childNames } from './children.ts';
import { firstHeartbeat, heartbeatAtMs } from './heartbeat.ts';
import { ParentWatch } from './parent-watch.ts';
import { changedResources, duePlan } from './plan.ts';
import { namesMeant } from './rejected.ts';
import { type DiscoveryRequest, onRequest } from './request.ts';
import type { SessionOptions, SessionOutcome } from './session-options.ts';
import {
  advance,
  beginStaging,
  isOpen,
  keepHeld,
  nextDeadlineMs,
  offeredView,
  reopened,
  retarget,
  type Staging,
  type StagingFacts,
  type StreamFacts,
} from './staging.ts';
import { type StreamStatus, typeStatus } from './status.ts';
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
import { CLUSTER_RANK, childTypes, MAKE_RANK, type TypeRules, typeRules } from './type-rules.ts';
import { heldBeyond } from './views.ts';

interface Due {
  readonly state: Subscription;
  readonly view: TypeView;
  readonly plan: Plan | undefined;
}

export class Session {
  readonly #options: SessionOptions;
  /** In the order of sending. */
  #states: readonly Subscription[] = [];
  #staging: Staging | undefined;
  readonly #due = new Map<TypeUrl, Due>();
  /** Of the responses that are unanswered: the target at the time. */
  readonly #sentFor = new Map<TypeUrl, Snapshot>();
  /** Of a separate stream; an aggregated one sends children with their parents. */
  readonly #parents: ParentWatch | undefined;
  readonly #viewOf = (typeUrl: TypeUrl): TypeView => this.#targetView(typeUrl);
  /** What the client said it holds, as long as there is no target to compare it with. */
  #held: { readonly typeUrl: TypeUrl; readonly versions: ReadonlyMap<string, string> }[] = [];
  /** Endpoints were asked for by a client that holds some already. */
  #resumesChildren = false;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#parents = options.isAggregated ? undefined : new ParentWatch(options.timing.childrenDelayMs);
  }

  get typeCount(): number {
    return this.#states.length;
  }

  get target(): Snapshot | undefined {
    return this.#staging?.target;
  }

  asksFor(typeUrl: TypeUrl): boolean {
    return this.#state(typeUrl) !== undefined;
  }

  /** The target, once all of it that is asked for is accepted and nothing refused (D6); what it dropped may still linger. */
  reached(): Snapshot | undefined {
    const staging = this.#staging;
    if (staging === undefined || !staging.isSettled || staging.isHeldBack) return undefined;
    const isAccepted = this.#states.every(
      (state) => state.inFlight === undefined && state.rejected === undefined && this.#dueOf(state)?.plan === undefined,
    );
    return isAccepted ? staging.target : undefined;
  }

  /** The client should reach this snapshot. */
  setTarget(target: Snapshot, nowMs: number): void {
    if (this.#staging?.target === target) return;
    this.#staging = this.#staging === undefined ? this.#begin(target, nowMs) : retarget(this.#staging, target, nowMs);
    this.#parents?.onTarget(this.#typeUrls(), this.#viewOf, nowMs);
  }

  receive(request: DiscoveryRequest, nowMs: number): SessionOutcome {
    const rules = this.#state(request.typeUrl)?.type ?? typeRules(request.typeUrl);
    const before = this.#state(request.typeUrl) ?? newSubscription(rules, this.#options.variant);
    if (!before.isStarted) this.#onFirst(request, rules, nowMs);
    const view = this.#staging && offeredView(this.#staging, rules);
    const outcome = onRequest(before, request, { isGrpc: this.#options.node.isGrpc, view, nowMs });
    // The client asks again because its clusters changed, not to say something new (X83).
    const isRepeat = outcome.event === 'repeat' && before.names === outcome.state.names && this.#options.variant === 'sotw';
    const isReRequest = isRepeat && this.#parents?.hasChanged(rules.typeUrl, this.#viewOf) === true;
    this.#store(isReRequest ? oweAll(outcome.state) : outcome.state);
    const target = this.#sentFor.get(request.typeUrl);
    if (outcome.settled !== undefined) this.#sentFor.delete(request.typeUrl);
    return { ...outcome, target };
  }

  /** The next response, after all that the clock and the answers so far allow. */
  next(nowMs: number): Plan | undefined {
    this.#applyClock(nowMs);
    this.#advance(nowMs);
    for (const state of this.#states) {
      // What is due is computed only when it can be sent: many requests may come before that.
      const due = isAwaitingAnswer(state) ? undefined : this.#dueOf(state);
      if (due?.plan !== undefined) return due.plan;
      if (due !== undefined && hasInterest(due.state)) this.#store(onUpToDate(due.state, due.view));
    }
    return firstHeartbeat(this.#states, this.#options.node.limits, nowMs);
  }

  /** To be called before the plan that `next` gave is written. */
  sent(plan: Plan, nonce: string, nowMs: number): void {
    const state = this.#state(plan.view.typeUrl);
    if (state === undefined) return;
    this.#store(onSent(state, plan, { nonce, atMs: nowMs }));
    if (plan.heartbeats.length > 0) return;
    if (this.#staging !== undefined) this.#sentFor.set(plan.view.typeUrl, this.#staging.target);
    for (const childType of childTypes(plan.view.typeUrl)) this.#owe(childType, changedResources(plan));
    this.#parents?.onSent(plan.view.typeUrl, this.#viewOf);
  }

  /** When `next` is to be called although nothing happens. */
  nextDeadlineMs(): number | undefined {
    const { timing, node } = this.#options;
    const answers = this.#states.flatMap((state) =>
      state.inFlight === undefined || state.inFlight.isOverdue
        ? (heartbeatAtMs(state, node.limits) ?? [])
        : state.inFlight.sentAtMs + timing.ackMs,
    );
    const staging = this.#staging && nextDeadlineMs(this.#staging, timing, this.#streamFacts());
    const deadlines = [...answers, ...[staging, this.#parents?.dueAtMs].flatMap((at) => at ?? [])];
    return deadlines.length === 0 ? undefined : Math.min(...deadlines);
  }

  status(): StreamStatus {
    const { variant, isAggregated, node } = this.#options;
    const types = this.#states.map((state) => [state.type.typeUrl, typeStatus(state, this.#goal(state.type), node)] as const);
    return { variant, ads: isAggregated, types: Object.fromEntries(types) };
  }

  #begin(target: Snapshot, nowMs: number): Staging {
    // A delta client says what it holds, so it is not sent what it never had.
    this.#staging = beginStaging(target, nowMs, this.#options.variant === 'delta' ? undefined : this.#options.recentlyDropped());
    for (const { typeUrl, versions } of this.#held.splice(0)) this.#keepHeld(typeUrl, versions, nowMs);
    return this.#staging;
  }

  #onFirst({ typeUrl, names, isResuming }: DiscoveryRequest, rules: TypeRules, nowMs: number): void {
    if (names.variant === 'delta' && rules.lingers) this.#keepHeld(typeUrl, names.initialVersions, nowMs);
    const resumesChildren = rules.rank === MAKE_RANK && isResuming;
    this.#resumesChildren ||= resumesChildren;
    const isFirstToRefer = this.#states.every(({ type, sentVersion }) => type.rank <= MAKE_RANK || sentVersion === undefined);
    // First requests come in any order: those that came before the clusters' one still wait for it.
    const isWaitedFor = rules.rank === CLUSTER_RANK || resumesChildren;
    if (isWaitedFor && isFirstToRefer && this.#staging !== undefined) this.#staging = reopened(this.#staging, nowMs);
  }

  #keepHeld(typeUrl: TypeUrl, versions: ReadonlyMap<string, string>, nowMs: number): void {
    if (versions.size === 0) return;
    if (this.#staging === undefined) {
      this.#held.push({ typeUrl, versions });
      return;
    }
    // Endpoints are answered even to a client that holds them: one that warms waits for them.
    const recent = typeRules(typeUrl).resumes ? undefined : this.#options.recentlyDropped().get(typeUrl);
    const kept = heldBeyond(versions, this.#targetView(typeUrl), recent);
    if (kept !== undefined) this.#staging = keepHeld(this.#staging, kept, { nowMs, lingerMs: this.#options.timing.lingerMs });
  }

  #applyClock(nowMs: number): void {
    const { timing } = this.#options;
    for (const state of this.#states) {
      const { inFlight } = state;
      if (inFlight === undefined || inFlight.isOverdue || nowMs < inFlight.sentAtMs + timing.ackMs) continue;
      this.#store(onOverdue(state));
      this.#options.onAnswerOverdue(state.type);
    }
    const parents = this.#parents;
    if (parents?.dueAtMs === undefined || nowMs < parents.dueAtMs) return;
    for (const typeUrl of this.#typeUrls()) this.#owe(typeUrl, parents.takeChanged(typeUrl, this.#viewOf));
  }

  #advance(nowMs: number): void {
    while (this.#staging !== undefined) {
      const step = advance(this.#staging, this.#facts(nowMs), this.#options.timing);
      if (step.timedOut !== undefined) this.#options.onGateTimedOut(step.timedOut);
      if (step.staging === this.#staging) return;
      this.#staging = step.staging;
    }
  }

  #streamFacts(): StreamFacts {
    const { isAggregated } = this.#options;
    return { isAggregated, areClustersToCome: isAggregated && this.#resumesChildren && this.#ofRank(CLUSTER_RANK).length === 0 };
  }

  #facts(nowMs: number): StagingFacts {
    return {
      nowMs,
      ...this.#streamFacts(),
      isAccepted: (rank) => this.#ofRank(rank).every((state) => !isAwaitingAnswer(state) && this.#dueOf(state)?.plan === undefined),
      isWritten: (rank) => this.#ofRank(rank).every((state) => this.#dueOf(state)?.plan === undefined),
      areChildrenAccepted: () => this.#states.every((state) => this.#areChildrenAccepted(state)),
      refusedClusters: () => this.#refusedClusters(),
    };
  }

  #ofRank(rank: number): readonly Subscription[] {
    return this.#states.filter(({ type }) => type.rank === rank);
  }

  #areChildrenAccepted(state: Subscription): boolean {
    if (state.type.rank > MAKE_RANK || state.type.rank === CLUSTER_RANK) return true;
    if (isAwaitingAnswer(state) && state.inFlight?.plan.answersOwed === true) return false;
    return state.owed.size === 0 || this.#dueOf(state)?.plan?.answersOwed !== true;
  }

  #refusedClusters(): readonly string[] {
    return this.#ofRank(CLUSTER_RANK).flatMap(({ type, rejected, unaccepted }) => {
      if (rejected === undefined) return [];
      const wanted = this.#targetView(type.typeUrl).resources;
      return namesMeant([...unaccepted.keys()], rejected.message).filter((name) => wanted.has(name));
    });
  }

  /** What is due of a type; kept until its state or view changes. */
  #dueOf(state: Subscription): Due | undefined {
    const view = this.#offered(state);
    if (view === undefined) return undefined;
    const known = this.#due.get(state.type.typeUrl);
    if (known?.state === state && known.view === view) return known;
    const interned = this.#interned(state);
    const due = { state: interned, view, plan: duePlan(interned, view, this.#options.node.limits) };
    this.#due.set(state.type.typeUrl, due);
    return due;
  }

  /** A first response waits for its gate, for what earlier targets offered means nothing to this client (X76). */
  #offered(state: Subscription): TypeView | undefined {
    const staging = this.#staging;
    if (staging === undefined || (state.sentVersion === undefined && !isOpen(staging, state.type))) return undefined;
    return offeredView(staging, state.type);
  }

  /** With the instances of its name sets that equal streams have too, so that they share plans (S10). */
  #interned(state: Subscription): Subscription {
    const names = this.#options.intern(state.names);
    const owed = state.owed === state.names ? names : this.#options.intern(state.owed);
    if (names === state.names && owed === state.owed) return state;
    const interned = { ...state, names, owed };
    this.#store(interned);
    return interned;
  }

  #owe(childType: TypeUrl, changed: readonly SnapshotResource[]): void {
    const child = this.#state(childType);
    if (child === undefined || changed.length === 0) return;
    const asked = child.wildcard === 'none' ? child.names.keys() : child.base.resources.keys();
    this.#store(oweChildren(child, childNames(changed, childType, asked)));
  }

  #typeUrls(): readonly TypeUrl[] {
    return this.#states.map(({ type }) => type.typeUrl);
  }

  #targetView(typeUrl: TypeUrl): TypeView {
    return this.#staging?.target.views.get(typeUrl) ?? typeRules(typeUrl).empty;
  }

  /** Where the type is to come: what is on offer, or the target as long as that is not on offer yet. */
  #goal(rules: TypeRules): TypeView | undefined {
    if (this.#staging === undefined) return undefined;
    return rules.rank > this.#staging.openRank ? this.#targetView(rules.typeUrl) : offeredView(this.#staging, rules);
  }

  #state(typeUrl: TypeUrl): Subscription | undefined {
    return this.#states.find(({ type }) => type.typeUrl === typeUrl);
  }

  #store(state: Subscription): void {
    const index = this.#states.findIndex(({ type }) => type.typeUrl === state.type.typeUrl);
    if (this.#states[index] === state) return;
    this.#states =
      index >= 0 ? this.#states.with(index, state) : [...this.#states, state].sort((left, right) => left.type.rank - right.type.rank);
  }
}
