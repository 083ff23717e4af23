import { describe, expect, it } from 'vitest';
import { TargetLayer } from '../../../src/app/target-layer.ts';
import type { Snapshot } from '../../../src/snapshot/types.ts';
import type { ClientNode } from '../../../src/xds/node.ts';
import type { TargetSource } from '../../../src/xds/targets.ts';
import { testSnapshot } from '../../support/snapshots.ts';

const LIMITS = { maxResponseBytes: 1_000_000, takesErrorsAlone: false, takesTtl: false, takesWrapped: false };
const node = (id: string): ClientNode => ({ id, cluster: 'edge', userAgent: 'envoy', version: '1.40.0', isGrpc: false, limits: LIMITS });
const BELOW = testSnapshot('edge', { Cluster: { 'service/a': 'a' } });
const LAID = testSnapshot('edge', { Cluster: { 'service/a': 'b' } });

function sourceOf(
  snapshot: Snapshot | undefined,
): TargetSource & { readonly tell: (gateway: string) => void; readonly size: () => number } {
  const listeners = new Set<(gateway: string) => void>();
  return {
    targetFor: () => snapshot,
    gateways: () => ['edge'],
    lingerMsOf: () => 7,
    subscribe: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    tell: (gateway) => {
      for (const listener of listeners) listener(gateway);
    },
    size: () => listeners.size,
  };
}

describe('a layer over targets', () => {
  it('changes what nodes should reach, is not asked where there is nothing, and leaves everything else as it is', () => {
    const layer = new TargetLayer();
    const above = layer.above(sourceOf(BELOW), (base, { id }) => (id === 'a' ? LAID : base));
    expect([above.targetFor(node('a')), above.targetFor(node('b'))]).toEqual([LAID, BELOW]);
    expect([above.gateways(), above.lingerMsOf?.('edge')]).toEqual([['edge'], 7]);
    const nothing = layer.above(sourceOf(undefined), () => expect.unreachable());
    expect(nothing.targetFor(node('a'))).toBeUndefined();
  });

  it('tells of its own changes and of those below, until the subscription ends', () => {
    const layer = new TargetLayer();
    const below = sourceOf(BELOW);
    const told: string[] = [];
    const end = layer.above(below, (base) => base).subscribe((gateway) => told.push(gateway));
    layer.tell('mine');
    below.tell('below');
    expect(told).toEqual(['mine', 'below']);
    end();
    layer.tell('mine');
    expect([told.length, below.size()]).toEqual([2, 0]);
  });
});
