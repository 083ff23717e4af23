// How the newest revision of a gateway gets on, for status, the API and the page. Plain data, made when asked for.
import { reasonText } from './abort.ts';
import type { HeldNode } from './held-nodes.ts';
import type { NackRecord, WithdrawReason } from './offer.ts';
import type { PolicyWait } from './policy-gate.ts';
import type { QuarantineEntry } from './quarantine.ts';
import type { Rollout } from './rollout.ts';

/** D1, of revisions that were pushed or can be. */
export type RevisionState = 'accepted' | 'offered' | 'live' | 'withdrawn' | 'superseded';

export interface RolloutStatus {
  readonly gateway: string;
  /** The newest revision; absent before the first. */
  readonly revision?: number;
  /** Version of its snapshot. */
  readonly version?: string;
  /** `accepted`: no node was asked yet; `offered`: some or all were; `live`: every connected node runs it. */
  readonly state?: RevisionState;
  /** What newcomers get while the newest revision is in waves, and all when it is withdrawn. */
  readonly lastGood?: { readonly revision: number; readonly version: string };
  /** While no node is offered it, because companions lack policies of it (authz D5). */
  readonly policies?: PolicyWait & { readonly text: string };
  /** While the revision is in waves. */
  readonly wave?: {
    /** Of `steps`, from 1. */
    readonly step: number;
    readonly steps: number;
    readonly asked: number;
    readonly reached: number;
    /** Set while the step, which ended well, is watched. */
    readonly soakUntilMs?: number;
  };
  readonly withdrawn?: { readonly revision: number; readonly version: string; readonly reason: string; readonly atMs: number };
  /** Connected. */
  readonly nodes: number;
  /** Asked, connected, and without an answer; the first hundred, sorted. */
  readonly waitingFor: readonly string[];
  readonly waitingForCount: number;
  /** Connected nodes that cannot run the newest revision and are not offered it, the first hundred, sorted; absent where there are none. */
  readonly held?: readonly HeldNode[];
  readonly heldCount?: number;
  /** Refusals of the newest revision, and of nodes on their own since it; the newest twenty. */
  readonly nacks: readonly NackRecord[];
  readonly quarantine: readonly QuarantineEntry[];
}

/** What the rollout itself does not remember. */
export interface RolloutMemory {
  readonly withdrawn?: { readonly revision: number; readonly version: string; readonly reason: WithdrawReason; readonly atMs: number };
  readonly nacks: readonly NackRecord[];
  readonly held?: readonly HeldNode[];
}

const NAMES_SHOWN = 100;

export function rolloutStatus(gateway: string, rollout: Rollout, { withdrawn, nacks, held = [] }: RolloutMemory): RolloutStatus {
  const { good, wave, nodes, behind } = rollout;
  const isWithdrawn = wave === undefined && withdrawn !== undefined;
  const newest = isWithdrawn ? withdrawn : newestOf(rollout);
  const waiting = wave === undefined ? [...behind] : wave.waiting(nodes.keys());
  return {
    gateway,
    ...(newest === undefined
      ? {}
      : { revision: newest.revision, version: newest.version, state: isWithdrawn ? 'withdrawn' : stateOf(rollout) }),
    ...(good === undefined ? {} : { lastGood: { revision: good.revision, version: good.snapshot.version } }),
    ...(wave === undefined ? {} : { wave: waveStatus(rollout, wave) }),
    ...(isWithdrawn ? { withdrawn: { ...withdrawn, reason: reasonText(withdrawn.reason) } } : {}),
    nodes: nodes.size,
    waitingFor: [...waiting].sort().slice(0, NAMES_SHOWN),
    waitingForCount: waiting.length,
    ...(held.length === 0 ? {} : { held: held.slice(0, NAMES_SHOWN), heldCount: held.length }),
    nacks,
    quarantine: rollout.quarantine.entries,
  };
}

function newestOf({ good, wave }: Rollout): { readonly revision: number; readonly version: string } | undefined {
  const offer = wave?.offer ?? good;
  return offer && { revision: offer.revision, version: offer.snapshot.version };
}

function stateOf({ wave, nodes, behind }: Rollout): RevisionState {
  if (wave !== undefined) return wave.waitingCount(nodes.size) + wave.reached.size + wave.refused.size === 0 ? 'accepted' : 'offered';
  return behind.size === 0 ? 'live' : 'offered';
}

function waveStatus({ nodes }: Rollout, wave: NonNullable<Rollout['wave']>): NonNullable<RolloutStatus['wave']> {
  return {
    step: wave.step + 1,
    steps: wave.offer.settings.steps.length,
    asked: wave.isEveryone ? nodes.size : wave.asked.size,
    reached: wave.reached.size,
    ...(wave.soakUntilMs === undefined ? {} : { soakUntilMs: wave.soakUntilMs }),
  };
}
