// Revisions for tests of the rollout: resources by name and version, no bytes. Asserts nothing.
import type { Offer } from '../../../src/delivery/offer.ts';
import type { Rollout } from '../../../src/delivery/rollout.ts';
import type { RolloutEvent } from '../../../src/delivery/rollout-event.ts';
import { DEFAULT_ROLLOUT } from '../../../src/model/defaults.ts';
import type { RolloutSettings } from '../../../src/model/delivery-settings.ts';
import { TYPE_URLS } from '../../../src/proto/type-urls.ts';
import { type Contents, testSnapshot } from '../../support/snapshots.ts';

export const CLUSTER = TYPE_URLS.Cluster;

/** `offer(2, 'b')`: revision 2, whose one cluster `orders` holds `b`. */
export function offer(
  revision: number,
  contents: string | Contents,
  options: { readonly settings?: Partial<RolloutSettings>; readonly atMs?: number } = {},
): Offer {
  return {
    revision,
    snapshot: testSnapshot('edge', typeof contents === 'string' ? { Cluster: { orders: contents } } : contents),
    settings: { ...DEFAULT_ROLLOUT, ...options.settings },
    acceptedAtMs: options.atMs ?? 0,
  };
}

/** The refusal of one cluster of the offer by a node, in Envoy's words. */
export function refusal(nodeId: string, { snapshot }: Offer, name = 'orders', message = `Cluster ${name}: no`) {
  const version = snapshot.views.get(CLUSTER)?.resources.get(name)?.version ?? '';
  return { nodeId, typeUrl: CLUSTER, resources: [{ name, version }], message, atMs: 0, targetVersion: snapshot.version };
}

export const kindsOf = (events: readonly RolloutEvent[]): readonly string[] => events.map(({ kind }) => kind);

/** Which of the nodes are to reach this offer. */
export function nodesOn(rollout: Rollout, { snapshot }: Offer, ids: Iterable<string> = rollout.nodes.keys()): readonly string[] {
  return [...ids].filter((id) => rollout.targetOf(id) === snapshot);
}
