// The delivery of one gateway for tests of what stands before it: real numbering and rollouts, no nodes, no disk. Asserts nothing.

import { createGatewayDelivery, type GatewayDelivery } from '../../src/app/gateway-delivery.ts';
import { createRevisionHistory } from '../../src/delivery/revision-history.ts';
import type { RevisionStore } from '../../src/delivery/revision-store.ts';
import type { RolloutEvent } from '../../src/delivery/rollout-event.ts';
import { createRollouts, type Rollouts } from '../../src/delivery/rollouts.ts';
import type { SnapshotStore } from '../../src/snapshot/store.ts';

export interface TestDeliveryOptions {
  readonly snapshots: SnapshotStore;
  readonly store?: RevisionStore;
  readonly onUnwritable?: (error: unknown) => void;
  /** What the rollouts tell; default: it goes to nobody. */
  readonly onRollout?: (event: RolloutEvent) => void;
  readonly force?: boolean;
}

export interface TestDelivery {
  readonly delivery: GatewayDelivery;
  readonly rollouts: Rollouts;
}

export function testDelivery({ snapshots, store, onUnwritable, onRollout, force = false }: TestDeliveryOptions): TestDelivery {
  const revisions = createRevisionHistory({
    source: '/etc/chancery/edge.yaml',
    ...(store === undefined ? {} : { store }),
    onUnwritable: (error) => onUnwritable?.(error),
  });
  const rollouts = createRollouts({ nowMs: () => 0, after: () => () => undefined, onEvent: (_gateway, event) => onRollout?.(event) });
  const delivery = createGatewayDelivery({
    revisions,
    rollouts,
    snapshots,
    author: 'file',
    allowLargeRemoval: false,
    force,
    nowMs: () => 0,
    readTexts: async () => undefined,
  });
  return { delivery, rollouts };
}
