// What the streams tell about their way to a target: the other half of the seam to what decides about the fleet. Types only.
import type { Snapshot, TypeUrl } from '../snapshot/types.ts';
import type { ClientNode } from './node.ts';

/** A response that the client refused (NACK). */
export interface Refusal {
  readonly node: ClientNode;
  readonly target: Snapshot;
  readonly typeUrl: TypeUrl;
  /** The resources that the message is about, else all that were new in the response; with the versions that were sent. */
  readonly resources: readonly { readonly name: string; readonly version: string }[];
  readonly message: string;
  readonly atMs: number;
}

/** A response on its way, or accepted. */
export interface Exchange {
  readonly gateway: string;
  readonly nodeId: string;
  /** Short: `Cluster`. */
  readonly type: string;
  readonly version: string;
  /** How many resources were new in it, or went. */
  readonly changes: number;
  /** Of a response that is sent. */
  readonly bytes?: number;
  /** Of an ACK: from the write of the response. */
  readonly durationMs?: number;
}

/** Hears of every response and ACK of every stream: must be cheap, and must not throw. */
export interface TrafficListener {
  sent(exchange: Exchange): void;
  accepted(exchange: Exchange): void;
}

/** Told synchronously, in the order of events; an exception of a listener would end the stream, so it must not throw. */
export interface ProgressListener {
  /** The first stream of the node was opened; of a companion, any: the newest one says where its workers are. */
  nodeConnected?(node: ClientNode, atMs: number): void;
  /** The last stream of the node ended; `isMeant`: the node ended it, in good order. */
  nodeGone?(node: ClientNode, atMs: number, isMeant?: boolean): void;
  /** A companion accepted or refused a response. */
  companionAnswered?(node: ClientNode, atMs: number): void;
  /**
   * Every stream of the node has accepted all of the target up to and with the switch (D6), with nothing refused; what lingers may still
   * be on offer. Once per node and target.
   */
  reached?(node: ClientNode, target: Snapshot, atMs: number): void;
  refused?(refusal: Refusal): void;
}
