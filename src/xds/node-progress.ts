// Joins what the streams of a node tell into what the node tells: connected, reached a target, gone. Costs the same per event however
// many streams a node has (separate streams: one per subscription). Decides nothing.
import { TYPE_URLS } from '../proto/type-urls.ts';
import type { Snapshot, TypeUrl } from '../snapshot/types.ts';
import type { ClientNode } from './node.ts';
import type { ProgressListener } from './progress.ts';

/** One stream whose node is known. */
export interface StreamProgress {
  readonly node: ClientNode;
  /** What it should reach. */
  target(): Snapshot | undefined;
  /** What it has accepted all of, if it has. */
  reached(): Snapshot | undefined;
  asksFor(typeUrl: TypeUrl): boolean;
}

export interface NodeProgress {
  joined(stream: StreamProgress): void;
  left(stream: StreamProgress): void;
  /** The client ends the stream: `left` follows. */
  leaves(stream: StreamProgress): void;
  /** Something may have changed on the stream. */
  looked(stream: StreamProgress): void;
}

/** An Envoy asks for listeners when its clusters are warm; one that has not asked by then will not. */
const LISTENERS_WAIT_MS = 10_000;

interface NodeState {
  readonly streams: Map<StreamProgress, Snapshot | undefined>;
  /** Target → how many streams have reached it. */
  readonly counts: Map<Snapshot, number>;
  readonly connectedAtMs: number;
  asksForListeners: boolean;
  /** The newest stream that ended was ended by the client. */
  isLeaving: boolean;
  /** Told last; forgotten when a stream is to reach something else. */
  told: Snapshot | undefined;
}

/** Tells `listener`, synchronously. */
export function createNodeProgress(listener: ProgressListener, nowMs: () => number): NodeProgress {
  const nodes = new Map<string, NodeState>();
  return {
    joined: (stream) => join(nodes, stream, { listener, nowMs }),
    left: (stream) => {
      const key = keyOf(stream.node);
      const state = nodes.get(key);
      if (state === undefined || !state.streams.has(stream)) return;
      count(state, state.streams.get(stream), -1);
      state.streams.delete(stream);
      if (state.streams.size > 0) return;
      nodes.delete(key);
      listener.nodeGone?.(stream.node, nowMs(), state.isLeaving);
    },
    leaves: (stream) => {
      const state = nodes.get(keyOf(stream.node));
      if (state?.streams.has(stream) === true) state.isLeaving = true;
    },
    looked: (stream) => {
      const state = nodes.get(keyOf(stream.node));
      if (state === undefined || !state.streams.has(stream)) return;
      if (stream.target() !== state.told) state.told = undefined;
      state.asksForListeners ||= stream.asksFor(TYPE_URLS.Listener);
      const reached = stream.reached();
      count(state, state.streams.get(stream), -1);
      count(state, reached, 1);
      state.streams.set(stream, reached);
      if (reached === undefined || state.told === reached || state.counts.get(reached) !== state.streams.size) return;
      if (!isComplete(state, stream.node, { target: reached, nowMs: nowMs() })) return;
      state.told = reached;
      listener.reached?.(stream.node, reached, nowMs());
    },
  };
}

function join(
  nodes: Map<string, NodeState>,
  stream: StreamProgress,
  { listener, nowMs }: { readonly listener: ProgressListener; readonly nowMs: () => number },
): void {
  const key = keyOf(stream.node);
  const known = nodes.get(key);
  const state = known ?? newState(nowMs());
  nodes.set(key, state);
  state.streams.set(stream, undefined);
  state.isLeaving = false;
  // A companion says on a new stream what has changed of it.
  const isNews = known === undefined || stream.node.companion !== undefined;
  if (isNews) listener.nodeConnected?.(stream.node, state.connectedAtMs);
}

/** For when nobody listens. */
export const NO_PROGRESS: NodeProgress = { joined: () => {}, left: () => {}, leaves: () => {}, looked: () => {} };

function newState(connectedAtMs: number): NodeState {
  return { streams: new Map(), counts: new Map(), connectedAtMs, asksForListeners: false, isLeaving: false, told: undefined };
}

function count({ counts }: NodeState, target: Snapshot | undefined, by: number): void {
  if (target === undefined) return;
  const now = (counts.get(target) ?? 0) + by;
  if (now > 0) counts.set(target, now);
  else counts.delete(target);
}

/** An Envoy that starts asks for its clusters alone at first: accepting those is not reaching the target. */
function isComplete(state: NodeState, node: ClientNode, at: { readonly target: Snapshot; readonly nowMs: number }): boolean {
  if (node.isGrpc || state.asksForListeners) return true;
  const listeners = at.target.views.get(TYPE_URLS.Listener)?.resources.size ?? 0;
  return listeners === 0 || at.nowMs - state.connectedAtMs >= LISTENERS_WAIT_MS;
}

function keyOf({ cluster, id }: ClientNode): string {
  return JSON.stringify([cluster, id]);
}
