// The latest snapshot of each gateway and who wants to hear of new ones. Holds no history and decides nothing about who gets what.
import type { Snapshot } from './types.ts';

export type SnapshotListener = (snapshot: Snapshot) => void;

export interface SnapshotStore {
  get(gateway: string): Snapshot | undefined;
  /** Makes the snapshot the latest of its gateway and tells all subscribers before it returns; false, and silence, when the contents are the same (X17). */
  publish(snapshot: Snapshot): boolean;
  /** Nothing is served under this name any more. Nobody is told: who has the snapshot keeps it (X86). */
  remove(gateway: string): void;
  /** Gives the function that ends the subscription. */
  subscribe(listener: SnapshotListener): () => void;
  /** Sorted. */
  gateways(): readonly string[];
}

export function createSnapshotStore(): SnapshotStore {
  const latest = new Map<string, Snapshot>();
  const listeners = new Set<{ readonly tell: SnapshotListener }>();
  return {
    get: (gateway) => latest.get(gateway),
    publish(snapshot) {
      if (latest.get(snapshot.gateway)?.version === snapshot.version) return false;
      latest.set(snapshot.gateway, snapshot);
      for (const listener of listeners) {
        // A listener may have published a newer one, of which all have heard by now.
        if (latest.get(snapshot.gateway) === snapshot) listener.tell(snapshot);
      }
      return true;
    },
    remove: (gateway) => void latest.delete(gateway),
    subscribe(tell) {
      const listener = { tell };
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
    gateways: () => [...latest.keys()].sort(),
  };
}
