// Says in the log which gateway nodes wait for in vain: once per gateway (X85). Decides nothing about the streams, which stay open.
import type { Logger } from '../telemetry/logger.ts';
import { type ClientNode, gatewayOf } from './node.ts';
import type { TargetSource } from './targets.ts';

const MAX_REMEMBERED = 1_000;
/** At a start the files are still being read: who waits for less than this is not worth a word. */
const START_MS = 5_000;

export interface WaitingNodesOptions {
  readonly logger: Logger;
  readonly targets: TargetSource;
  readonly after: (ms: number, run: () => void) => () => void;
}

/** To be called with each node that connects and has no target. */
export function createWaitingNodes({ logger, targets, after }: WaitingNodesOptions): (node: ClientNode) => void {
  const known = new Set<string>();
  const tell = (node: ClientNode): void => {
    if (targets.targetFor(node) !== undefined) {
      known.delete(gatewayOf(node));
      return;
    }
    const gateways = targets.gateways();
    const reason = gateways.length === 0 ? 'no gateway has a configuration yet' : `node.cluster must be one of: ${gateways.join(', ')}`;
    logger.warn(
      { event: 'xds.unknown_gateway', gateway: gatewayOf(node), node_id: node.id, reason },
      'a node waits for a gateway that has no configuration',
    );
  };
  return (node) => {
    const gateway = gatewayOf(node);
    if (known.has(gateway)) return;
    if (known.size >= MAX_REMEMBERED) known.clear();
    known.add(gateway);
    if (targets.gateways().length > 0) tell(node);
    else after(START_MS, () => tell(node));
  };
}
