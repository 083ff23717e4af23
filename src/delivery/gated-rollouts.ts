// Rollouts behind the gate of the policies and limits (authz D5, ratelimit R208, delivery D10): a revision goes to the nodes only when the companions have what its routes
// need; until then everything stays at what was good before. Keeps the clock and the one revision that waits; the gate itself decides.
import { TYPE_URLS } from '../proto/type-urls.ts';
import type { Snapshot } from '../snapshot/types.ts';
import type { CompanionRole } from '../xds/companion-claim.ts';
import type { CompanionFacts } from './companion-facts.ts';
import type { AcceptOutcome, NackRecord, Offer } from './offer.ts';
import { judgePolicies, type PolicyVerdict, type PolicyWait, waitText, worstOf } from './policy-gate.ts';
import { COMPANION_ROLES, NEEDED_TYPES, neededOf, versionedName } from './policy-needs.ts';
import type { RolloutStatus } from './rollout-status.ts';
import type { Rollouts } from './rollouts.ts';

export type PolicyGateEvent =
  | { readonly kind: 'waiting'; readonly wait: PolicyWait }
  /** It goes to the nodes; `without`: companions that are left behind. `waitedMs` 0: it need not wait. */
  | { readonly kind: 'open'; readonly revision: number; readonly waitedMs: number; readonly without: readonly string[] }
  /** No companion has them, and yet it goes out: there is nothing older to serve. Routes that need them answer by their failure mode. */
  | { readonly kind: 'forced'; readonly revision: number };

export interface GatedRolloutsOptions {
  readonly rollouts: Rollouts;
  /** Those that serve the gateway. */
  readonly companions: (gateway: string) => readonly CompanionFacts[];
  /** Whether the endpoints of its companions stand in the configuration: then none need be known here. */
  readonly hasOwnCompanions: (snapshot: Snapshot, role: CompanionRole) => boolean;
  readonly nowMs: () => number;
  /** Calls `run` after `ms` and returns what cancels it; must keep no process alive. */
  readonly after: (ms: number, run: () => void) => () => void;
  readonly onEvent?: (gateway: string, event: PolicyGateEvent) => void;
  /** Default 10 s. */
  readonly waitMs?: number;
}

export interface GatedRollouts extends Rollouts {
  /** Companions of the gateway came, went or answered. */
  looked(gateway: string): void;
  /** Undefined where nothing waits. */
  waiting(gateway: string): PolicyWait | undefined;
  /** All snapshots of which companions must have the policies, the newest first: what waits, what is in waves, what is good. */
  needed(gateway: string): readonly Snapshot[];
}

export const POLICY_WAIT_MS = 10_000;

interface Pending {
  readonly offer: Offer;
  readonly sinceMs: number;
  verdict: PolicyVerdict | undefined;
  cancel: (() => void) | undefined;
}

export function createGatedRollouts(options: GatedRolloutsOptions): GatedRollouts {
  const gate = new Gate(options);
  const { rollouts } = options;
  return {
    targetFor: (node) => rollouts.targetFor(node),
    subscribe: (listener) => gate.subscribe(listener),
    gateways: () => rollouts.gateways(),
    restore: (gateway, kept) => rollouts.restore(gateway, kept),
    accept: (offer) => gate.accept(offer),
    reject: (offer, nacks) => rollouts.reject(offer, nacks),
    offers: (gateway) => rollouts.offers(gateway),
    quarantined: (snapshot) => rollouts.quarantined(snapshot),
    release: (gateway) => rollouts.release(gateway),
    forget: (gateway) => {
      gate.drop(gateway);
      rollouts.forget(gateway);
    },
    placed: (gateway, about, place) => rollouts.placed(gateway, about, place),
    status: (gateway) => gate.status(gateway),
    nodeConnected: (node, atMs) => rollouts.nodeConnected(node, atMs),
    nodeGone: (node, atMs) => rollouts.nodeGone(node, atMs),
    reached: (node, target, atMs) => rollouts.reached(node, target, atMs),
    refused: (refusal) => rollouts.refused(refusal),
    looked: (gateway) => gate.look(gateway),
    waiting: (gateway) => gate.waiting(gateway),
    needed: (gateway) => gate.needed(gateway),
  };
}

class Gate {
  readonly #options: GatedRolloutsOptions;
  readonly #pending = new Map<string, Pending>();
  readonly #listeners = new Set<{ readonly tell: (gateway: string) => void }>();

  constructor(options: GatedRolloutsOptions) {
    this.#options = options;
  }

  subscribe(tell: (gateway: string) => void): () => void {
    const listener = { tell };
    this.#listeners.add(listener);
    const end = this.#options.rollouts.subscribe(tell);
    return () => {
      this.#listeners.delete(listener);
      end();
    };
  }

  accept(offer: Offer): AcceptOutcome {
    const { gateway, version } = offer.snapshot;
    const { rollouts, nowMs } = this.#options;
    if (this.#pending.get(gateway)?.offer.snapshot.version === version) return { kind: 'unchanged' };
    const entries = rollouts.quarantined(offer.snapshot);
    this.drop(gateway);
    // What nodes have on offer already needs no gate.
    const { good, underWay } = rollouts.offers(gateway);
    const isOffered = [good, underWay].some((each) => each?.snapshot.version === version);
    if (entries.length > 0 || isOffered || rolesOf(offer.snapshot).length === 0) return rollouts.accept(offer);
    this.#pending.set(gateway, { offer, sinceMs: nowMs(), verdict: undefined, cancel: undefined });
    this.#tell(gateway);
    this.look(gateway);
    return { kind: 'offered' };
  }

  /** What waits is not wanted any more. */
  drop(gateway: string): void {
    this.#pending.get(gateway)?.cancel?.();
    this.#pending.delete(gateway);
  }

  look(gateway: string): void {
    const pending = this.#pending.get(gateway);
    if (pending === undefined) return;
    const verdict = worstOf(rolesOf(pending.offer.snapshot).map((role) => this.#judge(gateway, pending, role)));
    if (verdict.kind === 'open') this.#open(gateway, pending, verdict.without);
    else this.#wait(gateway, pending, verdict);
  }

  #judge(gateway: string, { offer, sinceMs }: Pending, role: CompanionRole): PolicyVerdict {
    const { companions, nowMs, waitMs = POLICY_WAIT_MS, hasOwnCompanions } = this.#options;
    const known = companions(gateway).filter((each) => (each.role ?? 'authz') === role);
    const verdict = judgePolicies({ role, policies: neededOf(offer.snapshot, role), sinceMs, waitMs }, known, nowMs());
    const isFree = hasOwnCompanions(offer.snapshot, role) && !known.some(({ isConnected }) => isConnected);
    return verdict.kind !== 'open' && isFree ? { kind: 'open', without: [] } : verdict;
  }

  waiting(gateway: string): PolicyWait | undefined {
    const pending = this.#pending.get(gateway);
    return pending && waitOf(pending);
  }

  needed(gateway: string): readonly Snapshot[] {
    const { good, underWay } = this.#options.rollouts.offers(gateway);
    return [this.#pending.get(gateway)?.offer, underWay, good].flatMap((offer) => offer?.snapshot ?? []);
  }

  status(gateway: string): RolloutStatus | undefined {
    const status = this.#options.rollouts.status(gateway);
    const pending = this.#pending.get(gateway);
    if (pending === undefined) return status;
    const { revision, snapshot } = pending.offer;
    const wait = waitOf(pending);
    const none: RolloutStatus = { gateway, nodes: 0, waitingFor: [], waitingForCount: 0, nacks: [], quarantine: [] };
    const { wave: _wave, withdrawn: _withdrawn, ...rest } = status ?? none;
    return { ...rest, revision, version: snapshot.version, state: 'accepted', policies: { ...wait, text: waitText(wait) } };
  }

  #open(gateway: string, pending: Pending, without: readonly string[]): void {
    const { nowMs, onEvent, rollouts } = this.#options;
    this.drop(gateway);
    onEvent?.(gateway, { kind: 'open', revision: pending.offer.revision, waitedMs: nowMs() - pending.sinceMs, without });
    rollouts.accept(pending.offer);
  }

  #wait(gateway: string, pending: Pending, verdict: Exclude<PolicyVerdict, { readonly kind: 'open' }>): void {
    const { nowMs, waitMs = POLICY_WAIT_MS, onEvent, rollouts } = this.#options;
    const isNew = !isSameVerdict(pending.verdict, verdict);
    pending.verdict = verdict;
    const isFirst = Object.keys(rollouts.offers(gateway)).length === 0;
    const dueMs = pending.sinceMs + waitMs - nowMs();
    if (dueMs <= 0 && isFirst) return this.#force(gateway, pending);
    // Not at once: who accepts a revision must have done so before it hears that it is withdrawn.
    if (verdict.kind === 'refused' && !isFirst) return this.#later(gateway, pending, { ms: 0, run: () => this.#reject(gateway, pending) });
    if (dueMs > 0) this.#later(gateway, pending, { ms: dueMs, run: () => this.look(gateway) });
    if (isNew) onEvent?.(gateway, { kind: 'waiting', wait: waitOf(pending) });
  }

  #later(gateway: string, pending: Pending, { ms, run }: { readonly ms: number; readonly run: () => void }): void {
    pending.cancel?.();
    pending.cancel = this.#options.after(ms, () => {
      if (this.#pending.get(gateway) === pending) run();
    });
  }

  #force(gateway: string, { offer }: Pending): void {
    this.drop(gateway);
    this.#options.onEvent?.(gateway, { kind: 'forced', revision: offer.revision });
    this.#options.rollouts.accept(offer);
  }

  #reject(gateway: string, { offer, verdict }: Pending): void {
    if (verdict?.kind !== 'refused') return;
    this.drop(gateway);
    const atMs = this.#options.nowMs();
    const typeUrl = NEEDED_TYPES[verdict.role];
    const all = [...(offer.snapshot.views.get(typeUrl)?.resources.values() ?? [])];
    const nacks = verdict.refusals.map(({ companion, policy, message }): NackRecord => {
      const resource = all.find(({ name, version }) => name === policy || versionedName(name, version) === policy);
      return {
        nodeId: companion,
        typeUrl,
        resources: [{ name: resource?.name ?? policy, version: resource?.version ?? '' }],
        message,
        atMs,
      };
    });
    this.#options.rollouts.reject(offer, nacks);
    this.#tell(gateway);
  }

  #tell(gateway: string): void {
    for (const { tell } of this.#listeners) tell(gateway);
  }
}

/** The roles of companions without which its routes cannot be answered. */
function rolesOf(snapshot: Snapshot): readonly CompanionRole[] {
  return COMPANION_ROLES.filter((role) => neededOf(snapshot, role).length > 0);
}

/** Names of the policies that companions must have for this snapshot. */
export function policiesOf(snapshot: Snapshot): readonly string[] {
  const resources = snapshot.views.get(TYPE_URLS.AuthPolicy)?.resources;
  return resources === undefined ? [] : [...resources.keys()];
}

function waitOf({ offer, sinceMs, verdict }: Pending): PolicyWait {
  const missing = verdict?.kind === 'wait' || verdict?.kind === 'lacking' ? verdict.missing : [];
  const role = verdict === undefined || verdict.kind === 'open' ? {} : { role: verdict.role };
  return { revision: offer.revision, sinceMs, ...role, ...(verdict?.kind === 'wait' ? { untilMs: verdict.untilMs } : {}), missing };
}

function isSameVerdict(before: PolicyVerdict | undefined, now: PolicyVerdict): boolean {
  return before !== undefined && JSON.stringify(before) === JSON.stringify(now);
}
