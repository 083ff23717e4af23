// The rollouts of all gateways between the configuration and the streams: says what each node should reach, hears how the nodes get on, keeps
// the clocks. Decides nothing itself: that is the part of the state machine in rollout.ts.
import { revisionOf } from '../snapshot/revision-of.ts';
import type { Snapshot } from '../snapshot/types.ts';
import type { ClientNode } from '../xds/node.ts';
import type { ProgressListener, Refusal } from '../xds/progress.ts';
import type { TargetSource } from '../xds/targets.ts';
import type { ErrorRates } from './abort.ts';
import { type HeldNode, HeldNodes } from './held-nodes.ts';
import type { NodeNeeds } from './node-needs.ts';
import type { AcceptOutcome, NackRecord, Offer } from './offer.ts';
import { entriesOf, placed, type QuarantineEntry, quarantinedIn, type RefusedThing } from './quarantine.ts';
import { Rollout } from './rollout.ts';
import type { RolloutEvent } from './rollout-event.ts';
import { type RolloutMemory, type RolloutStatus, rolloutStatus } from './rollout-status.ts';

export interface RolloutsOptions {
  readonly nowMs: () => number;
  /** Calls `run` after `ms` and returns what cancels it; must keep no process alive. */
  readonly after: (ms: number, run: () => void) => () => void;
  /** Told of everything but changed targets, in the order of events; must not throw. */
  readonly onEvent?: (gateway: string, event: RolloutEvent) => void;
  /** From load reports; absent: `abortOn.error5xx` never fires. */
  readonly errorRates?: ErrorRates;
  /** What Envoys must have to run a revision; absent: any of them can run all. */
  readonly needs?: NodeNeeds;
  /** A connected node is not offered this revision, because it cannot run it. */
  readonly onHeld?: (gateway: string, node: HeldNode, revision: number) => void;
}

export interface Rollouts extends TargetSource, Required<Omit<ProgressListener, 'companionAnswered'>> {
  /** What an earlier run left: its last good revision, and what it had quarantined. Before the gateway's first `accept`. */
  restore(gateway: string, kept: { readonly good?: Offer; readonly quarantine: readonly QuarantineEntry[] }): void;
  /** A new revision, or one that is there already; subscribers were told when it returns. */
  accept(offer: Offer): AcceptOutcome;
  /** Companions refuse what the revision needs: it is withdrawn, and no node was asked (authz D5). Nothing where there is none to go back to. */
  reject(offer: Offer, nacks: readonly NackRecord[]): void;
  /** What nodes may be told to reach: the last good revision, and the one in waves. */
  offers(gateway: string): { readonly good?: Offer; readonly underWay?: Offer };
  /** The entries because of which `accept` would refuse this snapshot. */
  quarantined(snapshot: Snapshot): readonly QuarantineEntry[];
  /** Empties the quarantine of a gateway; gives what was in it. */
  release(gateway: string): readonly QuarantineEntry[];
  /** No file has this name any more: nodes that come get nothing (X85), those that are here keep what they have (X86). */
  forget(gateway: string): void;
  /** `file:line` of what was refused, for its status. */
  placed(gateway: string, about: RefusedThing, place: string): void;
  /** Undefined for a gateway without a revision. */
  status(gateway: string): RolloutStatus | undefined;
}

interface GatewayRollout {
  readonly name: string;
  readonly rollout: Rollout;
  readonly held: HeldNodes;
  memory: RolloutMemory;
  timer: { readonly atMs: number; readonly cancel: () => void } | undefined;
}

/** Load reports come every few seconds; looking at them costs nothing. */
const ERRORS_EVERY_MS = 1_000;
const NO_NEEDS: NodeNeeds = { areNone: () => true, unmetBy: () => undefined };
const NACKS_REMEMBERED = 20;
const MESSAGE_LENGTH = 2_000;

export function createRollouts(options: RolloutsOptions): Rollouts {
  return new FleetRollouts(options);
}

class FleetRollouts implements Rollouts {
  readonly #options: RolloutsOptions;
  readonly #gateways = new Map<string, GatewayRollout>();
  readonly #listeners = new Set<{ readonly tell: (gateway: string) => void }>();

  constructor(options: RolloutsOptions) {
    this.#options = options;
  }

  targetFor(node: ClientNode): Snapshot | undefined {
    const state = this.#gateways.get(node.cluster);
    return state?.held.targetOf(node, state.rollout.targetOf(node.id), state.rollout.good?.snapshot);
  }

  subscribe(tell: (gateway: string) => void): () => void {
    const listener = { tell };
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  gateways(): readonly string[] {
    return [...this.#gateways.values()]
      .filter(({ rollout }) => isServed(rollout))
      .map(({ name }) => name)
      .sort();
  }

  restore(gateway: string, { good, quarantine }: { readonly good?: Offer; readonly quarantine: readonly QuarantineEntry[] }): void {
    const state = this.#of(gateway);
    // Whoever waits for it waits from now on.
    const nowMs = this.#options.nowMs();
    const offer = good && { ...good, acceptedAtMs: nowMs };
    this.#handle(state, state.rollout.restore(offer, quarantine), nowMs);
  }

  accept(offer: Offer): AcceptOutcome {
    const state = this.#of(offer.snapshot.gateway);
    const nowMs = this.#options.nowMs();
    // Before nodes are chosen for its first wave.
    this.#sort(state, offer, nowMs);
    const { outcome, events } = state.rollout.accept(offer, nowMs);
    if (outcome.kind === 'offered' || outcome.kind === 'returned') state.memory = { nacks: [] };
    this.#handle(state, events, nowMs);
    return outcome;
  }

  reject(offer: Offer, nacks: readonly NackRecord[]): void {
    const { revision, snapshot } = offer;
    const state = this.#of(snapshot.gateway);
    const atMs = this.#options.nowMs();
    const backTo = (state.rollout.good ?? state.rollout.wave?.offer)?.revision;
    if (backTo === undefined) return;
    state.memory = { nacks: [] };
    const refusals = nacks.map((nack) => ({ kind: 'nack', revision, nack }) as const);
    const quarantined = state.rollout.quarantines(
      nacks.flatMap((nack) => entriesOf({ ...nack, revision })),
      atMs,
    );
    const reason = { kind: 'policies', companions: nacks.length } as const;
    const withdrawn = { kind: 'withdrawn', revision, version: snapshot.version, reason, backTo, atMs } as const;
    this.#handle(state, [...refusals, ...quarantined, withdrawn], atMs);
  }

  offers(gateway: string): { readonly good?: Offer; readonly underWay?: Offer } {
    const { good, wave } = this.#gateways.get(gateway)?.rollout ?? {};
    return { ...(good === undefined ? {} : { good }), ...(wave === undefined ? {} : { underWay: wave.offer }) };
  }

  quarantined(snapshot: Snapshot): readonly QuarantineEntry[] {
    const rollout = this.#gateways.get(snapshot.gateway)?.rollout;
    // What runs already is not refused for what one node said of it.
    if (rollout === undefined || rollout.good?.snapshot.version === snapshot.version) return [];
    return quarantinedIn(snapshot, rollout.quarantine);
  }

  release(gateway: string): readonly QuarantineEntry[] {
    const rollout = this.#gateways.get(gateway)?.rollout;
    const entries = rollout?.quarantine.entries ?? [];
    rollout?.release();
    return entries;
  }

  forget(gateway: string): void {
    const known = this.#gateways.get(gateway);
    if (known === undefined) return;
    known.timer?.cancel();
    this.#gateways.delete(gateway);
    // Should a file take the name again, its revisions go to the nodes that are here still.
    const state = this.#of(gateway);
    for (const node of known.held.nodes) {
      state.held.connected(node, undefined);
      state.rollout.connected(node.id, { isCanary: node.isCanary === true }, this.#options.nowMs());
    }
    for (const { tell } of this.#listeners) tell(gateway);
  }

  placed(gateway: string, about: RefusedThing, place: string): void {
    const state = this.#gateways.get(gateway);
    if (state === undefined) return;
    state.rollout.placed(about, place);
    state.memory = { ...state.memory, nacks: placed(state.memory.nacks, about, place) };
  }

  status(gateway: string): RolloutStatus | undefined {
    const state = this.#gateways.get(gateway);
    if (state === undefined || !isServed(state.rollout)) return undefined;
    return rolloutStatus(gateway, state.rollout, { ...state.memory, held: state.held.all });
  }

  nodeConnected(node: ClientNode, atMs: number): void {
    const { cluster, id, isCanary = false } = node;
    const state = this.#of(cluster);
    const newest = newestOf(state.rollout);
    const reason = state.held.connected(node, newest?.snapshot);
    if (newest !== undefined && reason !== undefined) return this.#options.onHeld?.(cluster, { id, reason }, newest.revision);
    this.#handle(state, state.rollout.connected(id, { isCanary }, atMs), atMs);
  }

  nodeGone({ cluster, id }: ClientNode, atMs: number): void {
    const state = this.#of(cluster);
    if (state.held.gone(id)) this.#handle(state, state.rollout.gone(id, atMs), atMs);
    // Clients choose the gateway that they ask for: of one that does not exist nothing is kept.
    if (!isServed(state.rollout) && state.rollout.nodes.size === 0) this.#gateways.delete(cluster);
  }

  reached({ cluster, id }: ClientNode, target: Snapshot, atMs: number): void {
    const state = this.#of(cluster);
    if (!state.held.has(id)) this.#handle(state, state.rollout.reached(id, revisionOf(target), atMs), atMs);
  }

  refused({ node, target, typeUrl, resources, message, atMs }: Refusal): void {
    const state = this.#of(node.cluster);
    if (state.held.has(node.id)) return;
    const nack: NackRecord = { nodeId: node.id, typeUrl, resources, message: message.slice(0, MESSAGE_LENGTH), atMs };
    this.#handle(state, state.rollout.refused({ ...nack, targetVersion: revisionOf(target) }, atMs), atMs);
  }

  #of(gateway: string): GatewayRollout {
    const known = this.#gateways.get(gateway);
    if (known !== undefined) return known;
    const held = new HeldNodes(this.#options.needs ?? NO_NEEDS);
    const state: GatewayRollout = { name: gateway, rollout: new Rollout(), held, memory: { nacks: [] }, timer: undefined };
    this.#gateways.set(gateway, state);
    return state;
  }

  /** `nowMs`: the time of the call that gave the events. What became due since is not passed over: its timer is set, and fires at once. */
  #handle(state: GatewayRollout, events: readonly RolloutEvent[], nowMs: number): void {
    this.#tell(state, events, nowMs);
    this.#sort(state, newestOf(state.rollout), nowMs);
  }

  #tell(state: GatewayRollout, events: readonly RolloutEvent[], nowMs: number): void {
    for (const event of events) {
      if (event.kind === 'targets') continue;
      state.memory = remembering(state.memory, event);
      this.#options.onEvent?.(state.name, event);
    }
    this.#setTimer(state, nowMs);
    if (events.some(({ kind }) => kind === 'targets')) for (const { tell } of this.#listeners) tell(state.name);
  }

  /** Nodes that cannot run `newest` leave its rollout, others join it. */
  #sort(state: GatewayRollout, newest: Offer | undefined, nowMs: number): void {
    const { rollout, held, name } = state;
    held.good(rollout.good?.snapshot);
    const { fit, held: left } = held.look(newest?.snapshot);
    if (newest === undefined || fit.length + left.length === 0) return;
    for (const node of left) this.#options.onHeld?.(name, node, newest.revision);
    const events = [
      ...left.flatMap(({ id }) => rollout.gone(id, nowMs)),
      ...fit.flatMap(({ id, isCanary = false }) => rollout.connected(id, { isCanary }, nowMs)),
    ];
    this.#tell(state, [...events, { kind: 'targets' }], nowMs);
  }

  #setTimer(state: GatewayRollout, nowMs: number): void {
    const deadlineMs = state.rollout.nextDeadlineMs(nowMs);
    const watchesErrors = deadlineMs !== undefined && state.rollout.wave?.offer.settings.abortOn.error5xx !== undefined;
    const atMs = watchesErrors ? Math.min(deadlineMs, nowMs + ERRORS_EVERY_MS) : deadlineMs;
    // One that fires too early costs a look; one that is put off again and again would never fire.
    if (state.timer?.atMs === atMs || (state.timer !== undefined && atMs !== undefined && state.timer.atMs < atMs)) return;
    state.timer?.cancel();
    state.timer = atMs === undefined ? undefined : { atMs, cancel: this.#options.after(atMs - nowMs, () => this.#onTimer(state)) };
  }

  #onTimer(state: GatewayRollout): void {
    state.timer = undefined;
    this.#judgeErrors(state);
    // Timers fire early by a part of a millisecond.
    const nowMs = this.#options.nowMs();
    this.#handle(state, state.rollout.tick(nowMs), nowMs);
  }

  #judgeErrors(state: GatewayRollout): void {
    const { wave } = state.rollout;
    if (wave?.offer.settings.abortOn.error5xx === undefined || wave.reached.size === 0) return;
    const counts = this.#options.errorRates?.since(state.name, { sinceMs: wave.startedAtMs, nodes: wave.reached });
    const nowMs = this.#options.nowMs();
    if (counts !== undefined) this.#handle(state, state.rollout.errors(counts, nowMs), nowMs);
  }
}

function newestOf({ good, wave }: Rollout): Offer | undefined {
  return wave?.offer ?? good;
}

function isServed({ good, wave }: Rollout): boolean {
  return good !== undefined || wave !== undefined;
}

function remembering(memory: RolloutMemory, event: RolloutEvent): RolloutMemory {
  if (event.kind === 'nack') return { ...memory, nacks: [...memory.nacks, event.nack].slice(-NACKS_REMEMBERED) };
  if (event.kind !== 'withdrawn') return memory;
  const { revision, version, reason, atMs } = event;
  return { ...memory, withdrawn: { revision, version, reason, atMs } };
}
