// What connected nodes have asked for, been sent and accepted, for `status` and the admin API. Reads states, changes none; names
// resources but never shows their contents (X100).
import type { TypeUrl, TypeView } from '../snapshot/types.ts';
import type { CompanionClaim } from './companion-claim.ts';
import type { ClientNode } from './node.ts';
import { duePlan } from './plan.ts';
import { namesMeant } from './rejected.ts';
import { hasInterest, isAwaitingAnswer, type Rejected, type Subscription, type Variant } from './subscription.ts';

/** `SYNCED`: accepted all that is on offer; `STALE`: something is unanswered or waits to be sent; `ERROR`: refused the last response. */
export type TypeState = 'SYNCED' | 'STALE' | 'ERROR' | 'NOT_SENT';

export interface TypeStatus {
  readonly state: TypeState;
  readonly acceptedVersion?: string;
  readonly sentVersion?: string;
  /** Milliseconds since the epoch. */
  readonly lastAckAt?: number;
  /** `*` for everything, else the number of names. */
  readonly subscribed: '*' | number;
  /** `resources`: those that the message is about, else all that were new in the response. */
  readonly rejected?: { readonly version: string; readonly message: string; readonly resources: readonly string[]; readonly at: number };
}

/**
 * How far a stream is on its way to its target (D6): `waiting` for a first target; `make`: resources wait for clusters; `switch`: what refers to
 * them is being sent; `settling`: all is sent, answers are due; `linger`: all is accepted, what the target dropped is still on offer; `done`.
 */
export type StreamStage = 'waiting' | 'make' | 'switch' | 'settling' | 'linger' | 'done';

export interface StreamStatus {
  readonly variant: Variant;
  /** All types on one stream. */
  readonly ads: boolean;
  readonly stage: StreamStage;
  /** How often it went on by the clock, without the answer that it waited for (D8). */
  readonly waitsEnded: number;
  readonly types: Readonly<Record<TypeUrl, TypeStatus>>;
}

export interface NodeStatus {
  readonly id: string;
  /** Equals the gateway. */
  readonly cluster: string;
  readonly userAgent?: string;
  readonly version?: string;
  /** It is no proxy (authz D1). */
  readonly companion?: CompanionClaim;
  /** When the oldest of its streams was opened; milliseconds since the epoch. */
  readonly connectedAt: number;
  readonly streams: readonly StreamStatus[];
}

/** One stream whose node is known. */
export interface StreamSnapshot {
  readonly node: ClientNode;
  readonly openedAtMs: number;
  readonly status: StreamStatus;
}

/** `view` is what is on offer of the type, if anything is. */
export function typeStatus(state: Subscription, view: TypeView | undefined, node: ClientNode): TypeStatus {
  const { accepted, rejected, sentVersion } = state;
  return {
    state: stateOf(state, view, node),
    subscribed: state.wildcard === 'none' ? state.names.size : '*',
    ...(accepted === undefined ? {} : { acceptedVersion: accepted.version, lastAckAt: accepted.atMs }),
    ...(sentVersion === undefined ? {} : { sentVersion }),
    ...(rejected === undefined ? {} : { rejected: rejectedStatus(rejected, state) }),
  };
}

function rejectedStatus({ version, message, atMs }: Rejected, { unaccepted }: Subscription): NonNullable<TypeStatus['rejected']> {
  return { version, message, resources: namesMeant([...unaccepted.keys()], message), at: atMs };
}

/** One entry per node id and gateway, sorted. */
export function nodeStatuses(streams: readonly StreamSnapshot[]): readonly NodeStatus[] {
  const byNode = new Map<string, StreamSnapshot[]>();
  for (const stream of streams) {
    const key = JSON.stringify([stream.node.cluster, stream.node.id]);
    byNode.set(key, [...(byNode.get(key) ?? []), stream]);
  }
  return [...byNode].sort(([left], [right]) => (left < right ? -1 : 1)).flatMap(([, group]) => nodeStatus(group) ?? []);
}

function nodeStatus(streams: readonly StreamSnapshot[]): NodeStatus | undefined {
  const newest = streams.at(-1);
  if (newest === undefined) return undefined;
  const { node } = newest;
  return {
    id: node.id,
    cluster: node.cluster,
    ...(node.userAgent === undefined ? {} : { userAgent: node.userAgent }),
    ...(node.version === undefined ? {} : { version: node.version }),
    ...(node.companion === undefined ? {} : { companion: node.companion }),
    connectedAt: Math.min(...streams.map(({ openedAtMs }) => openedAtMs)),
    streams: streams.map(({ status }) => status),
  };
}

function stateOf(state: Subscription, view: TypeView | undefined, node: ClientNode): TypeState {
  if (state.rejected !== undefined) return 'ERROR';
  if (state.sentVersion === undefined) return 'NOT_SENT';
  if (!hasInterest(state)) return 'SYNCED';
  const isDue = view !== undefined && duePlan(state, view, node.limits) !== undefined;
  return isAwaitingAnswer(state) || state.inFlight !== undefined || isDue ? 'STALE' : 'SYNCED';
}
