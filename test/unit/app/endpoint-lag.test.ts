import { describe, expect, test } from 'vitest';
import { createEndpointLag } from '../../../src/app/endpoint-lag.ts';
import type { Snapshot } from '../../../src/snapshot/types.ts';
import type { ClientNode } from '../../../src/xds/node.ts';

const aNode = (id: string): ClientNode => ({ id, cluster: 'edge' }) as ClientNode;
const target = { gateway: 'edge' } as Snapshot;

function aLag() {
  let now = 0;
  const lags: number[] = [];
  const lag = createEndpointLag({ targetFor: () => target, nowMs: () => now, onLag: (_gateway, ms) => lags.push(ms) });
  return {
    lags,
    progress: lag.progress,
    change: (sinceMs: number) => lag.changed({ gateway: 'edge', sinceMs }),
    at: (ms: number) => {
      now = ms;
    },
  };
}

describe('the lag of endpoints (D19)', () => {
  test('goes from the source to the last node’s acceptance of what it should reach now', () => {
    const { lags, progress, change, at } = aLag();
    for (const id of ['a', 'b']) progress.nodeConnected?.(aNode(id), 0);
    at(20);
    change(10);
    progress.reached?.(aNode('a'), { gateway: 'edge' } as Snapshot, 30);
    progress.reached?.(aNode('a'), target, 30);
    expect(lags).toEqual([]);
    at(40);
    progress.reached?.(aNode('b'), target, 40);
    expect(lags).toEqual([30]);
  });

  test('does not wait for nodes that leave or come later, and begins with the first of several changes', () => {
    const { lags, progress, change, at } = aLag();
    for (const id of ['a', 'b']) progress.nodeConnected?.(aNode(id), 0);
    change(5);
    change(25);
    progress.nodeConnected?.(aNode('late'), 0);
    at(50);
    progress.reached?.(aNode('a'), target, 50);
    progress.nodeGone?.(aNode('b'), 50);
    expect(lags).toEqual([45]);
  });

  test('is not measured without nodes', () => {
    const { lags, progress, change } = aLag();
    change(5);
    progress.nodeConnected?.(aNode('a'), 0);
    progress.reached?.(aNode('a'), target, 50);
    expect(lags).toEqual([]);
  });
});
