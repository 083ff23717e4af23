import { expect, test } from 'vitest';
import type { Snapshot } from '../../../src/snapshot/types.ts';
import type { Logger } from '../../../src/telemetry/logger.ts';
import { type ClientNode, clientNode } from '../../../src/xds/node.ts';
import { createWaitingNodes } from '../../../src/xds/waiting-nodes.ts';
import { testSnapshot } from '../../support/snapshots.ts';

function rig() {
  const served = new Map<string, Snapshot>();
  const said: unknown[] = [];
  const timers: (() => void)[] = [];
  const silent = (): void => {};
  const logger: Logger = { debug: silent, info: silent, error: silent, warn: (fields) => said.push(fields), child: () => logger };
  const waits = createWaitingNodes({
    logger,
    targets: {
      targetFor: ({ cluster }: ClientNode) => served.get(cluster),
      subscribe: () => silent,
      gateways: () => [...served.keys()],
    },
    after: (_ms, run) => {
      timers.push(run);
      return silent;
    },
  });
  const pass = (): void => {
    for (const run of timers.splice(0)) run();
  };
  return { served, said, waits, pass };
}

test('X85: a node that connects while the files are still being read is not worth a word', () => {
  const { served, said, waits, pass } = rig();
  waits(clientNode({ id: 'n1', cluster: 'edge' }));
  expect(said).toEqual([]);
  served.set('edge', testSnapshot('edge', {}));
  pass();
  expect(said).toEqual([]);
});

test('X85: a gateway that has nothing is told of once, with those that have something', () => {
  const { served, said, waits, pass } = rig();
  for (const id of ['n1', 'n2']) waits(clientNode({ id, cluster: 'edge' }));
  pass();
  expect(said).toMatchObject([{ gateway: 'edge', node_id: 'n1', reason: 'no gateway has a configuration yet' }]);
  served.set('shop', testSnapshot('shop', {}));
  for (const id of ['n3', 'n4']) waits(clientNode({ id, cluster: 'stranger' }));
  expect(said.slice(1)).toMatchObject([{ gateway: 'stranger', node_id: 'n3', reason: 'node.cluster must be one of: shop' }]);
});
