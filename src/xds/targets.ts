// Where the streams of a node should get to: the seam between the protocol and what decides about the fleet (waves, quarantine, live
// endpoints). Holds nothing; decides nothing.
import type { SnapshotStore } from '../snapshot/store.ts';
import type { Snapshot } from '../snapshot/types.ts';
import { type ClientNode, gatewayOf } from './node.ts';

export interface TargetSource {
  /**
   * What the node should reach now; undefined while there is nothing for it: the stream stays open and unanswered (X85). The same object
   * as long as nothing changed, also for different nodes that share it (T5). Called often: must be cheap and without side effects.
   */
  targetFor(node: ClientNode): Snapshot | undefined;
  /** Told whenever targets of nodes of a gateway may have changed, at once and synchronously. Gives the function that ends the subscription. */
  subscribe(listener: (gateway: string) => void): () => void;
  /** Gateways that have targets, sorted. */
  gateways(): readonly string[];
  /** Milliseconds from the accepted switch to the removal of what nothing refers to any more (D6); absent or undefined: the server's own. */
  lingerMsOf?(gateway: string): number | undefined;
  /** Milliseconds that a changed cluster of the gateway may take to be warm where no answer says so (D7); absent or undefined: the server's own. */
  warmUpMsOf?(gateway: string): number | undefined;
}

/** Every node of a gateway gets its newest snapshot. */
export function newestSnapshots(snapshots: SnapshotStore): TargetSource {
  return {
    targetFor: (node) => snapshots.get(gatewayOf(node)),
    subscribe: (listener) => snapshots.subscribe(({ gateway }) => listener(gateway)),
    gateways: () => snapshots.gateways(),
  };
}
