// How long a change of endpoints takes from its source to the last ACK (D19): per gateway, until every node that was connected has it.
// The cost of an event does not grow with the number of nodes.
import type { EndpointsChanged } from '../discovery/discovery.ts';
import type { Snapshot } from '../snapshot/types.ts';
import type { ClientNode } from '../xds/node.ts';
import type { ProgressListener } from '../xds/progress.ts';

export interface EndpointLag {
  readonly progress: ProgressListener;
  /** To be told before the streams are. */
  changed(change: Pick<EndpointsChanged, 'gateway' | 'sinceMs'>): void;
}

export interface EndpointLagOptions {
  readonly targetFor: (node: ClientNode) => Snapshot | undefined;
  readonly nowMs: () => number;
  readonly onLag: (gateway: string, durationMs: number) => void;
}

interface Gateway {
  readonly nodes: Set<string>;
  /** Nodes that have not accepted the change that came first. */
  waiting: Set<string> | undefined;
  sinceMs: number;
}

/** A change during another one's way is counted with that one, from its beginning. */
export function createEndpointLag({ targetFor, nowMs, onLag }: EndpointLagOptions): EndpointLag {
  const gateways = new Map<string, Gateway>();
  const gatewayOf = (name: string): Gateway => {
    const gateway = gateways.get(name) ?? { nodes: new Set(), waiting: undefined, sinceMs: 0 };
    gateways.set(name, gateway);
    return gateway;
  };
  const arrived = (name: string, gateway: Gateway): void => {
    if (gateway.waiting === undefined || gateway.waiting.size > 0) return;
    gateway.waiting = undefined;
    onLag(name, nowMs() - gateway.sinceMs);
  };
  return {
    changed: ({ gateway: name, sinceMs }) => {
      const gateway = gatewayOf(name);
      if (gateway.nodes.size === 0) return;
      if (gateway.waiting === undefined) gateway.sinceMs = sinceMs;
      gateway.waiting = new Set(gateway.nodes);
    },
    progress: {
      nodeConnected: ({ cluster, id }) => void gatewayOf(cluster).nodes.add(id),
      nodeGone: ({ cluster, id }) => {
        const gateway = gatewayOf(cluster);
        gateway.nodes.delete(id);
        if (gateway.waiting?.delete(id) === true && gateway.nodes.size > 0) arrived(cluster, gateway);
        if (gateway.nodes.size === 0) gateways.delete(cluster);
      },
      reached: (node, target) => {
        const gateway = gatewayOf(node.cluster);
        if (gateway.waiting?.has(node.id) !== true || targetFor(node) !== target) return;
        gateway.waiting.delete(node.id);
        arrived(node.cluster, gateway);
      },
    },
  };
}
